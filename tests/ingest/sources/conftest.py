"""Files to read, written by each test in its own folder."""

import os
from pathlib import Path

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


@pytest.fixture(scope="session")
def real_data():
    """`real_data("seed/LLM.md")` -> that file in the folder KB_TEST_DATA names; a test without it is skipped."""

    def find(name):
        folder = os.environ.get("KB_TEST_DATA", "")
        path = Path(folder, name)
        if not folder or not path.exists():
            pytest.skip(f"needs the published {name}: set KB_TEST_DATA to the folder that holds it")
        return path

    return find
