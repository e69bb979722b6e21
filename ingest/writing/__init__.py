"""Writes records into the knowledge base, many at once, and says what that changed.

The source that made an entry owns its texts, facts, date and tags. Another source that knows the same event adds
identifiers, references, roles and classifications; what it has to say about the event becomes the text of its own page
among the references. Rows that say where they come from are taken back by that source alone. What a curator decided, a
field or a row taken away, no import changes: where it has another word, that is noted as a conflict.

A batch costs the same few queries whether it holds one record or a hundred, so rows are created in bulk: no signals are
sent for them, history is written with them, and the writers announce what changed themselves.
"""
