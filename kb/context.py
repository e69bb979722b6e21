"""What every page may show."""

from typing import Any

from django.http import HttpRequest

from kb.kinds import KINDS


def site(request: HttpRequest) -> dict[str, Any]:
    return {"kinds": KINDS.values()}
