"""What entries say of themselves in a word or two, a row each: what lists narrow down by and pages count."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models

from kb.kinds import FACTS

if TYPE_CHECKING:
    from kb.models.entries import Entry

AT_ONCE = 500
MOST_CHARS = 200  # as `kb.kinds` says; a few letters become two when they are made small

ASKS = ("questions", "some")
"""Name and value of the fact of a note that asks something."""


def normal_fact(value: str) -> str:
    """The form under which two spellings are one value."""
    return value.strip().lower()


def told(facts: dict[str, Any]) -> dict[tuple[str, str], str]:
    """What of an entry's facts are rows: name and value, and how it is spelled."""
    found: dict[tuple[str, str], str] = {}
    for name in (name for names in FACTS.values() for name in names):
        said = facts.get(name) or []
        for spelled in (str(part).strip() for part in ([said] if isinstance(said, str) else said)):
            if spelled:
                key = name, normal_fact(spelled)
                found[key] = min(spelled, found.get(key, spelled))
    if facts.get("questions"):  # sentences of any length, of which only it matters that there are some
        found[ASKS] = ASKS[1]
    return found


class FactManager(models.Manager["Fact"]):
    def follow(self, entries: Iterable["Entry"]) -> None:
        """Let the rows of these entries say what their facts say. Whoever stores facts calls this, in one
        transaction with that."""
        by_id = {entry.pk: entry for entry in entries}
        ids = list(by_id)
        for start in range(0, len(ids), AT_ONCE):
            self._follow([by_id[id] for id in ids[start : start + AT_ONCE]])

    def _follow(self, entries: list["Entry"]) -> None:
        wanted = {
            (entry.pk, name, value): spelling
            for entry in entries
            for (name, value), spelling in told(entry.facts).items()
        }
        gone = []
        for row in self.filter(entry__in=[entry.pk for entry in entries]):
            if wanted.get((row.entry_id, row.name, row.value)) == row.spelling:
                del wanted[row.entry_id, row.name, row.value]
            else:
                gone.append(row.pk)
        if gone:
            self.filter(pk__in=gone).delete()
        self.bulk_create(
            [
                Fact(entry_id=entry, name=name, value=value, spelling=spelling)
                for (entry, name, value), spelling in wanted.items()
            ]
        )


class Fact(models.Model):
    """That a fact of an entry, one of `kb.kinds.FACTS`, has a value: `value` in small letters, `spelling` as written.
    Or that a note asks something.

    `Entry.facts` is what counts; these rows are made of it whenever it is stored.
    """

    is_computed = True  # so no backup holds it

    entry = models.ForeignKey("kb.Entry", on_delete=models.CASCADE, related_name="fact_rows", db_index=False)
    name = models.CharField(max_length=20)
    value = models.CharField(max_length=2 * MOST_CHARS)
    spelling = models.CharField(max_length=MOST_CHARS)

    objects = FactManager()

    class Meta:
        # With all that is counted of them, in the order in which it is.
        indexes = [models.Index(fields=["name", "value", "spelling", "entry"])]
        constraints = [models.UniqueConstraint(fields=["entry", "name", "value"], name="one_fact_once")]

    def __str__(self) -> str:
        return f"{self.name}: {self.spelling}"
