"""What the tables promise: addresses, facts, kinds, history, merges and filters."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import clear_script_prefix, reverse, set_script_prefix
from simple_history.utils import update_change_reason

from kb.addresses import canonical_url
from kb.filters import BadFilter, EntryFilter
from kb.merging import merge_entities, merge_entries
from kb.models import (
    CaseStudy,
    Classification,
    Entity,
    EntityAlias,
    EntityRole,
    Entry,
    Incident,
    Link,
    ReadingNote,
    Reference,
    SlugRedirect,
    UnresolvedLink,
)
from kb.rights import may_show_whole
from tests.factories import make_category, make_entity, make_entry, make_reference, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("GPT-4's refund, again!", "gpt-4s-refund-again"),
        ("Поезд сошёл с рельсов", "поезд-сошёл-с-рельсов"),
        ("电车 事故", "电车-事故"),
        ("Straße & Café", "straße-café"),
        ("🚢🚢", "incident"),
        ("/../", "incident"),
        ("a_b", "a_b"),
    ],
)
def test_a_title_becomes_a_slug_in_its_own_script(title, slug):
    assert make_entry(title=title).slug == slug


def test_equal_titles_get_numbered_slugs_across_kinds():
    slugs = [make_entry(title="Ferry", kind=kind).slug for kind in ("incident", "case_study", "note", "incident")]

    assert slugs == ["ferry", "ferry-2", "ferry-3", "ferry-4"]


def test_a_slug_that_only_begins_the_same_takes_nothing_away():
    make_entry(title="Ferry 2")
    make_entry(title="Ferry_x")

    assert make_entry(title="Ferry").slug == "ferry"
    assert make_entry(title="Ferry").slug == "ferry-3"  # ferry-2 is taken by the first


def test_a_very_long_title_still_has_room_for_a_number():
    first, second = make_entry(title="ж" * 400), make_entry(title="ж" * 400)

    assert first.slug == "ж" * 180
    assert second.slug == "ж" * 180 + "-2"


def test_an_address_that_an_entry_had_is_not_given_to_another():
    moved = make_entry(title="Ferry")
    SlugRedirect.objects.create(slug="ferry", entry=moved)
    moved.slug = "ferry-on-the-reef"
    moved.save()

    assert make_entry(title="Ferry").slug == "ferry-2"


def test_facts_are_checked_on_every_save():
    entry = make_entry(facts={"country": [" canada "], "purpose": ""})
    assert Entry.objects.get(pk=entry.pk).facts == {"country": ["canada"]}

    entry.facts = {"contry": ["canada"]}
    with pytest.raises(ValidationError, match="contry: Extra inputs are not permitted"):
        entry.save()
    entry.facts = {"country": "canada"}
    with pytest.raises(ValidationError, match="country: Input should be a valid list"):
        entry.save()
    with pytest.raises(ValidationError, match="resource"):
        make_entry(kind="note", facts={"resource": "dream"})
    with pytest.raises(ValidationError, match="valid dictionary"):
        make_entry(facts=["canada"])


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="There is no kind “poem”: choose incident, case_study, note"):
        make_entry(kind="poem")


def test_the_content_hash_follows_what_the_entry_says_and_nothing_else():
    entry = make_entry(title="Ferry", summary="It hit a reef.", occurred_on="2024-02")
    before = entry.content_hash

    entry.visibility = "internal"
    entry.save()
    assert entry.content_hash == before
    entry.occurred_precision = "year"
    entry.save()
    assert entry.content_hash != before


def test_each_kind_has_its_own_door_to_the_one_table():
    incident = Incident.objects.create(title="One")
    study = CaseStudy.objects.create(title="Two", kind="incident")  # the door decides
    note = ReadingNote.objects.create(title="Three", facts={"resource": "paper"})

    assert [entry.kind for entry in (incident, study, note)] == ["incident", "case_study", "note"]
    assert list(Incident.objects.values_list("title", flat=True)) == ["One"]
    assert list(CaseStudy.objects.values_list("title", flat=True)) == ["Two"]
    assert Entry.objects.count() == 3


@pytest.mark.parametrize("model", [Entry, Incident, CaseStudy, ReadingNote])
def test_history_says_who_did_what_and_why_through_every_door(model):
    curator = make_user(username="ada")
    kind = {CaseStudy: "case_study", ReadingNote: "note"}.get(model, "incident")
    entry = model(title="Ferry", kind=kind)
    entry._history_user = curator
    entry._change_reason = "it was in the news"
    entry.save()
    pk = entry.pk

    again = model.objects.get(pk=pk)
    again.title = "The ferry"
    again.save()
    update_change_reason(again, "it has a name")
    model.objects.get(pk=pk).delete()

    rows = Entry.history.filter(id=pk).order_by("history_id")
    assert [(row.history_type, row.title) for row in rows] == [("+", "Ferry"), ("~", "The ferry"), ("-", "The ferry")]
    assert [row.history_change_reason for row in rows] == ["it was in the news", "it has a name", None]
    assert [str(row.history_user or "") for row in rows] == ["ada", "", ""]


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://example.org", "https://example.org"),
        ("HTTP://www.Example.ORG/", "https://example.org"),
        ("https://example.org:443/a/", "https://example.org/a"),
        ("http://example.org:80/a#part", "https://example.org/a"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("https://example.org/a?utm_source=x&UTM_medium=y&fbclid=z", "https://example.org/a"),
        ("https://example.org/a?b=2&a=1", "https://example.org/a?a=1&b=2"),
        ("https://example.org/a?id=&b", "https://example.org/a?b=&id="),
        ("https://example.org/Case/Matters", "https://example.org/Case/Matters"),
        ("https://arxiv.org/pdf/2005.11401.pdf", "https://arxiv.org/abs/2005.11401"),
        ("http://www.arxiv.org/abs/2005.11401", "https://arxiv.org/abs/2005.11401"),
        ("https://example.org/naïve path", "https://example.org/na%C3%AFve%20path"),
        ("https://example.org/na%C3%AFve%20path", "https://example.org/na%C3%AFve%20path"),
        ("https://[2001:DB8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("  https://example.org/a  ", "https://example.org/a"),
    ],
)
def test_spellings_of_an_address_meet(url, canonical):
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


def test_one_address_is_one_reference_and_none_is_no_address():
    assert make_reference(url="http://www.example.org/a/?utm_source=x").canonical_url == "https://example.org/a"
    assert [make_reference(url="").canonical_url for _ in range(2)] == [None, None]
    assert Reference.objects.get(canonical_url="https://example.org/a").url == "http://www.example.org/a/?utm_source=x"


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("CC-BY-4.0", True),
        ("cc-by-sa-4.0", True),
        ("CC0-1.0", True),
        ("MIT", True),
        ("BSD-3-Clause", True),
        ("Unlicense", True),
        ("UNLICENSED", False),
        ("mitre", False),
        ("", False),
        ("All rights reserved", False),
        ("LicenseRef-proprietary", False),
    ],
)
def test_only_what_a_licence_allows_is_shown_whole(licence, free):
    assert may_show_whole(licence) is free


def test_merged_entities_are_one_in_every_place():
    acme, corp, other = make_entity("Acme"), make_entity("ACME Corp."), make_entity("Zenith")
    both = make_entry(entities={"developer": [acme, corp], "deployer": [corp]})
    one = make_entry(entities={"harmed": [corp]})
    EntityAlias.objects.create(entity=corp, name="acme-corp", namespace="aiid", key="acme-corp")

    merge_entities(corp, acme)

    roles = EntityRole.objects.order_by("entry_id", "role").values_list("entry_id", "entity__name", "role")
    assert list(roles) == [(both.pk, "Acme", "deployer"), (both.pk, "Acme", "developer"), (one.pk, "Acme", "harmed")]
    assert EntityAlias.objects.get(normal="acme corp.").entity == acme
    assert EntityAlias.objects.get(namespace="aiid", key="acme-corp").entity == acme
    assert list(Entity.objects.current()) == [acme, other]
    assert list(EntryFilter(entity="acme-corp").apply(Entry.objects.all()).order_by("pk")) == [both, one]
    assert set(acme.aliases.values_list("name", flat=True)) == {"Acme", "ACME Corp.", "acme-corp"}
    with pytest.raises(ValueError, match="one already"):
        merge_entities(corp, acme)


def test_merges_of_merged_entities_follow_the_chain():
    first, second, third, fourth = (make_entity(name) for name in ("First", "Second", "Third", "Fourth"))
    entry = make_entry(entities={"developer": [third]})
    merge_entities(first, second)
    merge_entities(second, fourth)

    merge_entities(third, first)  # first stands for fourth now, so third does too

    assert [entity.resolved() for entity in Entity.objects.order_by("pk")] == [fourth] * 4
    assert list(EntityRole.objects.values_list("entry_id", "entity__name")) == [(entry.pk, "Fourth")]
    assert list(Entity.objects.current()) == [fourth]


def test_a_merge_in_a_circle_is_refused_and_survived():
    first, second = make_entity("First"), make_entity("Second")
    merge_entities(first, second)

    second.merged_into = Entity.objects.get(pk=first.pk)
    with pytest.raises(ValidationError, match="into itself"):
        second.save()
    second.merged_into = second
    with pytest.raises(ValidationError, match="into itself"):
        second.full_clean()

    Entity.objects.filter(pk=second.pk).update(merged_into=first)  # past every check
    assert Entity.objects.get(pk=first.pk).resolved() == second
    assert Entity.objects.get(pk=second.pk).resolved() == first


def test_merged_entries_lose_nothing():
    report, shared = make_reference(title="Report"), make_reference(title="Shared")
    later, harm = make_entry(title="Later"), make_category("Physical")
    kept = make_entry(
        title="Ferry",
        tags=["ships"],
        ids={"aiid": "1"},
        references=[shared],
        entities={"developer": ["Acme"]},
        facts={"country": ["norway"]},
        see_also=[later],
    )
    gone = make_entry(
        title="Ferry accident",
        summary="It hit a reef.",
        body="Long.",
        licence="CC-BY-4.0",
        attribution="Harbour office",
        occurred_on="2024-02",
        tags=["ships", "reefs"],
        ids={"aiid": "2", "oecd": "x"},
        references=[report, shared],
        entities={"developer": ["Acme"], "harmed": ["Passengers"]},
        facts={"country": ["sweden"], "harms": ["injury"]},
        categories=[harm],
        see_also=[later, kept],
    )
    Link.objects.create(entry=later, target=gone, relation="part_of")
    SlugRedirect.objects.create(slug="older", entry=gone)
    UnresolvedLink.objects.create(entry=gone, relation="see_also", namespace="aiid", value="3")
    gone_pk, gone_slug = gone.pk, gone.slug

    merge_entries(gone, kept)

    kept = Entry.objects.get(pk=kept.pk)
    assert not Entry.objects.filter(pk=gone_pk).exists()
    assert (kept.title, kept.summary, kept.body) == ("Ferry", "It hit a reef.", "Long.")
    assert (kept.licence, kept.attribution, kept.occurred) == ("CC-BY-4.0", "Harbour office", "2024-02")
    assert kept.facts == {"country": ["norway"], "harms": ["injury"]}
    assert set(kept.tags.values_list("name", flat=True)) == {"ships", "reefs"}
    assert [str(one) for one in kept.external_ids.all()] == ["aiid 1", "aiid 2", "oecd x"]
    assert [citation.reference.title for citation in kept.citations.all()] == ["Shared", "Report"]
    roles = [(role.role, role.entity.name) for role in kept.roles.all()]
    assert roles == [("developer", "Acme"), ("harmed", "Passengers")]
    assert [row.category for row in Classification.objects.filter(entry=kept)] == [harm]
    links = set(Link.objects.values_list("entry__title", "relation", "target__title"))
    assert links == {("Ferry", "see_also", "Later"), ("Later", "part_of", "Ferry")}
    assert set(kept.former_slugs.values_list("slug", flat=True)) == {"older", gone_slug}
    assert [row.value for row in kept.unresolved_links.all()] == ["3"]
    assert kept.history.first().history_change_reason == "merged with “Ferry accident”"
    assert Entry.history.filter(id=gone_pk).first().history_change_reason == "merged into “Ferry”"


@pytest.mark.parametrize(
    ("of_gone", "of_kept", "after"),
    [
        ("response", "report", "response"),
        ("report", "response", "response"),
        ("response", "response", "response"),
        ("report", "report", "report"),
    ],
)
def test_a_reference_that_was_a_response_to_either_is_one_to_what_both_became(of_gone, of_kept, after):
    both, other = make_reference(), make_reference()
    gone, kept = make_entry(references=[both]), make_entry(references=[both, other])
    gone.citations.update(role=of_gone)
    kept.citations.filter(reference=both).update(role=of_kept)

    merge_entries(gone, kept)

    assert [(one.reference, one.role) for one in kept.citations.all()] == [(both, after), (other, "report")]


def test_an_entry_is_not_merged_into_itself():
    entry = make_entry()
    with pytest.raises(ValueError, match="itself"):
        merge_entries(entry, Entry.objects.get(pk=entry.pk))
    assert Entry.objects.filter(pk=entry.pk).exists()


@pytest.fixture
def three() -> dict[str, Entry]:
    acme, harm = make_entity("Acme"), make_category("Physical")
    entries = {
        "ferry": make_entry(
            title="ferry", occurred_on="2024-02", tags=["ships"], entities={"developer": [acme], "deployer": [acme]}
        ),
        "tram": make_entry(
            title="tram", occurred_on="2023-12-31", ids={"aiid": "7"}, categories=[harm], tags=["rails"]
        ),
        "study": make_entry(kind="case_study", title="study", tags=["ships"]),
    }
    Classification.objects.create(entry=entries["tram"], category=harm, origin="suggested")
    entries["tram"].external_ids.create(namespace="aiid", value="8")
    return entries


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["ferry", "tram", "study"]),
        ({"kind": "incident"}, ["ferry", "tram"]),
        ({"kind": "case-study"}, ["study"]),
        ({"kind": "case_study"}, ["study"]),
        ({"tag": "ships"}, ["ferry", "study"]),
        ({"tag": "ship"}, []),
        ({"entity": "acme"}, ["ferry"]),
        ({"entity": "nobody"}, []),
        ({"category": "harms-physical"}, ["tram"]),
        ({"namespace": "aiid"}, ["tram"]),
        ({"since": "2024"}, ["ferry"]),
        ({"since": "2024-02"}, ["ferry"]),
        ({"since": "2024-02-02"}, []),
        ({"until": "2024"}, ["ferry", "tram"]),
        ({"until": "2023"}, ["tram"]),
        ({"until": "2023-12"}, ["tram"]),
        ({"until": "2023-12-30"}, []),
        ({"since": "2023", "until": "2023"}, ["tram"]),
        ({"since": "2025", "until": "2020"}, []),
        ({"tag": "ships", "kind": "incident", "entity": "acme", "since": "2024-01"}, ["ferry"]),
        ({"tag": "rails", "category": "harms-physical", "namespace": "aiid", "until": "2023-12-31"}, ["tram"]),
        ({"tag": "shi\0ps"}, ["ferry", "study"]),
        ({"unknown": "x", "tag": " "}, ["ferry", "tram", "study"]),
    ],
)
def test_filters_alone_and_together(three, params, found):
    entries = EntryFilter.from_params(params).apply(Entry.objects.all())

    assert [entry.title for entry in entries.order_by("pk")] == found


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"kind": "poem"}, "kind"),
        ({"since": "soon"}, "since"),
        ({"until": "2024-13"}, "until"),
        ({"since": "2023-02-29"}, "since"),
        ({"since": "0000"}, "since"),
        ({"until": "03/04/2024"}, "until"),
        ({"since": "\0"}, "since"),
        ({"since": "9" * 10_000}, "since"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_name(params, name):
    with pytest.raises(BadFilter) as refused:
        EntryFilter.from_params(params)
    assert refused.value.name == name


def test_a_filter_survives_its_own_address():
    wanted = EntryFilter(kind="note", tag="a b", entity="x-(twitter)", since=date(2024, 1, 1), until=date(2024, 12, 31))

    assert EntryFilter.from_params(wanted.params()) == wanted
    assert wanted.without("since").since is None
    assert EntryFilter().is_empty
    assert not wanted.is_empty


def test_what_who_may_see():
    make_entry(title="open")
    make_entry(title="draft", status="draft")
    make_entry(title="inner", visibility="internal")

    def seen(user) -> list[str]:
        return sorted(Entry.objects.visible_to(user).values_list("title", flat=True))

    assert seen(None) == ["open"]
    assert seen(make_user()) == ["open"]
    assert seen(make_user(is_staff=True)) == ["draft", "inner", "open"]


def test_tags_that_look_alike_have_addresses_of_their_own():
    assert [make_tag(name).slug for name in ("C++", "C", "c#", "ИИ")] == ["c", "c-2", "c-3", "ии"]


@pytest.mark.parametrize("slug", ["lift", "lift-2", "-", "über/größe", "人", "a b?c#d%e&f", "x:y@z~(1)!$'*,;="])
@pytest.mark.parametrize("prefix", ["/", "/precedent-2/"])
def test_addresses_are_those_that_django_looks_up(slug: str, prefix: str):
    set_script_prefix(prefix)
    try:
        assert Entry(slug=slug).get_absolute_url() == reverse("entry", args=[slug])
        assert Entity(slug=slug).get_absolute_url() == reverse("entity", args=[slug])
    finally:
        clear_script_prefix()
