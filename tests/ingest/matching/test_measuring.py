"""The command that measures: small collections in the real formats, and what it prints of them."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kb.models import Entry, Job, Proposal
from tests.ingest.sources.snapshots import incident, incidents_csv, pack
from tests.real_inputs import real_input

PLACES = ("Oslo", "Lima", "Quito", "Hanoi", "Dakar", "Perth")
THINGS = ("lift", "tram", "crane", "oven", "drone", "scale")


def rows(count: int = 6) -> list[dict[str, Any]]:
    """Incidents of different things in different towns."""
    return [
        incident(
            number,
            f"{THINGS[number - 1].capitalize()} in {PLACES[number - 1]} obeys the wrong voice",
            date=f"202{number}-05-0{number}",
            description=f"A {THINGS[number - 1]} took a tourist in {PLACES[number - 1]} for its owner by the voice.",
            deployer=[f"{THINGS[number - 1]}-works"],
        )
        for number in range(1, count + 1)
    ]


def snapshot(path: Path, *incidents: dict[str, Any]) -> str:
    return str(pack(path, {"incidents.csv": incidents_csv(list(incidents))}))


def measured(*arguments: str) -> tuple[str, dict[str, Any]]:
    """What the command prints, and the JSON of its last line."""
    out = StringIO()
    call_command("matching", *arguments, "--json", stdout=out)
    printed = out.getvalue()
    return printed, json.loads(printed.splitlines()[-1])


@pytest.mark.django_db
def test_two_snapshots_with_their_numbers_hidden(tmp_path):
    before, after = rows(5), rows(6)
    after[1]["title"] = "Speech-controlled tram follows a passenger's orders"
    after[2] = incident(3, "Bakery scale takes rolls for loaves", date="2019-01-01", description="Bread was dear.")

    printed, result = measured(
        "--aiid", snapshot(tmp_path / "old.tar.bz2", *before), snapshot(tmp_path / "new.tar.bz2", *after)
    )

    quality = result["snapshots"]["0.5"]
    assert (quality["same"], quality["proposed"], quality["right"]) == (5, 4, 4)
    assert (quality["precision"], quality["recall"]) == (1, 0.8)
    assert quality["f1"] == pytest.approx(8 / 9)
    changed = result["snapshots, what changed"]["0.5"]
    assert (changed["same"], changed["right"]) == (2, 1)
    assert "snapshots: 5 pairs" in printed
    assert "precision" in printed
    assert not Entry.objects.exists()
    assert not Proposal.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_cross_references_of_avid_are_the_truth_and_are_hidden(tmp_path):
    incidents = rows(6)
    folder = tmp_path / "avid-db" / "vulnerabilities" / "2023"
    folder.mkdir(parents=True)
    for number in (1, 2):
        said = incidents[number - 1]
        vulnerability = {
            "data_type": "AVID",
            "metadata": {"vuln_id": f"AVID-2023-V00{number}"},
            "affects": {"developer": [], "deployer": [f"{THINGS[number - 1]} works"], "artifacts": []},
            "problemtype": {
                "classof": "AIID Incident",
                "description": {"lang": "eng", "value": said["title"]},
            },
            "references": [{"label": f"Incident {number}", "url": f"https://incidentdatabase.ai/cite/{number}"}],
            "description": {"lang": "eng", "value": said["description"]},
            "impact": {},
            "published_date": "2023-03-30",
        }
        (folder / f"AVID-2023-V00{number}.json").write_text(json.dumps(vulnerability))

    _, result = measured("--avid", str(tmp_path / "avid-db"), "--aiid", snapshot(tmp_path / "new.tar.bz2", *incidents))

    quality = result["avid"]["0.5"]
    assert (quality["same"], quality["proposed"], quality["right"]) == (2, 2, 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Nothing to measure"),
        (["--aiid", "a", "b", "c"], "two snapshots at most"),
        (["--avid", "a"], "say where one of them is"),
        (["--fit", "--aiid", "a"], "--aiaaic FILE"),
        (["--aiid", "/nowhere/a", "/nowhere/b"], "/nowhere/a"),
    ],
)
@pytest.mark.django_db
def test_what_is_missing_is_said(arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("matching", *arguments)


@pytest.mark.django_db
@pytest.mark.thorough
def test_the_published_snapshots(monkeypatch):
    """By words alone, which takes seconds; with meaning it is better still."""
    monkeypatch.setattr("ingest.matching.measuring.registered", lambda: None)
    old, new = (str(real_input(f"aiid/backup-{day}000000.tar.bz2")) for day in ("20250210", "20250324"))

    _, result = measured("--aiid", old, new)

    assert result["snapshots"]["0.5"]["precision"] > 0.97
    assert result["snapshots"]["0.5"]["recall"] > 0.97
