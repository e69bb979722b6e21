"""The embedded broker hands each message to one reader, whole, or not at all."""

from queue import Empty

import pytest
from kombu import Connection

from kb import broker

pytestmark = pytest.mark.once


@pytest.fixture
def channels(tmp_path):
    """Two processes' views of one broker."""
    broker.register()
    options = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(tmp_path))
    connections = [Connection("folder://localhost", transport_options=options) for _ in range(2)]
    yield [connection.channel() for connection in connections]
    for connection in connections:
        connection.release()


def test_messages_come_once_and_in_order(channels):
    one, other = channels
    for number in range(3):
        one._put("work", {"number": number})

    assert [other._get("work"), one._get("work"), other._get("work")] == [{"number": n} for n in range(3)]
    with pytest.raises(Empty):
        one._get("work")


def test_a_queue_gets_its_own_messages_only(channels):
    one, other = channels
    one._put("work", {"for": "work"})

    with pytest.raises(Empty):
        other._get("play")
    assert other._get("work") == {"for": "work"}


def test_a_message_that_is_still_being_written_is_not_seen(channels, tmp_path):
    (tmp_path / "1_x.work.msg.draft").write_text('{"hal')

    with pytest.raises(Empty):
        channels[0]._get("work")
