"""`manage.py tune`: adapt the encoder to this collection, see what came of it, and go back."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kb import jobs
from kb.models import Job
from kb.models.jobs import JobState
from search.errors import IndexBusy, SemanticUnavailable
from search.models import EncoderState, TunedEncoder
from search.progress import Bar
from search.tuning import chosen, told, work

WAIT_S = 60.0


class Command(BaseCommand):
    help = (
        "Adapt the encoder to the titles, texts, reports and links of this collection. The new encoder is used only if "
        "pairs that were held out, and the judged questions where there are any, show that it is better."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--queue", action="store_true", help="leave it to the worker, and print the job's number")
        what.add_argument("--list", action="store_true", help="the encoders that were made, and what was measured")
        what.add_argument("--back", action="store_true", help="go back to the encoder that was in use before")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self._list()
        elif options["back"]:
            self._back()
        elif options["queue"]:
            self.stdout.write(f"job {jobs.enqueue('tune', {}).pk}")
        else:
            self._tune()

    def _tune(self) -> None:
        job = jobs.enqueue("tune", {}, ring=False)
        with Bar() as bar:

            def show(job: Job) -> None:
                bar(job.phase or "Adapting the encoder", job.done, job.total or 0)

            done = jobs.run(job.pk, budget_s=None, progress=show)
        if done is None or done.state in (JobState.FAILED, JobState.PENDING):
            raise CommandError(done.error if done and done.error else f"job {job.pk} was not finished")
        row = TunedEncoder.objects.filter(name=done.parameters.get("encoder")).first()
        for line in told.lines(row) if row else ():
            self.stdout.write(line)

    def _list(self) -> None:
        rows = TunedEncoder.objects.exclude(state=EncoderState.DECLINED)
        for row in rows:
            for line in told.lines(row):
                self.stdout.write(line)
        in_use = chosen.in_use()
        self.stdout.write(f"in use: {in_use.name if in_use else chosen.plain_name()}")

    def _back(self) -> None:
        try:
            with Bar(" entries") as bar:
                row = work.back(bar.of("Building the index"), WAIT_S)
        except LookupError as error:
            raise CommandError(str(error)) from error
        except IndexBusy as error:
            raise CommandError(f"The index is being written to: {error}. Nothing has changed.") from error
        except SemanticUnavailable as error:
            raise CommandError(f"Nothing has changed: {error}") from error
        self.stdout.write(f"in use: {row.name if row else chosen.plain_name()}")
