"""The Celery application. Messages only ring: each names a row, and a lost or doubled one is harmless."""

import logging
import os
from typing import Any

from celery import Celery, Task, shared_task
from celery.signals import setup_logging
from kombu.exceptions import OperationalError

from kb import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings")

broker.register()
app = Celery("kb")
app.set_default()  # for every thread, whichever comes first to ring
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=3,
    task_publish_retry=False,
)
app.autodiscover_tasks()

log = logging.getLogger(__name__)


@setup_logging.connect
def _keep_django_logging(**_: Any) -> None:
    """Having a receiver at all stops Celery from replacing the logging that settings.LOGGING set up."""


def send(task: Task, *args: Any) -> None:
    """Ring for a worker. A broker out of reach is logged and left: the sweep finds what is waiting."""
    try:
        task.apply_async(args=args)
    except (OperationalError, OSError) as error:
        log.warning("the broker cannot be reached (%s); %s waits for the next sweep", error, task.name)


@shared_task
def run_job(job_id: int) -> None:
    from kb import jobs

    jobs.run(job_id)


@shared_task
def sweep() -> None:
    from kb import jobs, signals

    jobs.sweep()
    signals.sweep.send(sender=None)
