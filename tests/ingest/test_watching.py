"""A folder that is watched: what counts as a change, and that each is followed."""

import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from ingest.watching import watch

pytestmark = pytest.mark.once

PATIENCE_S = 20


@pytest.fixture
def watching() -> Iterator[Callable[[Path], "queue.Queue[str]"]]:
    """`watching(path)` -> a queue that gets a word for each time that something is done again."""
    stop = Event()
    threads = []

    def start(path: Path) -> "queue.Queue[str]":
        done: queue.Queue[str] = queue.Queue()
        thread = Thread(target=watch, args=[path, lambda: done.put("again"), stop])
        thread.start()
        threads.append(thread)
        assert done.get(timeout=PATIENCE_S) == "again"
        return done

    yield start
    stop.set()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_what_is_written_moved_and_deleted_is_followed(tmp_path, watching):
    done = watching(tmp_path)

    for change in (
        lambda: (tmp_path / "a.md").write_text("# A"),
        lambda: (tmp_path / "a.md").rename(tmp_path / "b.md"),
        lambda: (tmp_path / "b.md").unlink(),
    ):
        change()
        assert done.get(timeout=PATIENCE_S) == "again"


def test_many_changes_at_once_are_one(tmp_path, watching):
    done = watching(tmp_path)

    for number in range(200):
        (tmp_path / f"{number}.md").write_text("x")

    assert done.get(timeout=PATIENCE_S) == "again"
    with pytest.raises(queue.Empty):
        done.get(timeout=1)


def test_hidden_folders_and_leftovers_do_not_count(tmp_path, watching):
    (tmp_path / ".obsidian").mkdir()
    done = watching(tmp_path)

    for name in (".obsidian/workspace.json", "a.md~", ".a.md.swp", "a.tmp"):
        (tmp_path / name).write_text("x")
    with pytest.raises(queue.Empty):
        done.get(timeout=1.5)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.md").write_text("x")

    assert done.get(timeout=PATIENCE_S) == "again"


def test_a_file_that_is_replaced_is_still_watched(tmp_path, watching):
    path = tmp_path / "a.md"
    path.write_text("x")
    done = watching(path)

    for number in range(2):
        (tmp_path / "new").write_text(f"y{number}")
        (tmp_path / "new").replace(path)
        assert done.get(timeout=PATIENCE_S) == "again"


def test_what_fails_is_heard_of(tmp_path):
    with pytest.raises(FileNotFoundError):
        watch(tmp_path / "nowhere", lambda: None)
