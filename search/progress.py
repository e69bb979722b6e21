"""How far something is: told by whatever takes long, shown by a bar on a terminal."""

from collections.abc import Callable
from types import TracebackType

from tqdm import tqdm

# How much is done, and how much there is.
Counted = Callable[[int, int], None]
# What is being done, how much of it is done, and how much there is (0: unknown).
Told = Callable[[str, int, int], None]


class Bar:
    """A bar that appears with the first progress, and only on a terminal; another matter begins another bar."""

    def __init__(self, unit: str = "") -> None:
        self._unit = unit
        self._bar: tqdm | None = None
        self._what = ""

    def __enter__(self) -> "Bar":
        return self

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._bar is None or self._what != what:
            self._close()
            self._bar, self._what = tqdm(desc=what, unit=self._unit or "it", disable=None, leave=False), what
        self._bar.total = total or None
        self._bar.update(done - self._bar.n)

    def of(self, what: str) -> Counted:
        """For whoever counts one matter alone."""
        return lambda done, total: self(what, done, total)

    def done(self) -> None:
        """Clear the terminal of the bar; the next progress begins another."""
        self._close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
