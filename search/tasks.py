"""The doorbell of the index: what there is to do stands in `Indexing`."""

import logging
import threading

from celery import shared_task

from search.errors import IndexBusy, SemanticUnavailable

BUSY_AGAIN_S = 1.0

log = logging.getLogger(__name__)

_turn = threading.Lock()
_next = threading.Semaphore(1)


@shared_task
def index_pending() -> None:
    """Index what waits. Of several rings at once one works and one waits its turn, which then sees it all."""
    from search import indexing

    if not _next.acquire(blocking=False):
        return
    with _turn:
        _next.release()
        try:
            indexing.index_pending()
        except IndexBusy:
            index_pending.apply_async(countdown=BUSY_AGAIN_S)
        except SemanticUnavailable as error:
            log.error("nothing was indexed: %s", error)
