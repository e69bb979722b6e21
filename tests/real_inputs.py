"""Files that other people made: the databases' own exports, to try the program on what it is for.

None of them is part of the repository. They are looked for in the folder that KB_REAL_INPUTS names, else in
`../shared/data`; tests that need them are skipped, with the reason, where they are not.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("KB_REAL_INPUTS") or ROOT.parent / "shared" / "data")

needs_real_inputs = pytest.mark.skipif(
    not (FOLDER / "aiid").is_dir(),
    reason=f"the databases' own files are not in {FOLDER}; KB_REAL_INPUTS names their folder",
)


def real_input(name: str) -> Path:
    """That file in the folder, `aiid/backup-20250210000000.tar.bz2`; skips the test that needs it where it is not."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{name} is not in {FOLDER}; KB_REAL_INPUTS names the folder that holds it")
    return path
