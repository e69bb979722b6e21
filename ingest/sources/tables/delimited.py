"""Rows of delimited text, read within bounds: a quote that is never closed costs its own row, not the file."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

MAX_RECORD = 4_000_000  # characters of one row, over all its lines
MAX_LOOKAHEAD = 20_000  # lines that one row may span
# What rows that never end have been searched for their end is read again. Past this many characters, and twice what was
# read, rows may not span lines until reading has caught up: so many such rows cost time in proportion to the file.
MAX_REREAD = 16_000_000

# csv has one limit for the whole process, 131,072, which whole articles pass. The readers below have their own.
csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD + 1))


@dataclass(frozen=True)
class Row:
    """A row and the number of the line, from 1, on which it starts. `problem` says why `values` is empty."""

    line: int
    values: list[str]
    problem: str = ""


def read_rows(
    file: TextIO, delimiter: str = ",", escape: str | None = None, blanks_before: bool = False
) -> Iterator[Row]:
    """Every row of `file` (opened with newline=""), blank ones left out. Memory: one row of at most MAX_RECORD.

    `blanks_before` values, quoted ones too, are no part of them where that is asked for.
    A row that breaks the rules of quoting becomes one with a problem, and reading goes on after its first line.
    """
    lines = _Lines(file)
    while lines.peek() is not None:
        start = lines.number + 1
        lines.begin()
        try:
            values = next(
                csv.reader(lines, delimiter=delimiter, escapechar=escape, strict=True, skipinitialspace=blanks_before)
            )
        except (csv.Error, _TooLongError) as error:
            lines.go_back_to_second()
            yield Row(start, [], _explain(error))
        except StopIteration:
            return
        else:
            if any(value.strip() for value in values):
                yield Row(start, values)


class _TooLongError(Exception):
    """A row went past its bound."""


class _Lines:
    """The lines of a file one by one, with the lines of the row in hand kept to be read again."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.number = 0
        self.ahead: deque[str] = deque()
        self.taken: list[str] = []
        self.size = 0
        self.seen = 0
        self.reread = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.peek()
        if line is None:
            raise StopIteration
        span = MAX_LOOKAHEAD if self.reread <= MAX_REREAD + 2 * self.seen else 1
        if self.size + len(line) > MAX_RECORD or len(self.taken) >= span:
            if not self.taken:
                self._skip_line()
            raise _TooLongError
        self.ahead.popleft()
        self.taken.append(line)
        self.size += len(line)
        self.number += 1
        # csv refuses NUL in some versions and keeps it in others; here it is never data.
        return line.replace("\0", "")

    def peek(self) -> str | None:
        """The next line, or its first MAX_RECORD + 1 characters; None at the end."""
        if not self.ahead:
            line = self.file.readline(MAX_RECORD + 1)
            if not line:
                return None
            self.ahead.append(line)
            self.seen += len(line)
        return self.ahead[0]

    def begin(self) -> None:
        self.taken, self.size = [], 0

    def go_back_to_second(self) -> None:
        """Unread all lines of the row in hand but the first."""
        again = self.taken[1:]
        self.reread += self.size
        self.ahead.extendleft(reversed(again))
        self.number -= len(again)
        self.begin()

    def _skip_line(self) -> None:
        line = self.ahead.popleft()
        while line and not line.endswith(("\n", "\r")):
            line = self.file.readline(MAX_RECORD)
        self.number += 1


def _explain(error: Exception) -> str:
    if isinstance(error, _TooLongError):
        return (
            f"the row is longer than {MAX_RECORD:,} characters or {MAX_LOOKAHEAD:,} lines; "
            "a quote may not have been closed"
        )
    if "unexpected end of data" in str(error):
        return "a quote is opened here and never closed"
    return f"broken quoting: {error}"
