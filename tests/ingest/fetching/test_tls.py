"""Encrypted pages: the certificate has to be that of the name, although the connection goes to the checked address."""

import shutil
import ssl
import subprocess

import pytest

from ingest.fetching import FetchError, client
from tests.ingest.fetching.servers import page, serving

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="certificates for the test are made with openssl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of its own authority for wiki.corp.example, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=wiki.corp.example"
    command += " -addext subjectAltName=DNS:wiki.corp.example"
    subprocess.run([*command.split(), "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


@pytest.fixture
def encrypted(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(context) as one:
        one.replies["/"] = page(b"found")
        yield one


@pytest.fixture
def trusting(monkeypatch, certificate):
    """A machine that trusts the authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    client._tls.cache_clear()
    yield
    client._tls.cache_clear()


def fetch(make, encrypted, name):
    allowed = {(name, encrypted.port)}
    fetcher = make(more=allowed, resolve=lambda host, port: ["127.0.0.1"])
    return fetcher.fetch(f"https://{name}:{encrypted.port}/", 0)


@pytest.mark.usefixtures("trusting")
def test_the_certificate_of_the_name(make, encrypted):
    assert fetch(make, encrypted, "wiki.corp.example").content == b"found"


@pytest.mark.usefixtures("trusting")
def test_the_certificate_of_another_name(make, encrypted):
    with pytest.raises(FetchError, match="a certificate that cannot be trusted") as error:
        fetch(make, encrypted, "other.corp.example")
    assert not error.value.again
    assert encrypted.asked == []


def test_a_certificate_of_nobody_that_is_trusted(make, encrypted):
    client._tls.cache_clear()
    with pytest.raises(FetchError, match="a certificate that cannot be trusted"):
        fetch(make, encrypted, "wiki.corp.example")
