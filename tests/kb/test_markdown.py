"""Markdown becomes HTML that is safe, readable, and made in bounded time."""

import re
import time

import pytest

from kb.markdown import MAX_LENGTH, render

pytestmark = pytest.mark.once


def test_a_note_as_people_write_it():
    html = render("# Calibration\n\nA *score* of `0.8`[^1] and ~~not~~ $p < 0.8$.\n\n[^1]: Of one.\n")

    assert '<h2 id="s-calibration">Calibration</h2>' in html
    assert "<em>score</em>" in html
    assert "<code>0.8</code>" in html
    assert "<s>not</s>" in html
    assert '<span class="math">p &lt; 0.8</span>' in html
    assert 'href="#fn1"' in html
    assert 'id="fn1"' in html


def test_display_math_and_code_keep_every_character():
    html = render('$$\na_1 < b \\\\ c\n$$\n\n```python\nprint("<b>$x$")\n```\n')

    assert '<div class="math">a_1 &lt; b \\\\ c</div>' in html
    assert re.search(r'<code class="language-python">print\("&lt;b&gt;\$x\$"\)\n</code>', html)


@pytest.mark.parametrize(
    "text",
    [
        "It went from $5 and ended at $6.",
        "US$5 or US$6",
        "costs 5$ or 6$",
        "$ x $",
        "`$HOME and $PATH`",
        "a single $ sign",
    ],
)
def test_money_and_shells_are_no_formulas(text):
    assert "math" not in render(text)


def test_tables_keep_their_alignment():
    html = render("| a | b |\n|:--|--:|\n| 1 | 2 |\n")

    assert '<td style="text-align:right">2</td>' in html


def test_the_highest_heading_is_an_h2_and_ids_are_unique():
    html = render("## Why\n\n### Detail\n\n## Why\n\n## Ümlaut 中文\n")

    assert re.findall(r'<(h\d) id="([^"]+)"', html) == [
        ("h2", "s-why"),
        ("h3", "s-detail"),
        ("h2", "s-why--2"),
        ("h2", "s-ümlaut-中文"),
    ]


def test_links_out_say_nothing_of_the_reader_and_images_are_links():
    html = render("[paper](https://example.org/a?b=1&c=2 'T') ![a figure](https://tracker.example/x.png)")

    assert '<a href="https://example.org/a?b=1&amp;c=2" title="T" rel="noopener nofollow">paper</a>' in html
    assert '<a class="image" href="https://tracker.example/x.png" rel="noopener nofollow">a figure</a>' in html
    assert "<img" not in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "<svg/onload=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        "$</span><script>alert(1)</script>$",
        "$$\n</div><script>alert(1)</script>\n$$",
        '```"><script>alert(1)</script>\nx\n```',
        '# "><script>alert(1)</script>',
        "[^<script>]\n\n[^<script>]: <script>alert(1)</script>",
        "<a href='x' style='position:fixed'>x</a>",
        '[x](https://a.example "onmouseover=alert(1)")',
    ],
)
def test_nothing_runs(text):
    html = render(text)
    tags = re.findall(r"<[^>]*>", html)

    assert not re.search(r"<(script|img|svg|iframe|style)", html)
    assert not [
        tag for tag in tags if re.search(r"\son\w+=|(href|src)=\"(javascript|data|vbscript)|style=\"pos", tag, re.I)
    ]


HOSTILE = {
    "quotes": "> " * 40_000,
    "brackets": "[" * 80_000,
    "images": "![" * 40_000,
    "emphasis": "*a **a " * 12_000,
    "backticks": "".join("`" * n + " " for n in range(400)),
    "dollars": "$a " * 30_000,
    "footnotes": "[^a]" * 20_000,
    "lists": "".join("  " * n + "- a\n" for n in range(290)),
    "tables": "|a" * 500 + "\n" + "|-" * 500 + "\n" + "|\n" * 10_000,
    "links": "[a](" * 20_000,
    "headings": "# a\n" * 20_000,
    "autolinks": "<a:" * 25_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_bounded_time(text):
    assert len(text) <= MAX_LENGTH
    began = time.process_time()

    render(text)

    # Seconds where careless reading takes minutes; generous, because other work may share the machine.
    assert time.process_time() - began < 20


def test_a_text_beyond_the_limit_is_shown_as_it_is_written():
    html = render("<b>*x*</b> " + "a" * MAX_LENGTH)

    assert html.startswith('<pre class="as-written">&lt;b&gt;*x*&lt;/b&gt; aaa')
    assert len(html) > MAX_LENGTH
