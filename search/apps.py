"""search's start: its kinds of job, and what it listens to."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"

    def ready(self) -> None:
        from kb import jobs, similar
        from search import receivers

        receivers.connect()
        jobs.register("reindex", "search.jobs.rebuild")
        jobs.register("tune", "search.tuning.work.tune")
        jobs.register("map", "search.map.making.compute")
        similar.register("search.similar")
