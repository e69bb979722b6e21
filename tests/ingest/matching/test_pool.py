"""Looking for what to compare with grows with the entries, and not with their square."""

import time

from ingest.matching.accounts import Account
from ingest.matching.pool import Pool

COPIES = 5_000


def test_thousands_of_copies_of_one_text_are_no_work():
    pool = Pool(
        Account(number, "note", "A lift stands still", "It stood between two floors.") for number in range(COPIES)
    )
    began = time.process_time()

    found = [pool.candidates(number) for number in range(0, COPIES, 2)]

    assert time.process_time() - began < 3
    assert all(0 < len(others) < 100 for others in found)
