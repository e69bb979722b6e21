"""The pictures of all pages: what they are of, and that something wrong is told."""

import pytest

from tests import screenshots

pytestmark = [pytest.mark.usefixtures("collection"), pytest.mark.once]


def test_every_page_of_its_own_and_one_of_each_sort(live_server, client):
    found = screenshots.pages(live_server.url)

    assert found["home"] == "/"
    assert found["case-studies"] == "/case-studies/"
    assert found["one-of-notes"] == "/entries/calibration/"
    assert found["one-of-entities"].startswith("/entities/")
    assert found["one-of-categories"] == "/taxonomies/harms/harms-financial-loss/"
    assert found["compared"].startswith("/compare/?a=ferry-")
    assert "&b=a-bank-ships" in found["compared"]
    wrong = {name for name, path in found.items() if client.get(path).status_code != 200}
    assert wrong == {"not-here"}


def test_a_page_that_is_not_there_is_told(live_server, browser, tmp_path):
    wanted = {"taxonomies": "/taxonomies/", "missing": "/nothing/"}

    wrong = list(screenshots.take(browser, live_server.url, wanted, tmp_path))

    assert wrong == ["missing: /nothing/ is answered with 404"] * 3
    assert len(list(tmp_path.glob("taxonomies-*.png"))) == 3
