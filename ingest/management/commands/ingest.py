"""`manage.py ingest SOURCE LOCATION`: take a file, folder, archive or address into the knowledge base."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from ingest import schedules
from ingest.pipeline import COMMON, retry_failed, start_import
from ingest.sources import SOURCES, SourceError
from ingest.sources.base import read_map
from ingest.told import count_line, told_change
from kb import jobs
from kb.kinds import KINDS
from kb.models import Job
from kb.models.jobs import JobState

SHOWN_PROBLEMS = 20
SHOWN_CHANGES = 10
OPTIONS = ("kind", "namespace", "sheet", "kept", *COMMON)


class Command(BaseCommand):
    help = "Take a file, folder, archive or address into the knowledge base: as a queued job, or with --now here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", choices=sorted(SOURCES))
        parser.add_argument("location", nargs="?", default="", help="path or address; not needed for starter")
        parser.add_argument("--map", nargs="+", action="extend", default=[], metavar="FIELD=COLUMN")
        parser.add_argument("--kind", choices=sorted(KINDS), help="kind of the entries, where the source does not say")
        parser.add_argument("--namespace", help="namespace of the source's own identifiers")
        parser.add_argument("--sheet", help="the sheet of a workbook that is read")
        parser.add_argument("--kept", choices=["only"], help="read addresses from the pages that were kept alone")
        parser.add_argument("--status", choices=COMMON["status"], help="where a record does not say")
        parser.add_argument("--visibility", choices=COMMON["visibility"], help="where a record does not say")
        parser.add_argument("--deleted", choices=COMMON["deleted"], help="whether what was deleted here may return")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--now", action="store_true", help="do it here, indexing included, with a progress bar")
        how.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        how.add_argument("--watch", action="store_true", help="do it here, and again whenever a file changes")
        how.add_argument("--every", metavar="TIME", help="repeat it on a schedule: 30m, 6h, 7d; 'never' ends that")
        how.add_argument("--retry", type=int, metavar="JOB", help="take those records alone that this job failed to")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["location"] and options["source"] != "starter" and not options["retry"]:
            raise CommandError(f"Where is it? Say: manage.py ingest {options['source']} PATH")
        try:
            chosen = {"map": read_map(options["map"])} | {name: options[name] for name in OPTIONS}
            chosen = {name: value for name, value in chosen.items() if value}
            self._handle(options["source"], options["location"], chosen, options)
        except SourceError as error:
            raise CommandError(str(error)) from error

    def _handle(self, source: str, location: str, chosen: dict[str, Any], options: dict[str, Any]) -> None:
        if options["every"]:
            self.stdout.write(schedules.repeat(source, location, chosen, options["every"]))
        elif options["dry_run"]:
            self._rehearse(start_import(source, location, chosen, ring=False, dry_run=True))
        elif options["watch"]:
            from ingest import watching

            self._do(start_import(source, location, chosen, ring=False))
            self.stdout.write(f"Watching {location}; Ctrl-C ends it.")

            def again() -> None:
                try:
                    self._do(start_import(source, location, chosen, ring=False))
                except (SourceError, CommandError) as error:  # the next change may mend it
                    self.stderr.write(str(error))

            watching.watch(location, again)
        elif options["now"]:
            self._do(start_import(source, location, chosen, ring=False))
        elif options["retry"]:
            self._queued(self._retried(options["retry"], source))
        else:
            self._queued(start_import(source, location, chosen))

    def _queued(self, job: Job) -> None:
        """The number alone for programs; to people also what it is."""
        self.stdout.write(str(job.pk))
        if self.stdout.isatty():
            self.stdout.write(
                f"Job {job.pk} waits for a worker (manage.py up has one); /jobs/{job.pk}/ shows how far it is."
            )

    def _retried(self, job_id: int, source: str) -> Job:
        job = Job.objects.filter(pk=job_id, kind="ingest").first()
        if job is None:
            raise CommandError(f"There is no import {job_id}.")
        if (of := job.parameters["source"]) != source:
            raise CommandError(f"Job {job_id} is an import of {of}. Say: manage.py ingest {of} --retry {job_id}")
        try:
            return retry_failed(job)
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _do(self, job: Job) -> None:
        done = self._run(job, "Importing")
        call_command("reindex", pending=True, quiet_when_idle=True)
        self._match(done)
        self.stdout.write(count_line(done.counts))

    def _match(self, done: Job) -> None:
        """Do the comparison that the import asked for, unless a worker does it already."""
        for job in Job.objects.filter(kind="match", parameters__job=done.pk, state=JobState.PENDING):
            with tqdm(desc="Comparing", unit=" entries", disable=None, leave=False) as bar:

                def show(job: Job) -> None:
                    bar.total = job.total
                    bar.update(job.done - bar.n)

                compared = jobs.run(job.pk, budget_s=None, progress=show)
            if compared and (proposed := compared.counts.get("proposed")):
                self.stdout.write(f"{proposed} pairs of entries may be the same: see /proposals/")

    def _rehearse(self, job: Job) -> None:
        done = self._run(job, "Looking")
        changes = done.changes.order_by("pk")[:SHOWN_CHANGES]
        for change in changes:
            for line in told_change(change):
                self.stdout.write(line)
            self.stdout.write("")
        if (rest := sum(done.counts.get(name, 0) for name in ("created", "updated")) - len(changes)) > 0:
            self.stdout.write(f"… and {rest} more\n")
        self.stdout.write(f"Nothing was stored. An import would make this: {count_line(done.counts)}")

    def _run(self, job: Job, words: str) -> Job:
        told = False
        with tqdm(desc=words, unit=" records", disable=None, leave=False) as bar:

            def show(job: Job) -> None:
                nonlocal told
                if not told and (mapping := job.parameters.get("mapping")):
                    told = True
                    tqdm.write("Columns: " + ", ".join(f"{field}={column}" for field, column in mapping.items()))
                bar.total = job.total
                bar.set_description(job.phase or words, refresh=False)
                bar.update(job.done - bar.n)

            # None: a running worker was faster to take the job.
            done = jobs.run(job.pk, budget_s=None, progress=show) or jobs.follow(job.pk, show)
        done.refresh_from_db()
        problems = done.problems.all()
        for problem in problems[:SHOWN_PROBLEMS]:
            self.stderr.write(f"{problem.key}: {problem.reason}")
        if len(problems) > SHOWN_PROBLEMS:
            self.stderr.write(f"… and {len(problems) - SHOWN_PROBLEMS} more: see job {done.pk}")
        if done.state != JobState.DONE:
            raise CommandError(f"The import stopped: {done.error or done.get_state_display()}")
        return done
