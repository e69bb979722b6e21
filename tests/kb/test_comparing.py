"""Two side by side: what is said of each, what is marked as shared, and how the other one is chosen."""

import re
from html import unescape

import pytest

from kb.comparing import MOST_SHOWN, Value, in_other_roles, line
from kb.models import Classification, EntityAlias, SlugRedirect
from tests.factories import make_category, make_entity, make_entry, make_reference

pytestmark = pytest.mark.django_db


def get(client, address: str, params: dict | None = None, status: int = 200) -> str:
    response = client.get(address, params or {})
    assert response.status_code == status
    return response.content.decode()


def rows(page: str) -> dict[str, list[str]]:
    """What stands in the two cells of each line, as words."""
    found = {}
    for row in re.findall(r'<th scope="row"[^>]*>(.*?)</tr>', page, re.DOTALL):
        label, *cells = re.split(r"</th>|<td[^>]*>", row)
        words = (re.sub(r"<span class=\"flag side\".*?</span>", "", cell) for cell in cells)
        found[label] = [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in words if cell.strip()]
    return found


def two_entries():
    loss = make_category("Loss")
    one = make_entry(
        title="Airline bot",
        slug="one",
        occurred_on="2022-11",
        facts={"harms": ["money"], "country": ["Canada"]},
        tags=["chatbots", "law"],
        entities={"deployer": ["Air Canada"], "developer": ["Acme"]},
        categories=[loss],
        references=["A text."],
    )
    other = make_entry(
        kind="case_study",
        title="Bank bot",
        slug="other",
        facts={"industry": "finance"},
        tags=["chatbots"],
        entities={"company": ["Bank", "Acme"]},
        categories=[loss],
    )
    return one, other


def test_two_entries_line_by_line(client):
    two_entries()

    page = get(client, "/compare/?a=one&b=other")

    found = rows(page)
    assert found["Kind"] == ["Incident", "Case study"]
    assert found["Date"] == ["November 2022", "nothing said"]
    assert found["Country"] == ["Canada", "not recorded of case studies"]
    assert found["Sector"] == ["nothing said", "Finance"]
    assert "Industry" not in found
    assert found["Deployer"] == ["Air Canada", "nothing said"]
    assert found["Harms"] == ["Loss both", "Loss both"]
    assert found["Tags"] == ["chatbots both law", "chatbots both"]
    assert found["References"] == ["1", "0"]
    assert list(found)[-1] == "Language"


def test_what_they_share_is_told_once_more_in_words(client):
    one, _ = two_entries()
    report = make_reference(title="Two bots")
    third = make_entry(slug="third", references=[report], entities={"harmed": ["Acme"]})
    one.references.add(report)

    shared = get(client, "/compare/?a=one&b=other").split('<h2 id="shared">')[1]
    assert "<dt>Tags</dt><dd>chatbots</dd>" in shared
    assert ">Acme</a>: developer in A, company in B" in shared
    assert "Cited by both" not in shared
    shared = get(client, f"/compare/?a=one&b={third.slug}").split('<h2 id="shared">')[1]
    assert ">Two bots</a>" in shared
    make_entry(slug="bare")
    assert "Nothing that is recorded" in get(client, "/compare/?a=bare&b=other")


def test_what_is_only_suggested_is_no_category(client):
    one, other = two_entries()
    for entry in (one, other):
        Classification.objects.create(entry=entry, category=make_category("Guess"), origin="suggested")

    assert "Guess" not in get(client, "/compare/?a=one&b=other")


def test_of_many_those_that_are_shared_come_first():
    many = [Value(f"value {number}") for number in range(MOST_SHOWN + 5)]

    found = line("Tags", many, [Value("VALUE 19"), Value("else")])

    assert found
    assert [value.text for value in found.sides[0]][:2] == ["value 19", "value 0"]
    assert found.left == (5, 0)
    assert [value.text for value in found.shared] == ["value 19"]
    assert line("Tags", [], [Value("")]) is None


def test_the_other_one_is_chosen_by_a_part_of_its_title(client):
    two_entries()
    make_entry(title="Bank hidden", status="draft")

    page = get(client, "/compare/", {"a": "one", "q": "BOT bank"})

    assert '<a href="/compare/?a=one&amp;b=other">Bank bot</a>' in page
    assert "Bank hidden" not in page
    assert ">Airline bot</a> has in common" in page
    assert "Airline bot</a></li>" not in get(client, "/compare/", {"a": "one", "q": "bot"})
    assert "No other entry is called that" in get(client, "/compare/", {"a": "one", "q": "zeppelin"})
    assert '<a href="/compare/?a=other">Bank bot</a>' in get(client, "/compare/", {"q": "bank"})
    get(client, "/compare/", {"q": "a\0b % ' \""})


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"visibility": "internal"}])
def test_what_is_not_there_or_hidden_is_told_alike(client, staff, fields):
    two_entries()
    make_entry(title="The secret", slug="secret", **fields)

    assert "The secret" in get(staff, "/compare/?a=one&b=secret")
    staff.logout()
    for slug in ("secret", "nothing", "<b>"):
        page = get(staff, "/compare/", {"a": "one", "b": slug}, 404)
        assert f"There is no entry “{slug.replace('<', '&lt;').replace('>', '&gt;')}” here" in page
        assert "The secret" not in page
        get(staff, "/compare/", {"a": slug, "b": "one"}, 404)


def test_the_same_twice_and_former_addresses(client):
    one, _ = two_entries()
    SlugRedirect.objects.create(slug="old", entry=one)

    assert "the same entry twice" in get(client, "/compare/?a=one&b=old")
    assert "Airline bot" in get(client, "/compare/?a=old&b=other")


def test_two_entities(client):
    make_entry(
        occurred_on="2023", entities={"deployer": ["Acme"], "system": ["Bot"]}, categories=[make_category("Loss")]
    )
    make_entry(occurred_on="2024", title="Of both", entities={"deployer": ["Acme"], "harmed": ["Bank"]})
    make_entry(kind="case_study", occurred_on="2023", entities={"company": ["Bank"], "system": ["Bot"]})
    make_entry(title="Hidden", status="draft", entities={"developer": ["Acme", "Bank"]})

    page = get(client, "/compare/entities/?a=acme&b=bank")

    found = rows(page)
    assert found["Entries"] == ["Incidents 2 both", "Incidents 1 both Case studies 1"]
    assert found["Roles"] == ["Deployer 2", "Harmed 1 Company 1"]
    assert found["Years"] == ["2024 1 both 2023 1 both", "2024 1 both 2023 1 both"]
    assert found["Categories"] == ["Harms: Loss 1", "nothing said"]
    assert found["Systems named with it"] == ["Bot 1 both", "Bot 1 both"]
    assert found["Others named with it"] == ["Bank 1", "Acme 1"]
    assert '<span class="count">1</span></h2>' in page
    assert ">Of both</a>" in page
    assert "Hidden" not in page


def test_an_entity_that_only_hidden_entries_name_is_not_there(client):
    make_entry(status="draft", entities={"deployer": ["Secret Inc"]})
    make_entry(entities={"deployer": ["Acme"]})

    get(client, "/compare/entities/?a=acme&b=secret-inc", status=404)
    assert "No other entity is called that" in get(client, "/compare/entities/", {"a": "acme", "q": "secret inc"})


def test_an_entity_by_any_name_and_what_it_was_merged_into(client):
    acme = make_entity("Acme")
    EntityAlias.objects.create(entity=acme, name="Roadrunner Supplies")
    make_entity("Acme Old", merged_into=acme)
    make_entry(entities={"deployer": [acme, "Bank"]})

    page = get(client, "/compare/entities/", {"a": "bank", "q": "roadrunner"})
    assert '<a href="/compare/entities/?a=bank&amp;b=acme">Acme</a>' in page
    assert "Acme" in get(client, "/compare/entities/?a=acme-old&b=bank")


def test_the_pages_of_both_lead_there(client):
    one, _ = two_entries()

    assert 'href="/compare/?a=one"' in get(client, one.get_absolute_url())
    assert 'href="/compare/entities/?a=acme"' in get(client, "/entities/acme/")


def test_the_number_of_queries_does_not_grow(client, count_queries):
    def made(count: int) -> tuple[str, str]:
        entities = [make_entity() for _ in range(2 * count)]
        slugs = []
        for _ in range(2):
            entry = make_entry(
                tags=[f"tag {count} {number}" for number in range(count)],
                entities={"deployer": entities[:count], "system": entities[count:]},
                references=[make_reference(text="x") for _ in range(count)],
                categories=[make_category() for _ in range(count)],
            )
            slugs.append(entry.slug)
        return f"/compare/?a={slugs[0]}&b={slugs[1]}", f"/compare/entities/?a={entities[0].slug}&b={entities[1].slug}"

    few, many = made(2), made(5)

    assert count_queries(few[0]) == count_queries(many[0])
    assert count_queries(few[1]) == count_queries(many[1])


def test_who_has_several_roles_in_one_is_told_with_all_of_them():
    one = make_entry(entities={"developer": ["Acme"], "deployer": ["Acme"]})
    other = make_entry(entities={"harmed": ["Acme"]})

    ((entity, first, second),) = in_other_roles(one, other)

    assert (entity.name, set(first.split(", ")), second) == ("Acme", {"Developer", "Deployer"}, "Harmed")


def test_a_country_is_compared_as_it_is_spelled(client):
    for country in ("united states", "United States"):
        make_entry(title=f"In the {country}", facts={"country": [country], "technology": ["llm agents"]})

    page = get(client, "/compare/", {"a": "in-the-united-states", "b": "in-the-united-states-2"})

    assert rows(page)["Country"] == ["United States both"] * 2
    assert "LLM agents" in page


def test_without_any_it_is_said_how_two_are_chosen(client):
    assert "Find the first entry by a part of its title" in get(client, "/compare/")
    assert "Find the first entity by a part of its name" in get(client, "/compare/entities/")


def test_what_kinds_call_otherwise_and_mean_alike_is_compared(client):
    make_entry(slug="one", facts={"sector": ["Finance"], "technology": ["chatbot", "RAG"]})
    make_entry(kind="case_study", slug="other", facts={"industry": "finance", "techniques": ["rag"]})
    make_entry(kind="note", slug="third", facts={"resource": "paper"})

    found = rows(get(client, "/compare/?a=one&b=other"))
    assert found["Sector"] == ["Finance both"] * 2
    assert found["Technique"] == ["Chatbot RAG both", "RAG both"]
    assert not found.keys() & {"Industry", "Techniques", "Technology"}

    found = rows(get(client, "/compare/?a=other&b=third"))
    assert found["Industry"] == ["Finance", "not recorded of notes"]
    assert found["Techniques"] == ["RAG", "not recorded of notes"]
    assert found["Resource"] == ["not recorded of case studies", "paper"]
