"""Bodies of answers, inflated piece by piece so that a small one cannot become a huge one at once."""

import zlib
from collections.abc import Iterator

from ingest.fetching.errors import FetchError

PIECE = 1 << 16  # bytes that are inflated at a time
MAX_MEMBERS = 1000  # gzip streams may be written one after another
GZIP, ZLIB, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class Plain:
    """A body that is what it is."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        """FetchError when the body broke off."""


class Inflater:
    """A body in gzip, or deflate with or without its header: servers send both under that name."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._stream = zlib.decompressobj(bits)
        self._members = 1
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What `data` inflates to, in pieces of at most PIECE bytes; FetchError when it is damaged."""
        full = False
        while data or full:  # a full piece may have left some of the output in the stream, and none of the input
            try:
                if self._stream.eof:
                    data = self._next_member(data)
                    continue
                piece = self._stream.decompress(data, PIECE)
            except zlib.error as error:
                if self._bits == ZLIB and not self._started:
                    self._bits, self._stream = RAW, zlib.decompressobj(RAW)
                    continue
                raise FetchError(f"the compressed answer is damaged ({error})", again=True) from None
            self._started = True
            data = self._stream.unused_data or self._stream.unconsumed_tail
            full = len(piece) == PIECE
            if piece:
                yield piece

    def finish(self) -> None:
        if self._started and not self._stream.eof:
            raise FetchError("the compressed answer broke off", again=True)

    def _next_member(self, data: bytes) -> bytes:
        """Start the next stream of several, or drop the padding behind the last."""
        if self._bits != GZIP or not data.startswith(b"\x1f\x8b"):
            return b""
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise FetchError(f"the compressed answer is made of more than {MAX_MEMBERS} parts")
        self._stream = zlib.decompressobj(GZIP)
        return data


def decoder(coding: str) -> Plain | Inflater:
    """What undoes `coding`, a Content-Encoding. Codings in one another are refused: we ask for gzip at most, and
    three of them make a bomb that shows only when its last layer is reached."""
    coding = coding.strip().lower()
    if coding in ("", "identity", "none"):
        return Plain()
    if coding in ("gzip", "x-gzip"):
        return Inflater(GZIP)
    if coding == "deflate":
        return Inflater(ZLIB)
    raise FetchError(f"the answer is encoded as {coding[:40]!r}, which was not asked for")
