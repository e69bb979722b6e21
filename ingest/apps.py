from django.apps import AppConfig


class IngestConfig(AppConfig):
    name = "ingest"

    def ready(self) -> None:
        from kb import jobs

        jobs.register("ingest", "ingest.pipeline.work")
