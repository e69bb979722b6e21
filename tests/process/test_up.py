"""`manage.py up` from the outside: what is started, what is left, what is said when it cannot."""

import http.cookiejar
import os
import socket
import subprocess
import sys

import pytest

from kb.management.commands.worker import NICENESS
from tests.process.instance import ROOT, Instance, fetch, until

pytestmark = [pytest.mark.once, pytest.mark.alone]


@pytest.fixture(scope="module")
def running(tmp_path_factory, prepared):
    """A running instance with two web processes, for tests that leave it running."""
    made = Instance(tmp_path_factory.mktemp("running"), like=prepared, KB_WEB_PROCESSES="2")
    try:
        made.start()
        yield made
    finally:
        made.kill_everything()


def test_first_start_second_start_and_nothing_left_behind(empty_instance):
    instance = empty_instance
    instance.start()
    status, home = instance.get("/")
    assert status == 200
    assert "<title>" in home
    assert instance.titles("refund chatbot airline", limit=3)[0].startswith("Air Canada")
    made = instance.manage("doctor", "--json").stdout

    assert instance.interrupt() == 0
    assert instance.processes() == {}

    instance.start()
    assert instance.titles("refund chatbot airline", limit=3)[0].startswith("Air Canada")
    assert instance.manage("doctor", "--json").stdout == made, "nothing was cut, embedded or indexed again"
    assert "Loading the starter collection" not in instance.said()


def test_the_sign_in_link_works_once(running):
    link = running.sign_in_link()
    status, page = fetch(link, http.cookiejar.CookieJar())
    assert status == 200
    assert "The collection" in page

    status, page = fetch(link, http.cookiejar.CookieJar())
    assert status == 403
    assert "manage.py signin" in page


def test_the_worker_makes_way_for_the_pages(running):
    def niceness(name: str) -> int:
        return os.getpriority(os.PRIO_PROCESS, running.pid_of(name))

    until("the worker has begun", lambda: niceness("worker") == NICENESS)
    assert niceness("web") == 0


def test_an_edit_is_found_by_every_web_process_without_a_restart(running):
    shell = ("shell", "-v0", "-c")
    running.manage(
        *shell,
        "from kb.models import *; Incident.objects.create(title='Zeppelin autopilot', summary='It refused to land.')",
    )

    # Connections are spread over the processes; all of them have to know.
    until(
        "the new entry is found time after time",
        lambda: all(running.titles("zeppelin", mode="keyword") == ["Zeppelin autopilot"] for _ in range(20)),
    )
    running.manage(*shell, "from kb.models import *; Entry.objects.get(title='Zeppelin autopilot').delete()")

    assert all(running.titles("zeppelin", mode="keyword") == [] for _ in range(20)), "gone at once"


def test_a_taken_port_is_said_plainly(empty_instance):
    instance = empty_instance
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", instance.port))
        holder.listen()
        done = instance.manage("up", "--port", str(instance.port), check=False)

    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {instance.port}: Address already in use" in done.stderr
    assert f"make run PORT={instance.port + 1}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("KB_DATA_DIR", "/proc/precedent", "KB_DATA_DIR: cannot write in /proc/precedent"),
        ("KB_DATABASE_URL", "mysql://here", "KB_DATABASE_URL='mysql://here': use postgres://"),
        ("KB_DATABASE_URL", "postgres://nobody@127.0.0.1:1/x", "Check KB_DATABASE_URL"),
        ("KB_BROKER_URL", "carrier-pigeon:", "KB_BROKER_URL='carrier-pigeon:': use filesystem:"),
        ("KB_INDEX_URL", "milvus://", "KB_INDEX_URL: use local: or milvus://"),
        ("KB_WEB_PROCESSES", "many", "KB_WEB_PROCESSES='many' must be a whole number from 1 to 64"),
        ("KB_DEBUG", "perhaps", "KB_DEBUG='perhaps' is neither true nor false"),
        ("KB_SECRET_KEY", "short", "KB_SECRET_KEY is too short"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(empty_instance, setting, value, said):
    environment = {**empty_instance.environment, setting: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
