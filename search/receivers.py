"""What search does when kb says that something changed."""

import logging
import threading
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from kb.signals import entries_changed, process_started, sweep
from search import indexing
from search.errors import SearchError
from search.map import making
from search.models import Indexing
from search.warming import rehearse, warm_up

WARM_UP_LATER_S = 15.0

log = logging.getLogger(__name__)


def connect() -> None:
    entries_changed.connect(_want, dispatch_uid="search.want")
    sweep.connect(_ring_for_pending, dispatch_uid="search.sweep")
    process_started.connect(_warm_up, dispatch_uid="search.warm")


def _want(ids: Sequence[int], **_: Any) -> None:
    """In the transaction of the change: note what is stale. After its commit: ring, once."""
    Indexing.objects.want(ids)
    if not any(hook is _ring for _, hook, *_ in transaction.get_connection().run_on_commit):
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    from kb.celery import send  # takes a while to import, and who only reads never rings
    from search.tasks import index_pending

    send(index_pending)


def _warm_up(awaited: bool, **_: Any) -> None:
    """Answer a first question beside the first requests, so that who asks one does not wait for all of it; where nobody
    waits, load the model a little later, so that those who do are not slowed down."""
    timer = threading.Timer(0, rehearse) if awaited else threading.Timer(WARM_UP_LATER_S, warm_up)
    # A rehearsal is waited for when the process ends, seconds at most: OpenVINO aborts a process that ends under it.
    timer.daemon = not awaited
    timer.start()


def _ring_for_pending(**_: Any) -> None:
    try:
        indexing.want_what_was_lost()
    except SearchError as error:
        log.warning("whether the index is there cannot be told: %s", error)
    if Indexing.objects.workable().exists():
        _ring()
    making.keep_up()
