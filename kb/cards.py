"""The picture that stands for a page where its address is shared: 1200 by 630, as OpenGraph has it.

An entry's has its title in the colour and with the shape of its kind; that of an entity or a category its name, and how
many entries of each kind are about it. What the font cannot write, Arabic or Chinese, is left out rather than drawn as
boxes: such a card has the kind and the date, or the numbers, alone.
"""

import io
import unicodedata
from bisect import bisect_left
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)
LOOK = "1"  # another one whenever a card of the same words would look different
MOST_CHARS = 240
MARGIN = 80
WIDTH = SIZE[0] - 2 * MARGIN
Sizes = tuple[tuple[int, int], ...]
# Sizes of the title from the largest, with as many lines as there is room for.
SIZES = ((92, 2), (76, 3), (64, 4), (54, 5))
SIZES_OVER_COUNTS = ((92, 2), (76, 2), (64, 3), (54, 3))
PAPER, INK, FADED, RULE = "#fbfbf8", "#1b2127", "#575f67", "#dcdcd2"
# As in static/precedent.css and static/marks.svg.
COLOURS = {"incident": "#a8321f", "case_study": "#1d6a4b", "note": "#55469c"}
SHARP = 4  # shapes are drawn so many times as large, and made smaller, because Pillow's edges are hard
REGULAR, BOLD = 400, 600
NOWHERE = "\U0010ffff"  # no font has it: what is drawn for it is what is drawn for anything missing


class Named(NamedTuple):
    """What the card of an entity or a category says."""

    what: str
    """Which sort of thing has the name, in a word, where nothing else can be written."""
    within: str
    """What it is part of, "" for nothing."""
    name: str
    counts: tuple[tuple[str, str], ...]
    """Kinds, and how many entries of each, in words."""
    rest: tuple[str, ...]
    """Short things more, the most telling first: as many are written as fit into a line."""

    @property
    def said(self) -> tuple[str, ...]:
        """All of its words: two cards that look different differ in them."""
        return self.what, self.within, self.name, *(word for one in self.counts for word in one), "", *self.rest

    @property
    def version(self) -> str:
        """For the end of its address, so that nobody shows the picture of other words."""
        return sha256("\0".join(self.said).encode(errors="replace")).hexdigest()[:12]


def entry_card(kind: str, label: str, title: str, when: str) -> bytes:
    """The card of an entry as PNG. However long or strange the title is, it takes as long."""
    card, draw = _empty(COLOURS[kind])
    _mark(card, kind, (MARGIN, 78), 34)
    draw.text((MARGIN + 52, 95), label, INK, _font(32, REGULAR), anchor="lm")
    if not _write(draw, shown(title), SIZES):
        draw.text((MARGIN, 240), label, COLOURS[kind], _font(120, BOLD), anchor="la")
    _foot(card, draw, when)
    return _png(card)


def named_card(named: Named) -> bytes:
    """The card of an entity or a category as PNG, with the same promise."""
    card, draw = _empty(INK)
    over, small = _font(32, REGULAR), _font(30, REGULAR)
    draw.text((MARGIN, 95), _cut(shown(named.within) or named.what, over), INK, over, anchor="lm")
    if not _write(draw, shown(named.name), SIZES_OVER_COUNTS):
        draw.text((MARGIN, 200), named.what, INK, _font(120, BOLD), anchor="la")
    x = MARGIN
    for kind, count in named.counts:
        _mark(card, kind, (x, 425), 26)
        draw.text((x + 40, 439), count, INK, _font(34, BOLD), anchor="lm")
        x += 40 + round(_font(34, BOLD).getlength(count)) + 44
    draw.text((MARGIN, 492), _as_many(named.rest, small), FADED, small, anchor="lm")
    _foot(card, draw, "")
    return _png(card)


@lru_cache(maxsize=1)
def site_card() -> bytes:
    """The card of every other page."""
    card, draw = _empty(INK)
    draw.text((MARGIN, 150), "Precedent", INK, _font(120, BOLD), anchor="la")
    for line, y in (("What went wrong with AI systems, what worked,", 330), ("and what we noted about it.", 388)):
        draw.text((MARGIN, y), line, FADED, _font(44, REGULAR), anchor="la")
    _foot(card, draw, "")
    return _png(card)


def shown(title: str) -> str:
    """The title as far as a card has room; "" where the font lacks a letter of it, or marks are piled on its letters.

    >>> shown(" A  ferry\\u200b hit\\na reef "), shown("船は岩礁に乗り上げた")
    ('A ferry hit a reef', '')
    """
    cut = unicodedata.normalize("NFC", title[: MOST_CHARS * 2])
    kept = "".join(" " if sign.isspace() else sign for sign in cut if sign.isspace() or sign.isprintable())
    words = " ".join("".join(sign for sign in kept if unicodedata.category(sign) != "So").split())
    if len(words) > MOST_CHARS or len(title) > MOST_CHARS * 2:
        words = words[:MOST_CHARS].rstrip(" .…") + "…"
    if any(unicodedata.combining(sign) for sign in words) or not all(map(_has, set(words))):
        return ""
    return words


def _write(draw: ImageDraw.ImageDraw, title: str, sizes: Sizes) -> bool:
    """Write it as large as it fits. False where there is nothing to write."""
    size, lines = _fitted(title, sizes)
    y = 160
    for line in lines:
        draw.text((MARGIN, y), line, INK, _font(size, BOLD), anchor="la")
        y += round(size * 1.24)
    return bool(lines)


def _fitted(title: str, sizes: Sizes = SIZES) -> tuple[int, list[str]]:
    """The largest size at which the title fits, and its lines; at the smallest, as much of it as fits."""
    for size, most in sizes:
        lines = _lines(title, _font(size, BOLD))
        if len(lines) <= most:
            return size, lines
    *kept, last = lines[:most]
    return size, [*kept, _ended(last, _font(size, BOLD))]


def _cut(line: str, font: ImageFont.FreeTypeFont) -> str:
    """As much of it as fits into a line."""
    return line if font.getlength(line) <= WIDTH else _ended(line, font)


def _ended(line: str, font: ImageFont.FreeTypeFont) -> str:
    """It with `…` at its end, shortened by words to fit into a line."""
    while font.getlength(f"{line}…") > WIDTH:
        line = line.rpartition(" ")[0] or line[:-1]
    return line.rstrip(" ,;:.…") + "…"


def _as_many(words: tuple[str, ...], font: ImageFont.FreeTypeFont) -> str:
    """As many of them as fit into a line, in order."""
    line = ""
    for word in words:
        longer = f"{line} · {word}" if line else word
        if font.getlength(longer) > WIDTH:
            break
        line = longer
    return line


def _lines(title: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """Broken between words, and within one that is longer than a line."""
    lines: list[str] = []
    line = ""
    for word in title.split():
        if line and font.getlength(f"{line} {word}") <= WIDTH:
            line = f"{line} {word}"
            continue
        lines += [line] if line else []
        while font.getlength(word) > WIDTH:
            fits = _fitting(word, font)
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    return [*lines, line] if line else lines


def _fitting(word: str, font: ImageFont.FreeTypeFont) -> int:
    """How many letters of a word go into a line, one at least."""
    return max(1, bisect_left(range(1, len(word)), True, key=lambda n: font.getlength(word[:n]) > WIDTH))


def _empty(colour: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    card = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, SIZE[0], 16), fill=colour)
    return card, draw


def _foot(card: Image.Image, draw: ImageDraw.ImageDraw, when: str) -> None:
    """The date to the left, the site with its three shapes to the right."""
    draw.line((MARGIN, 530, SIZE[0] - MARGIN, 530), fill=RULE, width=2)
    draw.text((MARGIN, 570), when, FADED, _font(32, REGULAR), anchor="lm")
    name = _font(36, BOLD)
    left = SIZE[0] - MARGIN - round(name.getlength("Precedent"))
    draw.text((left, 570), "Precedent", INK, name, anchor="lm")
    for place, kind in enumerate(COLOURS):
        _mark(card, kind, (left - 106 + place * 30, 560), 22)


def _mark(card: Image.Image, kind: str, at: tuple[int, int], size: int) -> None:
    """The shape of a kind: a triangle, a square or a circle."""
    whole = size * SHARP
    shape = Image.new("L", (whole, whole))
    draw = ImageDraw.Draw(shape)
    if kind == "incident":
        draw.polygon([(whole / 2, whole * 0.06), (whole, whole * 0.94), (0, whole * 0.94)], fill=255)
    elif kind == "case_study":
        draw.rectangle((whole * 0.08, whole * 0.08, whole * 0.92, whole * 0.92), fill=255)
    else:
        draw.ellipse((whole * 0.04, whole * 0.04, whole * 0.96, whole * 0.96), fill=255)
    small = shape.resize((size, size), Image.Resampling.LANCZOS)
    card.paste(COLOURS[kind], (at[0], at[1], at[0] + size, at[1] + size), small)


@lru_cache(maxsize=16)
def _font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(files("fontpkg_noto_serif") / "files" / "NotoSerif[wdth,wght].ttf"), size)
    font.set_variation_by_axes([weight, 100])
    return font


@lru_cache(maxsize=4096)
def _has(sign: str) -> bool:
    """Whether the font can draw it."""
    font = _font(20, REGULAR)
    drawn, missing = font.getmask(sign), font.getmask(NOWHERE)
    return (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))


def _png(card: Image.Image) -> bytes:
    file = io.BytesIO()
    # Few colours: a third of the size, and nothing to see of it. The usual method takes five times as long.
    card.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()
