"""What goes wrong with fetching, and whether trying again can help."""


class FetchError(Exception):
    """The address cannot be fetched; the text says why, for the person who gave it.

    `again` is whether the same request may succeed later. `status` is the server's answer, where it gave one, and
    `wait_s` how long it asked to be left alone.
    """

    def __init__(self, reason: str, *, again: bool = False, status: int = 0, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.again = again
        self.status = status
        self.wait_s = wait_s
