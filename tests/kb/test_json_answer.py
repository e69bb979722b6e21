"""Answers of the API, whatever is in them."""

import json
import os
from datetime import UTC, date, datetime

from kb.json_answer import JsonAnswer


def said(data) -> object:
    answer = JsonAnswer(data)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    return json.loads(answer.content)


def test_data_is_written_as_it_is():
    data = {"a": [1, 2.5, None, True, "é\u2028<b>"], "b": {}}
    assert said(data) == data
    assert said({"day": date(2024, 2, 14), "at": datetime(2024, 2, 14, tzinfo=UTC), "pair": (1, 2)}) == {
        "day": "2024-02-14",
        "at": "2024-02-14T00:00:00Z",
        "pair": [1, 2],
    }


def test_the_name_of_a_file_that_is_no_text_is_told_too():
    name = os.fsdecode(b"caf\xe9.csv")
    assert said({"location": name, "day": date(2024, 2, 14)}) == {"location": name, "day": "2024-02-14"}


def test_what_lies_deep_is_written():
    deep: list = []
    for _ in range(400):
        deep = [deep]
    assert said(deep) == deep
