"""Small helpers for text that came from anywhere."""


def clean(text: str) -> str:
    """Text that can be written as UTF-8: lone surrogates, which JSON lets through, become '?'. Keeps the length."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def embedded_text(title: str, text: str) -> str:
    """What the encoder reads for a passage: the title in front, because a passage alone may not name its subject."""
    return text if not title or text.startswith(title) else f"{title}\n{text}"
