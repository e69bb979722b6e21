"""Search work that is queued as a job."""

from kb.jobs import Run
from search import indexing
from search.errors import IndexBusy

WAIT_S = 30.0


def rebuild(run: Run) -> bool:
    """The handler of `reindex` jobs: the whole index anew, with progress. Tried again later while another writes."""

    def show(done: int, total: int) -> None:
        with run.batch():
            run.job.done, run.job.total = done, total

    try:
        indexing.rebuild(show, wait=WAIT_S)
    except IndexBusy:
        return False
    return True
