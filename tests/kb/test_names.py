"""Names are read once, and anew when somebody writes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.models import Taxonomy
from kb.names import category_names, entity_names, tag_names
from tests.factories import make_category, make_entity, make_tag
from tests.kept import kept

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_is_told_with_its_slug_and_those_that_are_not_there_are_left_out():
    law, maps, acme = make_tag("law"), make_tag("maps"), make_entity("Acme")
    loss = make_category("Loss")

    assert sorted(tag_names([law.pk, maps.pk, maps.pk + 99])) == [(law.pk, "law", "law"), (maps.pk, "maps", "maps")]
    assert entity_names([acme.pk]) == [(acme.pk, "acme", "Acme")]
    assert category_names([loss.pk]) == [(loss.pk, "harms-loss", f"{loss.taxonomy.name}: Loss")]
    assert tag_names([]) == []


def test_what_was_read_is_not_read_again():
    law, maps = make_tag("law"), make_tag("maps")

    def again() -> str:
        tag_names([law.pk])
        with CaptureQueriesContext(connection) as asked:
            assert [name for _, _, name in tag_names([law.pk, maps.pk])] == ["law", "maps"]
        statements = [query["sql"] for query in asked if "kb_tag" in query["sql"]]
        (statement,) = statements
        assert f"IN ({maps.pk})" in statement, "the other was known"
        return statement

    kept(again)


def test_another_name_is_told_at_once():
    law, loss = make_tag("law"), make_category("Loss")
    assert [name for _, _, name in tag_names([law.pk])] == ["law"]
    assert [name for _, _, name in category_names([loss.pk])] == [f"{loss.taxonomy.name}: Loss"]

    law.name = "justice"
    law.save()
    Taxonomy.objects.update(name="Damage")

    assert [name for _, _, name in tag_names([law.pk])] == ["justice"]
    assert [name for _, _, name in category_names([loss.pk])] == ["Damage: Loss"]
