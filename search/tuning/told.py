"""What is said of adapted encoders, on the status page and in a terminal."""

from typing import Any

from search import index
from search.models import EncoderState, TunedEncoder
from search.tuning import chosen, proposal, verdict

SHOWN = 8


def for_status(is_staff: bool) -> dict[str, Any]:
    """The encoder that answers searches, those that were made with what was measured, and, for staff, whether to make
    another."""
    return {
        "in_use": index.fingerprint() or "not available",
        "tuned": chosen.in_use(),
        "rows": [
            {"encoder": row, "changes": [verdict.from_json(values) for values in row.figures]}
            for row in TunedEncoder.objects.exclude(state=EncoderState.DECLINED)[:SHOWN]
        ],
        "proposal": proposal.current() if is_staff else None,
    }


def lines(row: TunedEncoder) -> list[str]:
    """An encoder in a few lines: what it is, what it was made of, and what was measured."""
    # Not in the order that was written: PostgreSQL keeps none.
    kinds = sorted(row.pairs.items(), key=lambda pair: (pair[0] == "held out", -pair[1], pair[0]))
    made_of = ", ".join(f"{count:,} {kind}" for kind, count in kinds)
    found = [f"{row.name}   {row.get_state_display().lower()}, {row.created_at:%Y-%m-%d %H:%M}"]
    if made_of:
        found.append(f"  from {row.base}, on {made_of}")
    found += [f"  {verdict.from_json(values)}" for values in row.figures]
    if row.verdict:
        found.append(f"  {row.verdict}")
    return found
