"""`manage.py ingest SOURCE LOCATION`: take a file, folder or archive into the knowledge base."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from ingest.pipeline import COUNTS, start_import
from ingest.sources import SOURCES, SourceError
from ingest.sources.base import read_map
from kb import jobs
from kb.kinds import KINDS
from kb.models import Job
from kb.models.jobs import JobState

SHOWN_PROBLEMS = 20


class Command(BaseCommand):
    help = "Take a file, folder or archive into the knowledge base: as a queued job, or with --now in this process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", choices=sorted(SOURCES))
        parser.add_argument("location", nargs="?", default="", help="path; not needed for starter")
        parser.add_argument("--map", nargs="+", action="extend", default=[], metavar="FIELD=COLUMN")
        parser.add_argument("--kind", choices=sorted(KINDS), help="kind of the entries, where the source does not say")
        parser.add_argument("--namespace", help="namespace of the source's own identifiers")
        parser.add_argument("--now", action="store_true", help="do it here, indexing included, with a progress bar")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["location"] and options["source"] != "starter":
            raise CommandError(f"Where is it? Say: manage.py ingest {options['source']} PATH")
        try:
            chosen = {"map": read_map(options["map"]), "kind": options["kind"], "namespace": options["namespace"]}
            chosen = {name: value for name, value in chosen.items() if value}
            job = start_import(options["source"], options["location"], chosen, ring=not options["now"])
        except SourceError as error:
            raise CommandError(str(error)) from error
        if options["now"]:
            self._do(job)
        else:
            self.stdout.write(str(job.pk))

    def _do(self, job: Job) -> None:
        with tqdm(desc="Importing", unit=" records", disable=None, leave=False) as bar:

            def show(job: Job) -> None:
                bar.total = job.total
                bar.update(job.done - bar.n)

            # None: a running worker was faster to take the job.
            done = jobs.run(job.pk, budget_s=None, progress=show) or jobs.follow(job.pk, show)
        done.refresh_from_db()
        problems = done.problems.all()
        for problem in problems[:SHOWN_PROBLEMS]:
            self.stderr.write(f"{problem.key}: {problem.reason}")
        if len(problems) > SHOWN_PROBLEMS:
            self.stderr.write(f"… and {len(problems) - SHOWN_PROBLEMS} more: see job {done.pk}")
        if done.state == JobState.FAILED:
            raise CommandError(f"The import stopped: {done.error}")
        call_command("reindex", pending=True)
        self.stdout.write(", ".join(f"{name} {done.counts.get(name, 0)}" for name in COUNTS))
