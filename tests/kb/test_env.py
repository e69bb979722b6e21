"""Settings that are more than a word: what is taken, and what is refused."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from kb import env

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "url",
    [
        "local:",
        "milvus://milvus.example",
        "milvus://10.0.0.7:19531/team",
        "milvus://[::1]:19530",
        "milvus://kb:s%40cret@milvus.example:443/team?collection=public&keywords=local&index=hnsw&tls=1",
    ],
)
def test_the_index_is_local_or_in_a_milvus(monkeypatch, url):
    monkeypatch.setenv("KB_INDEX_URL", url)
    assert env.index("KB_INDEX_URL") == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("faiss:", "use local: or milvus://user:password@host:19530"),
        ("milvus://", "use local: or milvus://"),
        ("milvus:19530", "use local: or milvus://"),
        ("milvus://kb:secret@h:99999", "use local: or milvus://"),
        ("milvus://kb:secret@h/a/b", "use local: or milvus://"),
        ("milvus://kb:secret@h#", "use local: or milvus://"),
        ("milvus://kb:secret@h?collection=a#b", "use local: or milvus://"),
        ("MILVUS://kb:secret@h", "use local: or milvus://"),
        ("mil\tvus://kb:secret@h", "use local: or milvus://"),
        ("milvus://kb:secret@h?colection=x", "there is no option 'colection', only collection, keywords, index, tls"),
        ("milvus://kb:secret@h?collection=1x", "collection='1x' does not match"),
        ("milvus://kb:secret@h?keywords=both", "keywords='both' does not match local|server"),
        ("milvus://kb:secret@h?index=diskann", "index='diskann' does not match FLAT"),
    ],
)
def test_nonsense_is_refused_without_telling_the_password(monkeypatch, url, said):
    monkeypatch.setenv("KB_INDEX_URL", url)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.index("KB_INDEX_URL")
    assert str(refused.value).startswith("KB_INDEX_URL: ")
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
