"""What `kb.writes` does, on PostgreSQL: of which entries what was written is, as rows that are added, so that nobody
who writes waits for another.

Each row names the transaction that wrote. What was written since a reader looked is what those transactions wrote that
its snapshot of then does not see, whenever they began, and however long they took to end.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connection, connections, transaction

from kb.writes import COUNTED, NOTED

KEPT_MINUTES = 10

CREATE = (
    "DROP TABLE IF EXISTS kb_written, kb_written_from",
    "CREATE TABLE kb_written (name text NOT NULL, entry bigint, writer xid8 NOT NULL DEFAULT pg_current_xact_id(),"
    " noted_at timestamptz NOT NULL DEFAULT now())",
    "CREATE INDEX kb_written_writer ON kb_written (writer)",
    # Of this transaction and those before it not all is here.
    "CREATE TABLE kb_written_from (writer xid8 NOT NULL)",
    "INSERT INTO kb_written_from VALUES (pg_current_xact_id())",
)
# Whoever may write to a table need not be allowed to write here, nor have the same search path.
FUNCTION = f"""
CREATE OR REPLACE FUNCTION kb_note_{{key}}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO kb_written (name) VALUES (TG_TABLE_NAME);
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO kb_written (name, entry) SELECT DISTINCT TG_TABLE_NAME, {{key}} FROM fresh LIMIT {NOTED + 1};
    END IF;
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        INSERT INTO kb_written (name, entry) SELECT DISTINCT TG_TABLE_NAME, {{key}} FROM stale LIMIT {NOTED + 1};
    END IF;
    RETURN NULL;
END $$"""  # noqa: S608 - our own names
EVENTS = {
    "insert": "REFERENCING NEW TABLE AS fresh",
    "update": "REFERENCING OLD TABLE AS stale NEW TABLE AS fresh",
    "delete": "REFERENCING OLD TABLE AS stale",
    "truncate": "",
}
# Also where a replica is written to.
TRIGGERS = """
SELECT COUNT(*) FROM pg_trigger WHERE tgname LIKE 'kb\\_writes\\_%%' AND tgenabled = 'A'
AND tgrelid IN (SELECT to_regclass(name) FROM unnest(%(tables)s::text[]) AS name)"""
# In a copy that was restored on another server, transactions are numbered anew.
IS_WHOLE = f"""
SELECT ({TRIGGERS}) = %(triggers)s AND (SELECT writer FROM kb_written_from) <= pg_current_xact_id()"""  # noqa: S608
# Where a table has no rows, one says whether what is here is all; of more than are read, it is not.
SINCE = f"""
WITH here AS (
    SELECT ({TRIGGERS}) = %(triggers)s
    AND (SELECT writer FROM kb_written_from) < pg_snapshot_xmin(%(before)s::pg_snapshot) AS is_all
)
SELECT is_all, kb_written.name IS NOT NULL, entry FROM here LEFT JOIN kb_written
ON name = %(table)s AND writer >= pg_snapshot_xmin(%(before)s::pg_snapshot)
AND NOT pg_visible_in_snapshot(writer, %(before)s::pg_snapshot)
GROUP BY 1, 2, 3 LIMIT {NOTED + 1}"""  # noqa: S608 - our own names
FORGET = """
WITH gone AS (DELETE FROM kb_written WHERE noted_at < now() - %s * interval '1 minute' RETURNING writer),
last AS (SELECT writer FROM gone ORDER BY writer DESC LIMIT 1)
UPDATE kb_written_from SET writer = GREATEST(kb_written_from.writer, last.writer) FROM last"""
NAMES: dict[str, Any] = {"tables": list(COUNTED), "triggers": len(COUNTED) * len(EVENTS)}


def install(using: str, **of_signal: Any) -> None:
    """See to it that writes are noted: called after migrations."""
    if connections[using].vendor != "postgresql":
        return
    with transaction.atomic(using), connections[using].cursor() as cursor:
        present = set(connections[using].introspection.table_names(cursor))
        if not present >= COUNTED.keys():
            return
        if present >= {"kb_written", "kb_written_from"}:
            cursor.execute(IS_WHOLE, NAMES)
            if cursor.fetchone()[0]:
                return
        for statement in (*CREATE, *(FUNCTION.format(key=key) for key in set(COUNTED.values()))):
            cursor.execute(statement)
        for table, key in COUNTED.items():
            for event, rows in EVENTS.items():
                name = f"kb_writes_{event}"
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                cursor.execute(
                    f"CREATE TRIGGER {name} AFTER {event} ON {table} {rows} "
                    f"FOR EACH STATEMENT EXECUTE FUNCTION kb_note_{key}()"
                )
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def since(table: str, before: str) -> set[int] | None:
    """Of which entries what was written to a table is that this snapshot does not see; None where that is not known
    any more."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(SINCE, {**NAMES, "table": table, "before": before})
            found = cursor.fetchall()
    except ProgrammingError:  # before migrations there are no such tables
        return None
    if len(found) > NOTED or not found[0][0]:
        return None
    entries = {entry for _, is_written, entry in found if is_written}
    return None if None in entries else entries


def forget(**_: object) -> None:
    """Let go of what was noted a while ago."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(FORGET, [KEPT_MINUTES])
