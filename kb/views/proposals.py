"""The queue of entries that may be one: both side by side with what speaks for it, for staff to decide."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from kb import proposals as queue
from kb.listing import Chip
from kb.models import Proposal
from kb.models.provenance import ProposalState
from kb.views.parts import render_part

PAGE_SIZE = 10


@never_cache
@staff_member_required
def proposals(request: HttpRequest) -> HttpResponse:
    """Those to be decided, the likeliest first; `?state=declined` those that were, `?entry=slug` those of one entry."""
    state = request.GET.get("state", "")
    state = state if state in ProposalState.values else ProposalState.OPEN.value
    slug = request.GET.get("entry", "").replace("\0", "")
    found = Proposal.objects.filter(state=state).select_related("entry", "other", "decided_by")
    if slug:
        found = found.filter(Q(entry__slug=slug) | Q(other__slug=slug))
    hanging = [f"{side}__{what}" for side in ("entry", "other") for what in ("external_ids", "roles__entity", "tags")]
    page = Paginator(found.prefetch_related(*hanging), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "rows": [
            {"proposal": one, "lines": queue.evidence_lines(one), "sides": (one.entry, one.other)} for one in page
        ],
        "state": state,
        "chips": [Chip(f"Of one entry: {slug}", f"?state={state}")] if slug else [],
        "here": "?" + urlencode({"state": state} | ({"entry": slug} if slug else {})),
    }
    return render_part(request, "proposals/list.html", "proposals/_list.html", context)


@staff_member_required
@require_POST
def decide(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Make one entry of the two, the one that `keep` names by its id, or note that they are two."""
    proposal = get_object_or_404(Proposal.objects.select_related("entry", "other"), pk=proposal_id)
    kept = {str(one.pk): one for one in (proposal.entry, proposal.other)}.get(request.POST.get("keep", ""))
    try:
        if kept:
            queue.accept(proposal, request.user, kept)
            messages.success(request, f"They are one now: “{kept.title}”.")
        elif "decline" in request.POST:
            queue.decline(proposal, request.user)
            messages.success(request, "They stay two, and are not proposed again.")
        else:
            messages.error(request, "Say which of the two stays.")
    except queue.Decided as error:
        messages.info(request, str(error))
    return redirect("proposals")
