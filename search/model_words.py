"""The words that a model knows whole: it saw them so often that they are words of the language and no misspellings."""

import json
import logging
from functools import lru_cache
from pathlib import Path

from search import index
from search.errors import SearchError

log = logging.getLogger(__name__)

SHORTEST = 4


def known_words() -> frozenset[str]:
    """Of the model in use, in lower case; none where it comes without a list of its tokens. Read once."""
    try:
        files = getattr(index.encoder(), "files", None)
    except SearchError as error:
        log.warning("nothing is known of the model's words: %s", error)
        return frozenset()
    return _words(Path(files.path)) if files else frozenset()


@lru_cache(maxsize=2)
def _words(folder: Path) -> frozenset[str]:
    try:
        vocabulary = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
        # A dictionary of WordPiece, which marks what continues a word, or pairs of Unigram, which marks its beginning.
        tokens = vocabulary if isinstance(vocabulary, dict) else [token for token, _ in vocabulary]
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.info("%s has no list of tokens that can be read: %s", folder, error)
        return frozenset()
    begun = [token[1:] for token in tokens if token[:1] in "▁Ġ"]
    whole = begun or [token for token in tokens if token[:2] != "##"]
    return frozenset(word.lower() for word in whole if len(word) >= SHORTEST and word.isalpha())
