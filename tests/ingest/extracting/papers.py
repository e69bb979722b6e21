"""PDFs written by us: real ones of several pages, and the parts to build wrong ones byte by byte."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

FONTS = b"<< /F1 3 0 R /F2 4 0 R >>"
FIRST_PAGE = 10  # the objects before it are the document's own


@dataclass(frozen=True)
class Printed:
    """A line of print: where it begins, and whether it is turned as along a margin. Bytes that Windows-1252 lacks are
    written as halves of surrogates."""

    text: str
    size: float = 10
    bold: bool = False
    x: float = 72
    y: float = 0
    turned: bool = False

    def operators(self) -> bytes:
        matrix = "0 1 -1 0" if self.turned else "1 0 0 1"
        text = (
            self.text.encode("cp1252", "surrogateescape")
            .replace(b"\\", b"\\\\")
            .replace(b"(", b"\\(")
            .replace(b")", b"\\)")
        )
        font = "F2" if self.bold else "F1"
        return f"BT /{font} {self.size} Tf {matrix} {self.x} {self.y} Tm (".encode() + text + b") Tj ET\n"


def flow(*lines: str | Printed, top: float = 720, x: float = 72) -> list[Printed]:
    """Lines set below one another from `top`; '' is a gap between paragraphs."""
    printed, y = [], top
    for line in lines:
        line = line if isinstance(line, Printed) else Printed(line)
        y -= line.size * 1.2
        if line.text:
            printed.append(replace(line, x=x + line.x - 72, y=y))
    return printed


def paper(
    pages: Sequence[Sequence[Printed] | bytes],
    info: Mapping[str, str] | None = None,
    *,
    catalog: str = "",
    xmp: str = "",
    trailer: str = "",
    extra: Mapping[int, bytes] | None = None,
) -> bytes:
    """A whole document. A page is its printed lines, or its content as bytes; `extra` are objects from number 1000."""
    objects: dict[int, bytes] = {
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        4: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    }
    kids = []
    for index, content in enumerate(pages):
        number = FIRST_PAGE + 2 * index
        if not isinstance(content, bytes):
            content = b"".join(line.operators() for line in content)
        kids.append(f"{number} 0 R")
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {number + 1} 0 R"
            " /Resources << /Font << /F1 3 0 R /F2 4 0 R >> /XObject << /I 1000 0 R >> >> >>"
        ).encode()
        objects[number + 1] = stream(content)
    objects[2] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>".encode()
    if xmp:
        objects[6] = stream(xmp.encode(), "/Type /Metadata /Subtype /XML")
        catalog += " /Metadata 6 0 R"
    objects[1] = f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode()
    if info:
        said = b" ".join(f"/{name} ".encode() + text_string(value) for name, value in info.items())
        objects[5] = b"<< " + said + b" >>"
        trailer += " /Info 5 0 R"
    return assemble({**objects, **(extra or {})}, f"/Root 1 0 R {trailer}")


def text_string(value: str) -> bytes:
    return b"<" + (b"\xfe\xff" + value.encode("utf-16-be")).hex().encode() + b">"


def stream(data: bytes, dictionary: str = "", *, packed: bool = True) -> bytes:
    if packed:
        data, dictionary = zlib.compress(data), f"{dictionary} /Filter /FlateDecode"
    return f"<< {dictionary} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


PICTURE = stream(
    b"\x00" * 64, "/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
)


def assemble(objects: Mapping[int, bytes], trailer: str) -> bytes:
    """The objects with a cross-reference table that is right about them."""
    parts, offsets, length = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"], {}, 15
    for number in sorted(objects):
        offsets[number] = length
        parts.append(f"{number} 0 obj\n".encode() + objects[number] + b"\nendobj\n")
        length += len(parts[-1])
    table = ["xref\n0 1\n0000000000 65535 f \n"]
    table += [f"{number} 1\n{offset:010d} 00000 n \n" for number, offset in offsets.items()]
    end = f"trailer\n<< /Size {max(objects) + 1} {trailer} >>\nstartxref\n{length}\n%%EOF\n"
    return b"".join([*parts, "".join(table).encode(), end.encode()])
