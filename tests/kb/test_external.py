"""Identifiers lead to the page of what they name."""

import pytest

from kb.external import is_telling, outside

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("namespace", "value", "label", "url"),
    [
        ("aiid", "639", "AIID 639", "https://incidentdatabase.ai/cite/639/"),
        ("oecd", "2024-02-15-7d63", "OECD 2024-02-15-7d63", "https://oecd.ai/en/incidents/2024-02-15-7d63"),
        ("avid", "AVID-2023-V028", "AVID-2023-V028", "https://avidml.org/database/avid-2023-v028/"),
        ("atlas", "AML.CS0009", "MITRE ATLAS AML.CS0009", "https://atlas.mitre.org/studies/AML.CS0009"),
        ("aiaaic", "AIAAIC1339", "AIAAIC1339", ""),
        ("arxiv", "1412.6572", "arXiv 1412.6572", "https://arxiv.org/abs/1412.6572"),
        ("doi", "10.1145/3711896", "DOI 10.1145/3711896", "https://doi.org/10.1145/3711896"),
        ("ours", "T-1", "ours T-1", ""),
    ],
)
def test_an_identifier_and_its_page(namespace, value, label, url):
    assert outside(namespace, value) == (label, url)


def test_a_value_cannot_leave_its_address():
    assert outside("aiid", '1"><b>?x#y').url == "https://incidentdatabase.ai/cite/1%22%3E%3Cb%3E%3Fx%23y/"


def test_the_key_of_a_source_of_our_own_tells_a_reader_nothing():
    assert not is_telling("starter", "starter")
    assert is_telling("aiid", "aiid")
    assert is_telling("ours", "csv")
