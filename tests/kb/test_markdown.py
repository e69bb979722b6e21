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


def test_pictures_of_the_entry_are_shown():
    html = render('![A leaf|300x200](files/My%20leaf.png "Oak") ![wide|80](files/a.png) ![](files/b.png)')

    assert '<img src="files/My%20leaf.png" alt="A leaf" title="Oak" width="300" height="200" loading="lazy">' in html
    assert '<img src="files/a.png" alt="wide" width="80" loading="lazy">' in html
    assert '<img src="files/b.png" alt="" loading="lazy">' in html


@pytest.mark.parametrize(
    "source",
    ["https://a.example/files/x.png", "//a.example/x.png", "files/../x.png", "files/a/b.png", "/files/x.png", "x.png"],
)
def test_no_other_picture_is(source):
    assert "<img" not in render(f"![x]({source})")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "> [!warning] Mind the *gap*\n> It is wide.",
            '<aside class="callout warning">\n<p class="callout-title">\n<span class="callout-kind">Warning</span> '
            "Mind the <em>gap</em></p>\n<p>It is wide.</p>\n</aside>\n",
        ),
        (
            "> [!NOTE]\n> Text",
            '<aside class="callout plain">\n<p class="callout-title">Note</p>\n<p>Text</p>\n</aside>\n',
        ),
        (
            "> [!tip]- Closed\n> - a\n> - b",
            '<details class="callout good">\n<summary class="callout-title">\n<span class="callout-kind">Tip</span> '
            "Closed</summary>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n</details>\n",
        ),
        (
            "> [!my-kind]+\n\nAfter",
            '<details class="callout plain" open="">\n<summary class="callout-title">My kind</summary>\n</details>\n'
            "<p>After</p>\n",
        ),
        (
            "> [!bug] Outer\n> > [!done] In\n> > Text",
            '<aside class="callout bad">\n<p class="callout-title">\n<span class="callout-kind">Bug</span> Outer</p>\n'
            '<aside class="callout good">\n<p class="callout-title">\n<span class="callout-kind">Done</span> In</p>\n'
            "<p>Text</p>\n</aside>\n</aside>\n",
        ),
        (
            "> [!] no\n\n> a quote",
            "<blockquote>\n<p>[!] no</p>\n</blockquote>\n<blockquote>\n<p>a quote</p>\n</blockquote>\n",
        ),
    ],
)
def test_callouts(text, html):
    assert render(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a ==b *c*== d", "<p>a <mark>b <em>c</em></mark> d</p>\n"),
        ("if a == b and c == d", "<p>if a == b and c == d</p>\n"),
        ("`==a==` and === b ===", "<p><code>==a==</code> and === b ===</p>\n"),
        (
            "[[Oak]] and [[trees/Elm#Bark|the bark]]",
            '<p><span class="no-note">Oak</span> and <span class="no-note">the bark</span></p>\n',
        ),
        ("A claim [[1]] and `[[x]]`", "<p>A claim [[1]] and <code>[[x]]</code></p>\n"),
        ("A claim. ^claim-1", '<p>A claim.<span id="b-claim-1"></span></p>\n'),
        ("- a\n- b ^item", '<ul>\n<li>a</li>\n<li>b<span id="b-item"></span></li>\n</ul>\n'),
        ("x ^2", "<p>x ^2</p>\n"),
        (
            "[paper](paper.pdf) [up](../oak/)",
            '<p><span>paper</span> <a href="../oak/" rel="noopener nofollow">up</a></p>\n',
        ),
    ],
)
def test_what_notes_add(text, html):
    assert render(text) == html


def test_a_link_whose_words_stand_in_brackets_is_a_link():
    assert '<a href="https://example.org"' in render("A claim [[1 a]](https://example.org)")


def test_tasks():
    html = render("- [ ] *water* it\n- [x] done\n- [link](https://example.org)\n- [y] no\n")

    assert '<li class="task"><span class="box">☐</span> <em>water</em> it</li>' in html
    assert '<li class="task"><span class="box">☑</span> done</li>' in html
    assert "<li>[y] no</li>" in html


def test_the_id_of_a_heading_is_made_of_the_words_that_are_seen():
    assert '<h2 id="s-the-oak-x">' in render("# The [oak](https://example.org/long/path) `x`")


@pytest.mark.parametrize(
    "text",
    [
        "> [!note] <script>alert(1)</script>",
        '> [!note" onclick="alert(1)] x',
        "> [!note]- [x](javascript:alert(1))\n> <img src=x onerror=alert(1)>",
        "[[javascript:alert(1)]]",
        "[[a|<img src=x onerror=alert(1)>]]",
        '[[a" onmouseover="alert(1)|x]]',
        '![a" onerror="alert(1)|30](files/x.png)',
        '![x](files/x.png" onerror="alert(1))',
        "![x](files/x.png 'a\" onerror=\"alert(1)')",
        "==<script>alert(1)</script>==",
        'x ^a"onclick',
        "- [x] <script>alert(1)</script>",
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
    attributes = [name for tag in tags for name in re.findall(r"\s([\w-]+)(?:=|>|\s)", re.sub(r'"[^"]*"', '""', tag))]

    assert not [name for name in attributes if name.lower().startswith("on")]
    assert not re.search(r"<(script|svg|iframe|style|img(?! src=\"files/x.png))", html)
    assert not [tag for tag in tags if re.search(r"(href|src)=\"(javascript|data|vbscript)|style=\"pos", tag, re.I)]


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
    "highlights": "==a " * 25_000,
    "pairs": "==a==" * 20_000,
    "notes": "[[a" * 30_000,
    "callouts": "> [!note]- a\n\n" * 7_000,
    "nested callouts": "".join("> " * n + "[!note] a\n" for n in range(1, 300)),
    "tasks": "- [ ] a\n" * 12_000,
    "names": "a ^bc\n\n" * 12_000,
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
