#!/usr/bin/env python
"""Precedent's command line: `manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        settings.INSTALLED_APPS  # noqa: B018  (loads the settings, so that a bad value is one plain sentence)
    except ImproperlyConfigured as error:
        sys.exit(f"Precedent cannot start. {error}")
    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as error:
        sys.exit(f"The database cannot be used: {str(error).strip()}\nmanage.py up, or migrate, prepares a new one.")
    except KeyboardInterrupt:
        sys.exit("\nStopped. What was not finished goes on the next time.")


if __name__ == "__main__":
    main()
