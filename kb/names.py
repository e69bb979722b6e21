"""What tags, entities and categories are called, by their ids: (id, slug, name), in no order."""

from collections.abc import Callable, Iterable

from django.db.models import Model, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat

from kb.among import ByIds
from kb.models import Category, Entity, Tag
from kb.unless_written import unless_written

# Names that a process keeps of each, the first that were asked for.
MOST = 10_000

Name = tuple[int, str, str]


def _names(model: type[Model], name: str | Combinable = "name") -> Callable[[Iterable[int]], list[Name]]:
    """What reads these, and keeps them until something is written: a search tells three dozen of them, and most of
    them are those of the search before."""

    def rows(ids: frozenset[int]) -> QuerySet[Model, Name]:
        return model._default_manager.filter(pk__among=ids).order_by().values_list("pk", "slug", name)

    query = ByIds(rows)

    def names(ids: Iterable[int]) -> list[Name]:
        wanted = list(ids)
        # It grows, and what it holds stays: whatever is read now is as new as the state that it is kept for.
        known: dict[int, Name] = unless_written(("names", model), dict)
        found = {id: known[id] for id in wanted if id in known}
        if read := query(id for id in wanted if id not in found):
            if len(known) + len(read) <= MOST:
                known.update((row[0], row) for row in read)
            found.update((row[0], row) for row in read)
        return list(found.values())

    return names


tag_names = _names(Tag)
entity_names = _names(Entity)
category_names = _names(Category, Concat("taxonomy__name", Value(": "), "name"))
