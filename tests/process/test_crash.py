"""Imports survive SIGKILL at any moment: with each broker and database, every record ends up in once."""

import json
import shutil

import pytest

from tests.process.instance import Instance, until

pytestmark = [pytest.mark.once, pytest.mark.alone]

ADDRESSES = 10  # of each record: to write them takes a while in which a kill can come; they are quick to index
INGEST = ("ingest", "jsonl", "{}", "--kind", "incident", "--namespace", "robots")


@pytest.fixture(params=["RabbitMQ", "Redis"])
def served(request, tmp_path):
    """An instance, empty and not started, on PostgreSQL with that broker."""
    broker = {"RabbitMQ": "rabbitmq_vhost", "Redis": "redis_database"}[request.param]
    settings = {
        "KB_DATABASE_URL": request.getfixturevalue("postgres_database"),
        "KB_BROKER_URL": request.getfixturevalue(broker),
    }
    made = Instance(tmp_path, **settings)
    try:
        yield made
    finally:
        made.kill_everything()


def test_a_killed_worker_and_a_power_cut_lose_nothing(instance):
    instance.start()
    file = robots(instance, 400)
    job = queue(instance, file)

    kill_in_the_middle(instance, job, "worker", after=100)
    until("it is started again", lambda: "The worker was ended by SIGKILL; starting it again" in instance.said())
    kill_in_the_middle(instance, job, "worker", after=200)
    kill_in_the_middle(instance, job, "everything", after=300)
    instance.start()

    is_as_if_nothing_had_happened(instance, {job: 400})
    again = instance.manage(*(part.format(file) for part in INGEST), "--now")
    assert again.stdout.splitlines()[-1] == "created 0, updated 0, unchanged 400, failed 0"


def test_a_killed_worker_loses_nothing_with_services(served):
    served.start()
    job = queue(served, robots(served, 300))

    kill_in_the_middle(served, job, "worker", after=100)

    is_as_if_nothing_had_happened(served, {job: 300})


def test_killed_web_server_and_killed_parent(instance):
    instance.start()
    instance.kill("web")
    until("it is started again", lambda: "The web server was ended by SIGKILL; starting it again" in instance.said())
    until("pages are served", lambda: instance.get("/healthz")[0] == 200)
    job = queue(instance, robots(instance, 300))

    kill_in_the_middle(instance, job, "web", after=100)
    kill_in_the_middle(instance, job, "up", after=200)
    instance.process.wait()
    until("nothing outlives it", lambda: not instance.processes(), 20)
    instance.start()

    is_as_if_nothing_had_happened(instance, {job: 300})


def test_ctrl_c_in_the_middle_of_an_import_puts_it_off(instance):
    instance.start()
    job = queue(instance, robots(instance, 400))
    until("some records", lambda: state(instance, job)[1] >= 100)

    assert instance.interrupt() == 0

    assert instance.processes() == {}
    now, done, counts = state(instance, job)
    assert (now, done < 400) == ("pending", True)
    assert instance.rows("SELECT count(*) FROM kb_entry WHERE source = 'jsonl'") == [(done,)]
    assert counts["created"] == done


def test_lost_and_doubled_messages(instance):
    broker = instance.folder / "var" / "broker"
    lost = queue(instance, robots(instance, 200))
    assert [message.unlink() for message in broker.glob("*.msg")], "there was a message to lose"
    doubled = queue(instance, robots(instance, 100, first=200))
    [message] = broker.glob("*.msg")
    for number in range(5):
        shutil.copy(message, broker / f"{number}_{message.name}")

    instance.start()

    is_as_if_nothing_had_happened(instance, {lost: 200, doubled: 100})


def robots(instance, records, first=0):
    """A file of that many records with many addresses each; its path."""
    path = instance.folder / f"robots-{first}.jsonl"
    with path.open("w") as file:
        for number in range(first, first + records):
            row = {
                "id": number,
                "title": f"Robot {number} left its cell",
                "summary": f"It was robot number {number}.",
                "url": [f"https://robots.example/{number}/{address}" for address in range(ADDRESSES)],
            }
            file.write(json.dumps(row) + "\n")
    return path


def queue(instance, path):
    """Ask for the import; the job's id."""
    return int(instance.manage(*(part.format(path) for part in INGEST)).stdout)


def state(instance, job):
    """State, how many records are done, and counts, straight from the row."""
    [(name, done, counts)] = instance.rows(f"SELECT state, done, counts FROM kb_job WHERE id = {job}")
    return name, done, counts if isinstance(counts, dict) else json.loads(counts)


def kill_in_the_middle(instance, job, name, after):
    """SIGKILL for a process, or for everything, when that many records are in, and some are not."""
    until(f"{after} records", lambda: state(instance, job)[1] >= after)
    if name == "everything":
        instance.kill_everything()
    else:
        instance.kill(name)
    assert state(instance, job)[0] == "running", "it was killed too late to prove anything"


def is_as_if_nothing_had_happened(instance, jobs):
    """The jobs are done, each of their records is in once, indexed, found, and the doctor has nothing to say.

    `jobs` maps each one's id to how many records it had to take in.
    """
    over = "SELECT count(*) FROM kb_job WHERE kind = 'ingest' AND state NOT IN ('done', 'failed')"
    until("the imports are over", lambda: instance.rows(over) == [(0,)])
    for job, records in jobs.items():
        counts = {"created": records, "updated": 0, "unchanged": 0, "failed": 0}
        assert state(instance, job) == ("done", records, counts)
    waiting = "SELECT count(*) FROM search_indexing WHERE wanted <> indexed"
    until("everything is indexed", lambda: instance.rows(waiting) == [(0,)])
    until("pages are served", lambda: instance.get("/healthz")[0] == 200)
    total = sum(jobs.values())
    assert instance.api("/entries", namespace="robots", limit=1)["total"] == total
    found = instance.titles(f"robot {total - 1}", mode="keyword", namespace="robots")
    assert found[0] == f"Robot {total - 1} left its cell"
    assert instance.rows("SELECT count(*) FROM kb_entry WHERE source = 'jsonl'") == [(total,)]
    assert instance.rows("SELECT count(*) FROM kb_entryreference WHERE source = 'jsonl'") == [(total * ADDRESSES,)]
    report = json.loads(instance.manage("doctor", "--json").stdout)
    assert (report["problems"], report["pending_entries"]) == ([], [])
