"""Imports survive SIGKILL at any moment: with each broker and database, every record ends up in once."""

import json
import os
import signal

import pytest

from tests.process.instance import Instance, until

pytestmark = pytest.mark.once

RECORDS = 900


@pytest.fixture(params=["filesystem and SQLite", "RabbitMQ and PostgreSQL", "Redis and PostgreSQL"])
def instance(request, tmp_path):
    settings = {}
    if "PostgreSQL" in request.param:
        settings["KB_DATABASE_URL"] = request.getfixturevalue("postgres_database")
    if "RabbitMQ" in request.param:
        settings["KB_BROKER_URL"] = request.getfixturevalue("rabbitmq_vhost")
    if "Redis" in request.param:
        settings["KB_BROKER_URL"] = request.getfixturevalue("redis_database")
    made = Instance(tmp_path, **settings)
    yield made
    made.kill_everything()


def test_a_worker_killed_in_the_middle_of_an_import_loses_nothing(instance):
    records = instance.folder / "records.jsonl"
    with records.open("w") as file:
        for number in range(RECORDS):
            row = {"id": number, "title": f"Robot {number} left its cell", "summary": f"It was robot number {number}."}
            file.write(json.dumps(row) + "\n")
    instance.start()
    job = instance.manage("ingest", "jsonl", str(records), "--kind", "incident", "--namespace", "robots").stdout.strip()

    for share in (0.1, 0.4, 0.7):
        _wait_for(instance, job, share)
        os.kill(instance.pid_of("worker"), signal.SIGKILL)
    done = until("the job is done", lambda: _state(instance, job)["state"] == "done" and _state(instance, job), 180)

    assert done["counts"] | {"created": RECORDS, "failed": 0} == done["counts"]
    entries = instance.api("/entries", namespace="robots", limit=1)
    assert entries["total"] == RECORDS
    report = until("everything is indexed", lambda: _settled(instance), 180)
    assert report["problems"] == []
    assert instance.titles("robot 777", mode="keyword", namespace="robots")[0] == "Robot 777 left its cell"
    again = instance.manage("ingest", "jsonl", str(records), "--kind", "incident", "--namespace", "robots", "--now")
    assert again.stdout.splitlines()[-1] == f"created 0, updated 0, unchanged {RECORDS}, failed 0"


def _state(instance, job):
    return instance.api(f"/jobs/{job}")


def _wait_for(instance, job, share):
    """Until that share of the records is in, with a worker there to be killed."""
    until(f"{share:.0%} of the import", lambda: _state(instance, job)["done"] >= share * RECORDS, 120)
    until("a worker", lambda: any(" worker" in command for command in instance.processes().values()))


def _settled(instance):
    report = json.loads(instance.manage("doctor", "--json", check=False).stdout)
    return report if not report["pending_entries"] else None
