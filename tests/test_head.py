"""HEAD, as servers are answered: a test client would drop the body by itself."""

from collections.abc import Callable

import pytest
from django.test import RequestFactory

from kb.wsgi import application
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


def answered(method: str, path: str) -> tuple[str, dict[str, str], bytes]:
    """Status, headers and body."""
    told: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
        told.append((status, dict(headers)))
        return bytes.__len__  # nobody writes by it

    answer = application(RequestFactory().generic(method, path).environ, start)
    try:
        return *told[0], b"".join(answer)
    finally:
        answer.close()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/incidents/",
        "/entries/lift/",
        "/precedents/",
        "/no/such/page/",
        "/incidents/?format=csv",
        "/api/v1/entries",
    ],
)
def test_head_says_what_get_says_without_its_body(path: str):
    make_entry(title="Lift", summary="A lift sang.")

    (status, headers, body), (status_of_get, headers_of_get, body_of_get) = (
        answered(method, path) for method in ("HEAD", "GET")
    )

    assert (status, body) == (status_of_get, b"")
    assert body_of_get
    assert headers["Content-Type"] == headers_of_get["Content-Type"]
    assert headers.get("Content-Length") == headers_of_get.get("Content-Length")
