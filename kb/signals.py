"""What kb announces; the other apps listen, kb does not know them."""

from django.dispatch import Signal

entries_changed = Signal()
"""Something searchable about entries changed, or they are gone. Sent inside the transaction, with `ids: list[int]`."""

sweep = Signal()
"""The worker's round at start and every minute: whoever keeps work in the database rings for what is still waiting."""

process_started = Signal()
"""A process that will answer or work for long is ready: what is slow to load can be loaded beside its first work.
Sent with `awaited: bool`: whether somebody may be waiting for that already."""
