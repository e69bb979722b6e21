"""What can be known to be wrong before the first request."""

import sqlite3
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def sqlite_is_recent(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Django's JSON columns need SQLite's JSON1, which a few old builds left out."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") and sqlite3.sqlite_version_info < (3, 31):
        return [
            Error(
                f"SQLite {sqlite3.sqlite_version} is too old.",
                hint="Use a Python built with SQLite 3.31 or newer, or set KB_DATABASE_URL to a PostgreSQL database.",
                id="kb.E001",
            )
        ]
    return []
