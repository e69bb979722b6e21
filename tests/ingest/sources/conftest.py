"""Files to read, written by each test in its own folder."""

import pytest


@pytest.fixture
def write(tmp_path):
    """`write("a/b.md", text or bytes)` -> its path; folders are made."""

    def write_file(name, content=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return path

    return write_file
