"""Settings of the test run: a data folder of its own that goes with the run, and a model that needs no weights."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="precedent-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["KB_DATA_DIR"] = _folder
os.environ["KB_EMBEDDER"] = "hashing:256"
os.environ["KB_BROKER_URL"] = "filesystem:"

from kb.settings import *  # noqa: E402, F403
from kb.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # In a file, as in real use: SQLite in memory has other locks.
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(_folder, "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
