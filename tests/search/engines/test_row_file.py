"""Rows of a file that is too large to be mapped are the file's, whatever was read before and whatever became of it."""

import numpy as np
import pytest

from search.engines import row_file
from search.engines.row_file import RowFile


@pytest.fixture
def stored(tmp_path, monkeypatch):
    monkeypatch.setattr(row_file, "MAPPED_BYTES", 0)
    matrix = np.arange(200, dtype=np.float32).reshape(50, 4)
    (tmp_path / "rows").write_bytes(matrix.tobytes())
    opened = RowFile(tmp_path / "rows", 50, 4, np.float32)
    yield opened, matrix
    opened.close()


@pytest.mark.parametrize("asked", [[], [7], [3, 49, 0], [49, 3, 3, 12], list(range(50)), [12, 12]])
def test_rows_are_those_of_the_file_beside_what_was_read_before(stored, asked):
    rows, matrix = stored
    for before in ([3, 12, 49], [0]):
        rows.take(np.array(before))
        assert rows.take(np.array(asked, np.int64)).tolist() == matrix[np.array(asked, np.int64)].tolist()


def test_nobody_can_change_what_is_read_next(stored):
    rows, matrix = stored
    asked = np.array([3, 4])
    found = rows.take(asked)

    with pytest.raises(ValueError, match="read-only"):
        found[0] = -1
    asked[:] = [7, 8]

    assert rows.take(asked).tolist() == matrix[[7, 8]].tolist()
