"""`manage.py up` from the outside: what is started, what is left, what is said when it cannot."""

import http.cookiejar
import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.process.instance import ROOT, Instance, fetch, until

pytestmark = pytest.mark.once


@pytest.fixture
def instance(tmp_path):
    made = Instance(tmp_path)
    yield made
    made.kill_everything()


def test_first_start_second_start_and_nothing_left_behind(instance):
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
    assert "Loading the starter collection" not in instance.log.read_text()[instance._said :]
    instance.interrupt()
    assert instance.processes() == {}


def test_nothing_outlives_a_parent_that_was_killed(instance):
    instance.start()
    assert len(instance.processes()) >= 4  # up, worker, web and its processes

    os.kill(instance.process.pid, signal.SIGKILL)
    instance.process.wait()

    until("every process is gone", lambda: not instance.processes(), 20)


@pytest.mark.parametrize("child", ["web", "worker"])
def test_a_child_that_was_killed_is_started_again(instance, child):
    instance.start()
    killed = instance.pid_of(child)

    os.kill(killed, signal.SIGKILL)

    until(f"the {child} is back", lambda: killed not in instance.processes() and _has(instance, child))
    until("pages are served", lambda: instance.get("/healthz")[0] == 200)
    assert "was ended by SIGKILL; starting it again" in instance.log.read_text()


def _has(instance, child):
    try:
        return instance.pid_of(child)
    except ValueError:
        return 0


def test_the_sign_in_link_works_once(instance):
    instance.start()
    link = instance.sign_in_link()
    status, page = fetch(link, http.cookiejar.CookieJar())
    assert status == 200
    assert "The collection" in page

    status, page = fetch(link, http.cookiejar.CookieJar())
    assert status == 403
    assert "manage.py signin" in page


def test_an_edit_is_found_by_every_web_process_without_a_restart(instance):
    instance.start()
    instance.manage(
        "shell",
        "-v0",
        "-c",
        "from kb.models import *; Incident.objects.create(title='Zeppelin autopilot', summary='It refused to land.')",
    )

    # Connections are spread over the processes; all of them have to know.
    until(
        "the new entry is found time after time",
        lambda: all(instance.titles("zeppelin", mode="keyword") == ["Zeppelin autopilot"] for _ in range(20)),
    )
    instance.manage(
        "shell", "-v0", "-c", "from kb.models import *; Entry.objects.get(title='Zeppelin autopilot').delete()"
    )

    assert all(instance.titles("zeppelin", mode="keyword") == [] for _ in range(20)), "gone at once"


def test_a_taken_port_is_said_plainly(instance):
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
        ("KB_INDEX_URL", "milvus://h:1", "KB_INDEX_URL='milvus://h:1'"),
        ("KB_WEB_PROCESSES", "many", "KB_WEB_PROCESSES='many' must be a whole number from 1 to 64"),
        ("KB_DEBUG", "perhaps", "KB_DEBUG='perhaps' is neither true nor false"),
        ("KB_SECRET_KEY", "short", "KB_SECRET_KEY is too short"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(instance, setting, value, said):
    environment = {**instance.environment, setting: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
