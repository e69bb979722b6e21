"""`card.png` below entries, entities, categories and the site: what is shown of a page where its address is shared."""

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from kb import cards
from kb.models import Category, Entity, Entry
from kb.models.dates import tell_date
from kb.rights import sees_hidden
from kb.views.entities import entity_as_read
from kb.views.entry import moved
from kb.views.taxonomies import category_as_read

# Seconds for which a card may be shown that is not asked for anew: an entry may be withdrawn.
KEPT_S = 3600


@require_safe
def entry_card(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The card of the entry, for those who may read it; what is hidden is kept by no cache."""
    entry = Entry.objects.visible_to(request.user).filter(slug=slug).defer("body", "summary", "facts").first()
    if entry is None:
        return redirect("entry-card", slug=moved(request, slug).slug, permanent=True)
    words = (entry.kind, entry.info.label, entry.title, tell_date(entry.occurred_on, entry.occurred_precision))
    response = _answer(request, words, lambda: cards.entry_card(*words))
    if entry.is_hidden:
        response.headers["Cache-Control"] = "private, no-store"
    return response


@require_safe
def entity_card(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The card of an entity, for those who may see its page, with the numbers that they see there."""
    found = get_object_or_404(Entity.objects.select_related("merged_into"), slug=slug)
    now = found.resolved()
    context = entity_as_read(now, request.user)  # before its name is told
    if now != found:
        return redirect("entity-card", slug=now.slug, permanent=True)
    return _named(request, context["card"])


@require_safe
def category_card(request: HttpRequest, taxonomy: str, slug: str) -> HttpResponseBase:
    """The card of a category, with the numbers that the reader sees on its page."""
    found = get_object_or_404(Category.objects.select_related("taxonomy", "parent__parent"), slug=slug)
    if found.taxonomy.slug != taxonomy:
        return redirect("category-card", taxonomy=found.taxonomy.slug, slug=found.slug, permanent=True)
    return _named(request, category_as_read(found, request.user)["card"])


@require_safe
def site_card(request: HttpRequest) -> HttpResponseBase:
    return _answer(request, (), cards.site_card)


def _named(request: HttpRequest, named: cards.Named) -> HttpResponseBase:
    """What counts hidden entries is kept by no cache."""
    response = _answer(request, named.said, lambda: cards.named_card(named))
    if sees_hidden(request.user):
        response.headers["Cache-Control"] = "private, no-store"
    return response


def _answer(request: HttpRequest, words: tuple[str, ...], draw: Callable[[], bytes]) -> HttpResponseBase:
    """The card that says these words, drawn unless who asks has it already."""
    said = "\0".join((cards.LOOK, *words)).encode(errors="replace")
    etag = quote_etag(hashlib.sha256(said).hexdigest()[:32])
    response = get_conditional_response(request, etag=etag) or HttpResponse(draw(), content_type="image/png")
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = f"public, max-age={KEPT_S}"
    return response
