"""What an AVID record says beyond its description, as Markdown: measurements, severity, further ratings."""

from collections.abc import Iterable
from typing import Any

from ingest.records import clean_line
from ingest.sources.avid import fields as avid_fields
from ingest.sources.lists import as_list

MAX_ROWS = 200


def sections(doc: dict[str, Any]) -> list[str]:
    """The sections that follow the description; none where the record has no more to say."""
    return [section for section in (_measurements(doc), _severity(doc)) if section]


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a Markdown table with a column for each key, in the order in which they first come."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, ["---"] * len(columns), *([_cell(row.get(name)) for name in columns] for row in rows[:MAX_ROWS])]
    left = f"\n\n… and {len(rows) - MAX_ROWS} more rows" if len(rows) > MAX_ROWS else ""
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines) + left


def _measurements(doc: dict[str, Any]) -> str:
    metrics = [metric for metric in as_list(doc.get("metrics")) if isinstance(metric, dict)]
    single = [metric for metric in metrics if not isinstance(metric.get("results"), dict | list)]
    parts = [_flat(single)] if single else []
    parts += [_with_results(metric) for metric in metrics if metric not in single]
    return "\n\n".join(["## Measurements", *parts]) if any(parts) else ""


def _flat(metrics: list[dict[str, Any]]) -> str:
    """One row a metric, what is nested in it by the inner names: `{"features": {"sensitive": "gender"}}`."""
    rows = []
    for metric in metrics:
        row: dict[str, Any] = {}
        for key, value in metric.items():
            if isinstance(value, dict):
                row |= {inner if key == "features" else key: part for inner, part in value.items() if inner == "name"}
                row |= {inner: part for inner, part in value.items() if key == "features"}
            else:
                row["metric" if key == "metrics" else key] = value
        rows.append({str(key).replace("_", " "): value for key, value in row.items()})
    return table(rows)


def _with_results(metric: dict[str, Any]) -> str:
    name = clean_line(avid_fields.text(metric.get("name"))) or "Results"
    method = clean_line(avid_fields.text(avid_fields.part(metric, "detection_method").get("name")))
    heading = f"### {name}" + (f" ({method})" if method else "")
    results = metric["results"]
    groups = results.values() if isinstance(results, dict) else [results]
    tables = [table(rows) for group in groups if (rows := _rows(group))]
    if isinstance(results, dict):
        columns = {key: value for key, value in results.items() if isinstance(value, list) and not _rows(value)}
        single = {key: value for key, value in results.items() if not isinstance(value, list | dict)}
        tables += [table(_across(columns))] if columns else []
        tables += [table([single])] if single else []
    return "\n\n".join([heading, *tables])


def _rows(group: Any) -> list[dict[str, Any]]:
    return [row for row in as_list(group) if isinstance(row, dict)]


def _across(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Rows from columns: `{"model": ["a", "b"], "score": [1, 2]}`."""
    length = max(len(values) for values in columns.values())
    return [{key: values[n] for key, values in columns.items() if n < len(values)} for n in range(length)]


def _severity(doc: dict[str, Any]) -> str:
    impact = avid_fields.part(doc, "impact")
    lines = []
    for score in as_list(impact.get("cvss")):
        if isinstance(score, dict):
            said = (score.get(key) for key in ("baseScore", "baseSeverity", "vectorString"))
            if words := _joined(said):
                lines.append(f"- CVSS {_cell(score.get('version'))}: {words}".replace("CVSS :", "CVSS:"))
    if rating := _cell(avid_fields.part(impact, "odin").get("SocialImpactScore")):
        lines.append(f"- 0DIN social impact: {rating}")
    return "\n".join(["## Severity", "", *lines]) if lines else ""


def _joined(values: Iterable[Any]) -> str:
    return ", ".join(word for value in values if (word := _cell(value)))


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return _joined(value)
    if isinstance(value, dict):
        return _joined(value.values())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return clean_line(avid_fields.text(value)).replace("|", "\\|").replace("\\\\|", "\\|")
