"""For the page that shows what `evaluate --keep` measured."""

from collections.abc import Iterator
from typing import Any

from django import template

register = template.Library()

LABELS = {
    "keyword": "Words",
    "vector": "Meaning",
    "hybrid": "Words and meaning",
    "reranked": "Words and meaning, re-ranked",
}


@register.filter
def variants(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a report's table, labelled for readers."""
    for name, values in report["variants"].items():
        yield {
            "label": LABELS.get(name, name.replace("-", " ").capitalize()),
            "ndcg": values["ndcg@10"],
            "recall_10": values["recall@10"],
            "recall_100": values["recall@100"],
            "difference": values["difference"],
        }


@register.filter
def signed(value: float) -> str:
    """With a sign that is as wide as the other: '+0.031', '−0.004'."""
    return f"{value:+.3f}".replace("-", "−")
