"""A folder as Obsidian keeps it: tags, links between notes, pictures, comments, names."""

import json
import time
import zipfile
from typing import Any

import pytest

from ingest.records import BadRecord, LinkRecord
from ingest.sources import Source, SourceError, open_source
from tests.ingest.sources.reading import read, read_one

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40


@pytest.fixture
def vault(write):
    """`vault({"a.md": text})` -> its folder, called Garden, with what Obsidian puts there."""

    def write_vault(files):
        write("Garden/.obsidian/app.json", "{}")
        for name, content in files.items():
            path = write(f"Garden/{name}", content)
        root = path
        while root.name != "Garden":
            root = root.parent
        return root

    return write_vault


def by_key(folder):
    return {record.key: record for record in read("markdown", folder)}


def read_all(source: Source) -> list[Any]:
    return list(source.records())


def to(note, relation="see_also"):
    return LinkRecord(relation=relation, target=("markdown", f"Garden/{note}"))


def test_tags_within_the_text(vault):
    entry = read_one(
        "markdown",
        vault(
            {
                "a.md": "---\nTags: [Soil, '#roots']\n---\n# Heading #trees\n\n#soil and #water/rain, C# and a#b.\n"
                'Issue #12, #2024-plan, see https://example.org/#part and [x](https://example.org "#no").\n'
                "`#code` $#math$ \\#escaped #日本語\n\n```\n#fenced\n```\n\n    #indented\n\n> #quoted\n\n- #listed\n"
            }
        ),
    )

    assert entry.tags == ["Soil", "roots", "trees", "water/rain", "2024-plan", "日本語", "quoted", "listed"]
    assert "#soil and #water/rain" in entry.body


def test_a_line_of_tags_is_no_summary(vault):
    entry = read_one(
        "markdown",
        vault(
            {"a.md": "# A\n#soil #water/rain #roots/deep #leaves\n\nMost ==trees== drink by day and rest at night.\n"}
        ),
    )

    assert entry.summary == "Most trees drink by day and rest at night."
    assert entry.tags == ["soil", "water/rain", "roots/deep", "leaves"]


def test_tags_after_a_title_are_no_words_of_it(vault):
    entry = read_one("markdown", vault({"a.md": "# The **C#** oak #soil #water/rain\n\nText.\n"}))

    assert (entry.title, entry.tags) == ("The C# oak", ["soil", "water/rain"])


def test_wikilinks_are_links_and_can_be_followed(vault):
    folder = vault(
        {
            "Oak.md": "# Oak\n\nSee [[elm]], [[trees/Ash tree#Leaf shape|the ash]], [[Oak#Bark]], [[#Bark]], "
            "[[Elm#^note-1]] and [[Nowhere|no note]].\n\n| a | b |\n|--|--|\n| [[Elm\\|an elm]] | x |\n\n## Bark\n",
            "trees/Elm.md": "# Elm\n\n![[Oak]]\n",
            "trees/Ash tree.md": "---\nslug: fraxinus\naliases: [Fraxinus, Ash]\n---\n[[fraxinus]] [[ASH]]",
            "trees/Beech.md": "[[Fraxinus]]",
        }
    )
    records = by_key(folder)

    oak = records["Oak.md"]
    ash = LinkRecord(relation="see_also", target=("markdown", "fraxinus"))
    assert oak.links == [to("trees/Elm.md"), ash]
    assert oak.body.startswith(
        "See [elm](/known-as/markdown/Garden/trees/Elm.md), "
        "[the ash](/known-as/markdown/fraxinus#s-leaf-shape), [Oak > Bark](#s-bark), [Bark](#s-bark), "
        "[Elm](/known-as/markdown/Garden/trees/Elm.md#b-note-1) and [[Nowhere|no note]]."
    )
    assert "| [an elm](/known-as/markdown/Garden/trees/Elm.md) | x |" in oak.body
    assert records["trees/Elm.md"].links == [to("Oak.md", "embeds")]
    assert records["trees/Ash tree.md"].links == []
    assert records["trees/Beech.md"].links == [ash]


def test_notes_that_are_not_there_are_told_once(vault):
    source = open_source("markdown", str(vault({"a.md": "[[X]] [[Y|y]] [z](Z.md)", "b.md": "[[X]]"})))

    first, second = read_all(source)

    assert first.body == "[[X]] [[Y|y]] [z](Z.md)"
    assert (first.links, first.warnings, second.links) == ([], [], [])
    assert source.notices == [
        "links that lead to no note here stay text: 4, such as 'X' in a.md, 'Y' in a.md, 'Z.md' in a.md"
    ]


@pytest.mark.parametrize(
    ("link", "note"),
    [
        ("[[Note]]", "Note.md"),
        ("[[deep/Note]]", "deep/Note.md"),
        ("[[deep/Note.md]]", "deep/Note.md"),
        ("[[Deep/NOTE]]", "deep/Note.md"),
        ("[[./Note]]", "deep/Note.md"),
        ("[[../Note]]", "Note.md"),
        ("[[/Note]]", "Note.md"),
        ("[x](Note.md)", "deep/Note.md"),
        ("[x](../Note.md)", "Note.md"),
        ("[x](deep/Note.md)", "deep/Note.md"),
        ("[x](<../Note.md> 'A title')", "Note.md"),
        ("[x][1]\n\n[1]: ../Note.md", "Note.md"),
        ("[[Only here]]", "other/far/Only here.md"),
        ("[[far/Only here]]", "other/far/Only here.md"),
        ("[x](../other/far/Only%20here.md)", "other/far/Only here.md"),
        ("[x](../other/far/Only here.md)", "other/far/Only here.md"),
        ("[[Twice]]", "deep/low/Twice.md"),
        ("[[v1.2]]", "v1.2.md"),
        ("[[cafe\u0301]]", "caf\u00e9.md"),
    ],
)
def test_which_note_a_link_means(vault, link, note):
    names = [
        "Note.md",
        "deep/Note.md",
        "other/far/Only here.md",
        "deep/low/Twice.md",
        "Twice/Twice.md",
        "other/Twice.md",
    ]
    folder = vault(dict.fromkeys((*names, "v1.2.md", "café.md"), "x") | {"deep/from.md": link})

    entry = by_key(folder)["deep/from.md"]

    assert entry.links == [to(note)]


def test_an_alias_of_two_notes_is_no_name(vault):
    folder = vault({"a.md": "---\nalias: Same\n---\n", "b.md": "---\naliases: same\n---\n", "c.md": "[[Same]]"})

    assert by_key(folder)["c.md"].links == []


def test_code_and_formulas_are_untouched(vault):
    text = (
        "`[[Elm]]` and ``a ` [[Elm]]`` and $[[Elm]]$ and $$\n[[Elm]]\n$$\n\n```\n[[Elm]] %% kept %%\n```\n\n"
        "> ~~~\n> [[Elm]]\n> ~~~\n\n- item\n\n  ```\n  [[Elm]]\n  ```\n\n    [x](Elm.md)\n\n\\[[Elm]] $5 [[Elm]] $6"
    )
    entry = by_key(vault({"Elm.md": "x", "a.md": text}))["a.md"]

    assert entry.body.count("[[Elm]]") == 8
    assert entry.body.endswith("\\[[Elm]] $5 [Elm](/known-as/markdown/Garden/Elm.md) $6")
    assert "%% kept %%" in entry.body


def test_comments_are_left_out(vault):
    entry = read_one(
        "markdown",
        vault(
            {"a.md": "# A\nOne %%not me, [[X]] #nor\n\nme%%two.\n%% a line %%\n<!-- html -->\nThree, 5%% and 6%%.\n%%"}
        ),
    )

    assert entry.body == "One two.\nThree, 5%% and 6%%.\n%%"
    assert entry.tags == []


def test_pictures_beside_the_notes_come_along(vault):
    folder = vault(
        {
            "assets/My tree.png": PNG,
            "assets/leaf.jpg": JPEG,
            "trees/leaf.jpg": JPEG,
            "trees/a.md": "![[my tree.png]] ![[My tree.png|300]] ![[leaf.jpg|A leaf|200x100]]\n"
            "![bark](../assets/leaf.jpg 'Title') ![b|50](../assets/My%20tree.png) [see](leaf.jpg) "
            "[![t](leaf.jpg)](b.md)\n"
            "| ![[leaf.jpg\\|40]] |\n![far](https://example.org/x.png)\n\n![r][pic]\n\n[pic]: <../assets/My tree.png>",
            "trees/b.md": "x",
        }
    )
    entry = by_key(folder)["trees/a.md"]

    assert entry.warnings == []
    assert [(one.name, one.path, one.media_type) for one in entry.attachments] == [
        ("My tree.png", folder / "assets/My tree.png", "image/png"),
        ("leaf.jpg", folder / "trees/leaf.jpg", "image/jpeg"),
        ("leaf-2.jpg", folder / "assets/leaf.jpg", "image/jpeg"),
    ]
    assert entry.body == (
        "![my tree](files/My%20tree.png) ![My tree|300](files/My%20tree.png) ![A leaf|200x100](files/leaf.jpg)\n"
        "![bark](files/leaf-2.jpg 'Title') ![b|50](files/My%20tree.png) [see](files/leaf.jpg) "
        "[![t](files/leaf.jpg)](/known-as/markdown/Garden/trees/b.md)\n"
        "| ![leaf\\|40](files/leaf.jpg) |\n![far](https://example.org/x.png)\n\n![r][pic]\n\n[pic]: files/My%20tree.png"
    )


def test_what_is_no_picture_is_told(vault, tmp_path, write):
    write("secret.png", PNG)
    folder = vault(
        {
            "script.png": b"<svg onload='alert(1)'/>",
            "big.gif": b"GIF89a" + b"\0" * 10_000_000,
            "a.md": "![[script.png]] ![[big.gif]] ![[gone.png]] ![[out.png]] ![x](../secret.png) ![p](paper.pdf)",
        }
    )
    (folder / "out.png").symlink_to(tmp_path / "secret.png")

    entry = read_one("markdown", folder)

    assert entry.attachments == []
    assert entry.body.startswith("![[script.png]] ![[big.gif]]")
    assert entry.warnings == [
        "the picture 'script.png' was left out: it is not a PNG, JPEG, GIF, WebP or AVIF picture",
        "the picture 'big.gif' was left out: it is larger than 10,000,000 bytes",
        "the picture 'gone.png' is not there",
        "the picture 'out.png' is not there",
        "the picture '../secret.png' is not there",
        "'paper.pdf' was left out: only pictures are shown",
    ]


def test_links_in_front_matter(vault):
    folder = vault({"Elm.md": "x", "a.md": '---\nparent: "[[Elm|the elm]]"\nrelated: ["[[Elm]]", "[[Gone]]"]\n---\n'})
    source = open_source("markdown", str(folder))
    records = {record.key: record for record in read_all(source)}

    assert records["a.md"].links == [to("Elm.md", "parent"), to("Elm.md", "related")]
    assert records["a.md"].warnings == []
    assert "'Gone' in a.md" in source.notices[0]


def test_front_matter_of_other_tools(vault):
    entry = read_one(
        "markdown",
        vault(
            {
                "clip.md": "---\nTitle: Roots\nsource: https://example.org/roots\nauthor: ['[[Ada Ash]]']\n"
                "published: 2024-02-14\ncreated: 2025-01-01\ndescription: How roots grow.\ntags: clippings\n"
                "status: reading\ncssclasses: wide\npublish: false\naliases:\n---\nText, see https://example.org/more.\n"
            }
        ),
    )

    assert (entry.title, str(entry.occurred), entry.summary) == ("Roots", "2025-01-01", "How roots grow.")
    assert [(one.url, one.authors, str(one.published)) for one in entry.references] == [
        ("https://example.org/roots", ["Ada Ash"], "2024-02-14"),
        ("https://example.org/more", [], "None"),
    ]
    assert (entry.status, entry.visibility) == ("", "internal")
    assert entry.warnings == ["status 'reading' was left out: it is neither draft nor published"]


def test_what_obsidian_keeps_beside_the_notes_is_passed_over(vault):
    folder = vault(
        {
            ".trash/old.md": "x",
            ".obsidian/templates.json": json.dumps({"folder": "Forms/"}),
            "Forms/daily.md": "{{title}}",
            "Templates/real.md": "x",
            "map.canvas": "{}",
            "all.base": "x",
            "sketch.excalidraw.md": "x",
            "a.md": "![[map.canvas]]",
        }
    )
    source = open_source("markdown", str(folder))

    assert [record.key for record in read_all(source)] == ["Templates/real.md", "a.md"]
    assert source.count() == 2
    assert source.notices == [
        "left out: 1 of .base, which hold no notes",
        "left out: 1 of .canvas, which hold no notes",
        "left out: 1 of .excalidraw.md, which hold no notes",
        "left out: 1 in the folder of templates",
        "links that lead to no note here stay text: 1, such as 'map.canvas' in a.md",
    ]


def test_without_a_setting_the_folder_templates_holds_them(vault, write):
    assert list(by_key(vault({"Templates/daily.md": "x", "a.md": "x", ".obsidian/templates.json": "[1"}))) == ["a.md"]
    plain = write("plain/templates/a.md", "A note on templates").parents[1]
    assert list(by_key(plain)) == ["templates/a.md"]


def test_one_note_of_a_vault_is_the_same_as_with_all(vault):
    folder = vault({"trees/Elm.md": "[[Oak]] ![[t.png]]", "Oak.md": "x", "assets/t.png": PNG})

    assert read_one("markdown", folder / "trees/Elm.md") == by_key(folder)["trees/Elm.md"]


def test_one_note_alone_knows_what_lies_beside_it(write):
    path = write("notes/a.md", "[[b]] ![x](img/x.png)")
    write("notes/b.md", "x")
    write("notes/img/x.png", PNG)

    entry = read_one("markdown", path)

    assert entry.links == [LinkRecord(relation="see_also", target=("markdown", "notes/b.md"))]
    assert [one.name for one in entry.attachments] == ["x.png"]


def test_a_note_that_was_sent_alone_is_known_by_its_name_and_title(write):
    first = read_one("markdown", write("0123456789abcdef/README.md", "# On oaks\n\nOld."))
    again = read_one("markdown", write("fedcba9876543210/README.md", "# On oaks\n\nNew."))
    other = read_one("markdown", write("00000000000000ff/README.md", "# On elms"))

    assert first.external_ids == again.external_ids == [("markdown", "README.md#on-oaks")]
    assert other.external_ids == [("markdown", "README.md#on-elms")]


def test_a_renamed_note_says_the_same(vault):
    folder = vault({"Old.md": "# Elm\n\nSee [[Oak]] and ![[t.png]].", "Oak.md": "x", "t.png": PNG})
    before = by_key(folder)["Old.md"]
    (folder / "Old.md").rename(folder / "New.md")

    after = by_key(folder)["New.md"]

    assert (after.title, after.body, after.links) == (before.title, before.body, before.links)
    assert after.external_ids == [("markdown", "Garden/New.md")]


def test_an_archive_of_a_vault_is_the_vault(vault, tmp_path):
    folder = vault(
        {
            "Oak.md": "# Oak\n\n[[Elm]] ![[t.png]]",
            "trees/Elm.md": "x",
            "t.png": PNG,
            "paper.pdf": "%PDF",
            "Forms/f.md": "x",
            ".obsidian/templates.json": '{"folder": "Forms"}',
            ".trash/old.md": "x",
        }
    )
    archive = tmp_path / "backup.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(tmp_path))
    source = open_source("markdown", str(archive), scratch=tmp_path)

    records = read_all(source)

    assert source.collection == open_source("markdown", str(folder)).collection == "Garden"
    assert source.fingerprint() == open_source("markdown", str(archive), scratch=tmp_path).fingerprint()
    assert [record.model_dump(exclude={"attachments"}) for record in records] == [
        record.model_dump(exclude={"attachments"}) for record in read("markdown", folder)
    ]
    assert records[0].attachments[0].path.read_bytes() == PNG


def test_an_archive_without_a_note_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.txt", "x")
    with pytest.raises(SourceError, match=r"holds no \.md or \.markdown file"):
        open_source("markdown", str(tmp_path / "a.zip"))
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04torn")
    with pytest.raises(SourceError):
        open_source("markdown", str(tmp_path / "b.zip"))


def test_a_changed_picture_is_a_changed_folder(vault):
    folder = vault({"a.md": "![[t.png]]", "t.png": PNG})
    before = open_source("markdown", str(folder)).fingerprint()
    assert open_source("markdown", str(folder)).fingerprint() == before

    (folder / "t.png").write_bytes(PNG + b"more")

    assert open_source("markdown", str(folder)).fingerprint() != before


def test_a_note_that_cannot_be_read_stops_no_other(vault):
    folder = vault({"a.md": "---\naliases: [Bad\n---\n", "b.md": "[[Bad]] [[a]]"})

    bad, good = read("markdown", folder)

    assert isinstance(bad, BadRecord)
    assert good.links == [to("a.md")]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("tags: {a: b}", "a tag must be text, not dict; left out"),
        ("tags: [a, [b], true]", "a tag must be text, not list; left out"),
        ("aliases: {a: b}", ""),
        ("aliases: [1, [2], ~]", ""),
        ("ids: [1, 2]", "ids must be a list of `name: value`; left out"),
        ("ids: {aiid: {a: b}}", "ids: what aiid holds must be a text or a list of texts; left out"),
        ("facts: wet", "facts must be a list of `name: value`; left out"),
        ("links: 5", "links must be a list of `name: value`; left out"),
        ("references: [{a: b}]", "reference 1: unknown keys a were left out"),
        ("source: 5", "unknown key 'source' was left out"),
        ("publish: [1]", ""),
    ],
)
def test_front_matter_of_the_wrong_shape_costs_no_note(write, block, said):
    entry = read_one("markdown", write("a.md", f"---\n{block}\n---\n# A\n"))

    assert entry.title == "A"
    assert (said in entry.warnings) if said else entry.warnings == []


@pytest.mark.parametrize(
    "block",
    ["title: [a]", "title: {a: b}", "slug: [a, b]", "date: [2024]", "kind: 5", "visibility: private", "language: [en]"],
)
def test_what_matters_and_cannot_be_read_refuses_the_note(write, block):
    assert isinstance(read_one("markdown", write("a.md", f"---\n{block}\n---\n# A\n")), BadRecord)


HOSTILE = {
    "a megabyte of front matter": "---\n" + "a: b\n" * 200_000 + "---\n",
    "an alias bomb": "---\na: &a [x]\n" + "b: [*a, *a, *a]\n" * 9 + "---\n",
    "deep front matter": "---\na: " + "[" * 30_000 + "\n---\n",
    "aliases": "---\naliases: [" + "x, " * 15_000 + "]\n---\n",
    "brackets": "[" * 300_000,
    "wikilinks": "[[a|" * 75_000,
    "embeds": "![[" * 100_000,
    "links": "[a](" * 75_000,
    "addresses": ("[a](" + " b" * 490) * 300,
    "titles": ('[a](b "' + "c" * 390) * 700,
    "backticks": "".join("`" * number + " " for number in range(750)),
    "dollars": "$a " * 100_000,
    "comments": "%% a " * 60_000,
    "unclosed": "<!-- %%" * 40_000,
    "tags": "#a" * 150_000,
    "quotes": "> " * 150_000,
    "empty lines": "\n" * 300_000,
    "one line": "a" * 300_000,
    "missing notes": "[[a]] " * 50_000,
    "definitions": "[a]: b\n" * 40_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_notes_take_bounded_time(write, text):
    folder = write("notes/a.md", text).parent
    write("notes/b.md", "# Good")
    began = time.process_time()

    records = read("markdown", folder)

    # Seconds where careless reading takes minutes; generous, because other work may share the machine.
    assert time.process_time() - began < 20
    assert records[1].title == "Good"
