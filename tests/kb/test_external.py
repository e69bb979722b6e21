"""Identifiers lead to the page of what they name."""

import pytest

from kb.external import is_telling, named_by, normal_value, outside

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


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://incidentdatabase.ai/cite/112", ("aiid", "112")),
        ("http://WWW.incidentdatabase.ai/cite/112/#r12", ("aiid", "112")),
        ("https://incidentdatabase.ai/es/cite/0112/?lang=es", ("aiid", "112")),
        ("https://avidml.org/database/avid-2023-v028", ("avid", "AVID-2023-V028")),
        ("https://avidml.org/database/AVID-2022-R0001/", ("avid", "AVID-2022-R0001")),
        ("https://atlas.mitre.org/studies/AML.CS0001", ("atlas", "AML.CS0001")),
        ("https://oecd.ai/en/incidents/2024-02-15-7d63", ("oecd", "2024-02-15-7d63")),
        ("https://oecd.ai/incidents/2024-02-15-7D63?x=1", ("oecd", "2024-02-15-7d63")),
        ("https://arxiv.org/abs/1706.03762", ("arxiv", "1706.03762")),
        ("http://export.arxiv.org/pdf/1706.03762v5.pdf", ("arxiv", "1706.03762")),
        ("https://www.arxiv.org/html/1706.03762v7#S3", ("arxiv", "1706.03762")),
        ("https://arxiv.org/abs/cs/0112017v1", ("arxiv", "cs/0112017")),
        ("https://arxiv.org/abs/math.GT/0309136", ("arxiv", "math/0309136")),
        ("https://doi.org/10.1145/ABC.3711896", ("doi", "10.1145/abc.3711896")),
        (
            "http://dx.doi.org/10.1002/(SICI)1096%2D8644%3C1::AID%3E3.0.CO;2-R",
            ("doi", "10.1002/(sici)1096-8644<1::aid>3.0.co;2-r"),
        ),
        ("https://doi.org/10.48550/arXiv.1706.03762", ("arxiv", "1706.03762")),
    ],
)
def test_an_address_names_what_it_is_the_page_of(url, named):
    assert named_by(url) == named


@pytest.mark.parametrize(
    "url",
    [
        "",
        "112",
        "https://incidentdatabase.ai/",
        "https://incidentdatabase.ai/cite/112/edit",
        "https://incidentdatabase.ai/reports/112",
        "https://incidentdatabase.ai.example.org/cite/112",
        "ftp://incidentdatabase.ai/cite/112",
        "https://avidml.org/database/",
        "https://atlas.mitre.org/techniques/AML.T0043",
        "https://arxiv.org/list/cs.LG/recent",
        "https://arxiv.org/abs/1706",
        "https://doi.org/abcd",
        "https://example.org/10.1145/3711896",
        "http://[half/cite/1",
    ],
)
def test_other_addresses_name_nothing(url):
    assert named_by(url) is None


@pytest.mark.parametrize(
    ("namespace", "value"),
    [
        ("aiid", "639"),
        ("oecd", "2024-02-15-7d63"),
        ("avid", "AVID-2023-V028"),
        ("atlas", "AML.CS0009"),
        ("arxiv", "1412.6572"),
        ("arxiv", "cs/0112017"),
        ("doi", "10.1145/3711896"),
        ("doi", "10.1002/a?b#c<d>"),
    ],
)
def test_the_page_of_an_identifier_names_it(namespace, value):
    assert named_by(outside(namespace, value).url) == (namespace, value)


@pytest.mark.parametrize(
    ("namespace", "written", "value"),
    [
        ("doi", "10.1145/ABC.1", "10.1145/abc.1"),
        ("doi", "doi: 10.1145/abc.1", "10.1145/abc.1"),
        ("doi", "https://doi.org/10.1145/ABC.1", "10.1145/abc.1"),
        ("arxiv", "arXiv:1706.03762v5", "1706.03762"),
        ("arxiv", "https://arxiv.org/pdf/1706.03762v5", "1706.03762"),
        ("arxiv", "cs/0112017", "cs/0112017"),
        ("avid", "avid-2023-v028", "AVID-2023-V028"),
        ("aiid", "112", "112"),
        ("ours", "Case-v2", "Case-v2"),
    ],
)
def test_an_identifier_has_one_spelling(namespace, written, value):
    assert normal_value(namespace, written) == value
