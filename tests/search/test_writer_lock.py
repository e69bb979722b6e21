"""Two machines cannot write to one index: the database that they share lets one at a time."""

import pytest

from search.errors import IndexBusy
from search.writer_lock import DatabaseLock

pytestmark = [pytest.mark.django_db, pytest.mark.many_writers]


def test_one_machine_at_a_time_has_the_right_to_write():
    first = DatabaseLock("milvus-here")
    with pytest.raises(IndexBusy, match="milvus-here is being written by another machine"):
        DatabaseLock("milvus-here")
    DatabaseLock("milvus-elsewhere").release()

    first.release()
    DatabaseLock("milvus-here").release()


def test_who_dies_leaves_it_to_others():
    first = DatabaseLock("milvus-here")
    first._connection.connection.close()  # as the system does with the connections of a dead process

    DatabaseLock("milvus-here", wait=5).release()
