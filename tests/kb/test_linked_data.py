"""What a page says to search engines."""

import json
import re

import pytest

from tests.factories import make_entry

pytestmark = pytest.mark.django_db

BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def test_an_entry_says_what_it_is_whatever_its_title(client):
    title = 'A </script><script>alert("1")</script> & <!-- more'
    make_entry(title=title, slug="ferry", occurred_on="2024-02", licence="CC-BY-4.0", tags=["ships"])

    page = client.get("/entries/ferry/").content.decode()

    (block,) = BLOCK.findall(page)
    said = json.loads(block)
    assert (said["@context"], said["@type"]) == ("https://schema.org", "Article")
    assert said["headline"] == title
    assert said["url"] == "http://testserver/entries/ferry/"
    assert said["temporalCoverage"] == "2024-02"
    assert said["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert said["keywords"] == ["ships"]
    assert "<script>alert" not in page
