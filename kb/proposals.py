"""Proposals that two entries are one thing: what speaks for them in words, and what becomes of them."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from kb.merging import merge_entries
from kb.models import Change, Entry, Proposal
from kb.models.entries import User
from kb.models.provenance import Action, ProposalState

WORTH_SAYING = 0.2  # of a signal between 0 and 1


class Decided(ValueError):
    """The proposal was decided already, or is gone; the message says so to whoever decided too late."""


def accept(proposal: Proposal, user: User, keep: Entry) -> Entry:
    """Make one entry of the two, which is `keep` with all that the other had; returns it.

    The proposal is gone with the other entry, and a Change says what was merged. ValueError when `keep` is neither;
    Decided when somebody was faster.
    """
    with transaction.atomic():
        current = _open(proposal)
        if keep.pk not in (current.entry_id, current.other_id):
            raise ValueError(f"{keep} is not of this proposal")
        kept, gone = (current.entry, current.other) if keep.pk == current.entry_id else (current.other, current.entry)
        title, was_hidden = gone.title, gone.is_hidden or kept.is_hidden
        merge_entries(gone, kept)
        Change.objects.create(
            entry=kept,
            user=_known(user),
            kind=kept.kind,
            title=kept.title,
            action=Action.MERGED,
            fields={"entry": {"from": title, "to": kept.title}},
            was_hidden=was_hidden,
        )
    return kept


def decline(proposal: Proposal, user: User) -> None:
    """Note that the two are not the same; they are not proposed again. Decided when somebody was faster."""
    with transaction.atomic():
        current = _open(proposal)
        current.state, current.decided_by, current.decided_at = ProposalState.DECLINED, _known(user), timezone.now()
        current.save(update_fields=["state", "decided_by", "decided_at"])


def fuller(proposal: Proposal) -> Entry:
    """The one of the two to keep unless somebody says otherwise: public before hidden, then the one that more hangs
    on, then the older."""
    return max((proposal.entry, proposal.other), key=lambda entry: (not entry.is_hidden, _weight(entry), -entry.pk))


def evidence_lines(proposal: Proposal) -> list[str]:
    """What speaks for the proposal and against it, a sentence each, the strongest first."""
    evidence = proposal.evidence if isinstance(proposal.evidence, dict) else {}
    return [*_lines(evidence, evidence.get("signals", {}))]


def _lines(evidence: dict[str, Any], signals: dict[str, float]) -> Iterator[str]:
    if articles := evidence.get("articles"):
        yield f"Both rest on {_listed(articles)}"
    if signals.get("copy", 0) >= WORTH_SAYING:
        yield f"{signals['copy']:.0%} of the wording is the same"
    if signals.get("title") == 1:
        yield "The titles have the same words"
    if words := evidence.get("words"):
        yield f"Rare words in both: {_listed(words)}"
    if "meaning" in signals:
        yield f"Nearness in meaning: {signals['meaning']:.2f} of 1"
    if entities := evidence.get("entities"):
        yield f"Both name {_listed(entities)}"
    elif signals.get("strangers"):
        yield "Against it: they name different parties"
    dates = evidence.get("dates", [])
    if len(dates) == 2:
        against = "Against it: the" if signals.get("far", 0) >= WORTH_SAYING else "The"
        yield f"{against} dates are {dates[0]} and {dates[1]}"


def _listed(items: list[Any]) -> str:
    return ", ".join(map(str, items))


def _weight(entry: Entry) -> int:
    """How much hangs on an entry."""
    rows = (entry.external_ids, entry.citations, entry.roles, entry.classifications)
    return sum(row.count() for row in rows) + bool(entry.body) + bool(entry.summary)


def _open(proposal: Proposal) -> Proposal:
    """The row as it is now, locked. Of two who decide, the second is told."""
    rows = Proposal.objects.select_for_update(of=("self",)).select_related("entry", "other")
    current = rows.filter(pk=proposal.pk).first()
    if current is None:
        raise Decided("One of the two entries is gone, and the proposal with it.")
    if current.state != ProposalState.OPEN:
        raise Decided(f"This was decided already: {current.get_state_display().lower()}.")
    return current


def _known(user: User) -> Any:
    return user if user is not None and user.is_authenticated else None
