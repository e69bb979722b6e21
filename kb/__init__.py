"""Precedent: what is known, and how the program is put together."""

from kb.celery import app as celery_app

__all__ = ["celery_app"]
