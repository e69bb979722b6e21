"""`manage.py map`: compute now where every entry lies on the map."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kb import jobs
from kb.models import Job
from kb.models.jobs import JobState
from search.models import Indexing, MapLayout
from search.progress import Bar


class Command(BaseCommand):
    help = "Compute where every entry lies on the map, which the worker does when the collection has changed enough."

    def handle(self, *args: Any, **options: Any) -> None:
        if waiting := Indexing.objects.workable().count():
            raise CommandError(f"{waiting} entries wait to be indexed: run manage.py reindex first.")
        job = jobs.enqueue("map", {}, ring=False)
        with Bar() as bar:

            def show(job: Job) -> None:
                bar(job.phase or "Placing entries by meaning", job.done, job.total or 0)

            done = jobs.run(job.pk, budget_s=None, progress=show)
        if done is None or done.state != JobState.DONE:
            raise CommandError(done.error if done and done.error else f"job {job.pk} was not finished")
        for layout in MapLayout.objects.order_by("audience"):
            self.stdout.write(f"map for {layout.audience}: {layout.fitted} entries")
        if not MapLayout.objects.exists():
            self.stdout.write("no map: fewer than three entries are indexed")
