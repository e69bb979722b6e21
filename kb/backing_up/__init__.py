"""Everything that an instance knows, in one file: made, and put back. What can be computed anew is left out."""

import re
from collections.abc import Iterator

from django.apps import apps
from django.db.models import Model

VERSION = 1
MANIFEST = "manifest.json"
END = "end.json"  # how many rows each table has: without it, something is torn off
TABLE = re.compile(r"tables/([a-z_]+)\.([a-z0-9_]+)\.jsonl")
CONTENT = re.compile(r"files/[0-9a-f]{2}/([0-9a-f]{64})")
KEPT_PAGE = re.compile(r"pages(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}){1,4}")

# What the index is computed from is computed anew, sessions end, and what Django notes about its tables is its own.
LEFT_OUT_APPS = {"admin", "contenttypes", "sessions"}
LEFT_OUT = {"auth.permission", "auth.group_permissions", "auth.user_user_permissions"}
# Who may sign in, and what is done without anybody asking.
ACCOUNTS = {"auth.user", "auth.group", "auth.user_groups", "kb.apitoken"}


def tables() -> Iterator[type[Model]]:
    """The tables that are kept, those that join two others included. A model says with `is_computed` that it is not."""
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label_lower
        if model._meta.proxy or not model._meta.managed or model._meta.app_label in LEFT_OUT_APPS:
            continue
        if label not in LEFT_OUT and not getattr(model, "is_computed", False):
            yield model
