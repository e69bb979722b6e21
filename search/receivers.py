"""What search does when kb says that something changed."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from kb.celery import send
from kb.signals import entries_changed, sweep
from search.models import Indexing
from search.tasks import index_pending


def connect() -> None:
    entries_changed.connect(_want, dispatch_uid="search.want")
    sweep.connect(_ring_for_pending, dispatch_uid="search.sweep")


def _want(ids: Sequence[int], **_: Any) -> None:
    """In the transaction of the change: note what is stale. After its commit: ring."""
    Indexing.objects.want(ids)
    transaction.on_commit(lambda: send(index_pending), robust=True)


def _ring_for_pending(**_: Any) -> None:
    if Indexing.objects.workable().exists():
        send(index_pending)
