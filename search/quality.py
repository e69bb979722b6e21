"""What a measurement says, for people and programs: figures, how sure they are, and the queries that differ most."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from search.evaluation import MEASURES, Measurement
from search.significance import Comparison, compare

# Every variant is compared with this one, by this measure.
YARDSTICK = "hybrid"
MEASURE = "ndcg@10"
QUERIES_SHOWN = 10
QUERY_CHARS = 200


def report(measured: Measurement, at: datetime) -> dict[str, Any]:
    """The whole measurement as JSON values.

    `variants[name]` has the average of each measure and, for all but the yardstick, `difference`: what the variant has
    over the yardstick in nDCG@10, with the bounds of its 95 % interval and the queries it wins, loses and ties.
    `queries` are those where keyword or vector differ most from the yardstick.
    """
    means = measured.means()
    return {
        "collection": measured.name,
        "measured_at": at.isoformat(timespec="seconds"),
        "engine": measured.engine,
        "model": measured.fingerprint,
        "documents": measured.documents,
        "passages": measured.passages,
        "asked": len(measured.queries),
        "variants": {
            variant: {
                **{name: round(value, 6) for name, value in means[variant].items()},
                "difference": None if variant == YARDSTICK else _as_json(difference),
            }
            for variant, difference in _differences(measured)
        },
        "queries": _apart(measured),
    }


def table(report: dict[str, Any]) -> str:
    """The report as text for a terminal."""
    width = max(10, *(len(variant) + 2 for variant in report["variants"]))
    lines = [f"{'':<{width}}" + "".join(f"{name:>12}" for name in MEASURES) + f"   {MEASURE} against {YARDSTICK}"]
    for variant, values in report["variants"].items():
        figures = "".join(f"{values[name]:>12.4f}" for name in MEASURES)
        lines.append(f"{variant:<{width}}{figures}   {_told(values['difference'])}".rstrip())
    return "\n".join(lines)


def queries_table(report: dict[str, Any]) -> str:
    """The queries that differ most, as text."""
    variants = list(report["queries"][0]["values"]) if report["queries"] else []
    lines = ["".join(f"{variant:>9}" for variant in variants) + f"   {MEASURE} of the queries that differ most"]
    for query in report["queries"]:
        lines.append("".join(f"{query['values'][name]:>9.3f}" for name in variants) + f"   {query['text']}")
    return "\n".join(lines)


def per_query(measured: Measurement) -> list[dict[str, Any]]:
    """Every query with what every variant reached, for a program that wants to look closer."""
    return [
        {
            "id": id,
            "text": text,
            "values": {
                variant: {name: round(each[at], 6) for name, each in values.items()}
                for variant, values in measured.values.items()
            },
        }
        for at, (id, text) in enumerate(measured.queries.items())
    ]


def _differences(measured: Measurement) -> Iterator[tuple[str, Comparison]]:
    yardstick = measured.values[YARDSTICK][MEASURE]
    return ((variant, compare(values[MEASURE], yardstick)) for variant, values in measured.values.items())


def _as_json(difference: Comparison) -> dict[str, Any]:
    return {
        "mean": round(difference.mean, 6),
        "low": round(difference.low, 6),
        "high": round(difference.high, 6),
        "certain": difference.is_certain,
        "wins": difference.wins,
        "losses": difference.losses,
        "ties": difference.ties,
    }


def _apart(measured: Measurement) -> list[dict[str, Any]]:
    """The queries in which the yardstick differs most from a mode, in either direction; largest first."""
    modes = [variant for variant in ("keyword", "vector", YARDSTICK) if variant in measured.values]
    values = {variant: measured.values[variant][MEASURE] for variant in modes}

    def distance(at: int) -> float:
        return max(abs(values[YARDSTICK][at] - values[variant][at]) for variant in modes)

    ids = list(measured.queries)
    order = sorted(range(len(ids)), key=lambda at: (-distance(at), at))[:QUERIES_SHOWN]
    return [
        {
            "id": ids[at],
            "text": " ".join(measured.queries[ids[at]].split())[:QUERY_CHARS],
            "values": {variant: round(values[variant][at], 6) for variant in modes},
        }
        for at in order
        if distance(at) > 0
    ]


def _told(difference: dict[str, Any] | None) -> str:
    if difference is None:
        return ""
    sure = "" if difference["certain"] else ", may be luck"
    return (
        f"{difference['mean']:+.4f} ({difference['low']:+.4f} to {difference['high']:+.4f}{sure}), "
        f"{difference['wins']} won, {difference['losses']} lost, {difference['ties']} even"
    )
