"""Turns saves and deletions of anything searchable into one signal: these entries changed."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from kb.curating import remember_deletion
from kb.models import (
    CaseStudy,
    Entity,
    EntityRole,
    Entry,
    EntryReference,
    ExternalId,
    Incident,
    ReadingNote,
    Reference,
    Tag,
)
from kb.models.entries import entry_history
from kb.signals import entries_changed

PROXIES = (Incident, CaseStudy, ReadingNote)
SHARED: dict[type[Model], str] = {Reference: "references", Entity: "roles__entity", Tag: "tags"}
HISTORY = "simple_history_manager_attribute"  # where django-simple-history looks for a model's history

_gathered: ContextVar[set[int] | None] = ContextVar("gathered", default=None)


def connect() -> None:
    for proxy in PROXIES:
        # Django sends a proxy's signals under its own class, and history listens to the table's class only.
        setattr(proxy._meta, HISTORY, getattr(Entry._meta, HISTORY))
        post_save.connect(entry_history.post_save, sender=proxy)
        post_delete.connect(entry_history.post_delete, sender=proxy)
    owners: dict[type[Model], Callable[[Any], list[int]]] = {
        **dict.fromkeys((Entry, *PROXIES), lambda entry: [entry.pk]),
        **dict.fromkeys((EntryReference, EntityRole, ExternalId), lambda row: [row.entry_id]),
        **{model: partial(_entries_of, path) for model, path in SHARED.items()},
    }
    for model, entries_of in owners.items():
        receiver = _announcer(entries_of)
        post_save.connect(receiver, sender=model, weak=False)
        pre_delete.connect(receiver, sender=model, weak=False)
    for model in (Entry, *PROXIES):
        pre_delete.connect(_remember, sender=model)
    m2m_changed.connect(_tags_changed, sender=Entry.tags.through)


@contextmanager
def gathered() -> Iterator[None]:
    """Announce what changes inside once, at the end: for a batch that touches the same entries many times."""
    ids: set[int] = set()
    token = _gathered.set(ids)
    try:
        yield
    finally:
        _gathered.reset(token)
    if ids:
        entries_changed.send(sender=Entry, ids=sorted(ids))


def announce(ids: Iterable[int]) -> None:
    """Say what changed where rows were written in bulk, for which Django sends no signals."""
    _announce(Entry, sorted(set(ids)))


def _announce(sender: type[Model], ids: list[int]) -> None:
    waiting = _gathered.get()
    if waiting is not None:
        waiting.update(ids)
    elif ids:
        entries_changed.send(sender=sender, ids=ids)


def _remember(sender: type[Model], instance: Any, **_: Any) -> None:
    remember_deletion(instance)


def _entries_of(path: str, row: Model) -> list[int]:
    return list(Entry.objects.filter(**{path: row}).values_list("pk", flat=True))


def _announcer(entries_of: Callable[[Any], list[int]]) -> Callable[..., None]:
    def announce(sender: type[Model], instance: Model, created: bool = False, **_: Any) -> None:
        if not (created and sender in SHARED):  # what is new is nobody's yet
            _announce(sender, entries_of(instance))

    return announce


def _tags_changed(sender: type[Model], instance: Model, action: str, reverse: bool, pk_set: set[int], **_: Any) -> None:
    if action.startswith("post_"):
        _announce(sender, list(pk_set or ()) if reverse else [instance.pk])
