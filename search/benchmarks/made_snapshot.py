"""A snapshot of the AI Incident Database of any size, made up: its layout is the published one, its words are ours.

Sentences are those of the starter collection in another order, so that texts have the words, lengths and tokens of
prose, and no two are alike.
"""

import csv
import json
import random
import re
from pathlib import Path

import kb

PARTIES = {
    "Alleged deployer of AI system": 400,
    "Alleged developer of AI system": 300,
    "Alleged harmed or nearly harmed parties": 900,
}
REPORTS_SHARED = 0.02  # of an incident's reports, those that it has in common with the incident before
INCIDENT_COLUMNS = ["_id", "incident_id", "date", "reports", *PARTIES, "description", "title"]
REPORT_COLUMNS = [
    *("_id", "authors", "date_downloaded", "date_modified", "date_published", "date_submitted", "description"),
    *("epoch_date_downloaded", "epoch_date_modified", "epoch_date_published", "epoch_date_submitted", "image_url"),
    *("language", "ref_number", "report_number", "source_domain", "submitters", "text", "title", "url", "tags"),
]


def make(folder: Path, incidents: int, reports_each: int, characters: int, seed: int = 7) -> Path:
    """Write the snapshot's folder and return it. `characters` is the length of a report's text, about."""
    chance = random.Random(seed)  # noqa: S311 - the same snapshot every time
    sentences = _sentences()
    target = folder / "mongodump_full_snapshot"
    target.mkdir(parents=True)
    with (
        (target / "incidents.csv").open("w", newline="") as incident_file,
        (target / "reports.csv").open("w", newline="") as report_file,
    ):
        write_incident = csv.DictWriter(incident_file, INCIDENT_COLUMNS)
        write_report = csv.DictWriter(
            report_file, REPORT_COLUMNS, quoting=csv.QUOTE_ALL, escapechar="\\", doublequote=False
        )
        write_incident.writeheader()
        write_report.writeheader()
        number = 0
        for incident in range(1, incidents + 1):
            own = list(range(number + 1, number + reports_each + 1))
            number += reports_each
            for report in own:
                write_report.writerow(_report(report, _prose(chance, sentences, characters), chance))
            shared = [own[0] - 1] if incident > 1 and chance.random() < REPORTS_SHARED * reports_each else []
            write_incident.writerow(_incident(incident, [*own, *shared], sentences, chance))
    return target


def _incident(number: int, reports: list[int], sentences: list[str], chance: random.Random) -> dict[str, str]:
    parties = {
        column: json.dumps([f"party-{column.split()[1][:4]}-{chance.randrange(many)}"])
        for column, many in PARTIES.items()
    }
    return parties | {
        "_id": f"ObjectId({number:024x})",
        "incident_id": str(number),
        "date": f"{chance.randrange(2012, 2026)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        "reports": json.dumps(reports),
        "description": " ".join(chance.sample(sentences, 2))[:1000],
        "title": f"{' '.join(chance.choice(sentences).split()[:8])} ({number})",
    }


def _report(number: int, text: str, chance: random.Random) -> dict[str, str]:
    day = f"{chance.randrange(2012, 2026)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
    said = dict.fromkeys(REPORT_COLUMNS, "")
    return said | {
        "_id": f"ObjectId({number:024x})",
        "authors": f"Author {number % 997}",
        "date_published": day,
        "language": "en",
        "report_number": str(number),
        "source_domain": f"paper{number % 211}.example",
        "text": text.replace("\\", "").replace('"', "'"),
        "title": " ".join(text.split()[:9]).replace("\\", "").replace('"', "'"),
        "url": f"https://paper{number % 211}.example/{number}",
    }


def _prose(chance: random.Random, sentences: list[str], characters: int) -> str:
    words: list[str] = []
    length = 0
    while length < characters:
        sentence = chance.choice(sentences)
        # A word of its own in each sentence: identical passages would be embedded once.
        words.append(sentence.replace(" the ", f" the {chance.choice(sentences).split()[0].lower()} ", 1))
        length += len(words[-1]) + 1
        if len(words) % 5 == 0:
            words.append("\n\n")
    return " ".join(words).replace(" \n\n ", "\n\n")


def _sentences() -> list[str]:
    """Sentences of the starter collection."""
    found: list[str] = []
    for path in sorted((Path(kb.__file__).parent / "starter").rglob("*.md")):
        body = path.read_text("utf-8").split("---", 2)[-1]
        found += [part.strip() for part in re.split(r"(?<=[.?!])\s+", body) if 40 <= len(part.strip()) <= 300]
    return [sentence for sentence in found if not re.search(r"[#|`$\[\]<>*]", sentence)]
