"""What is new, for feed readers: any list of entries, an entity, a category, and the changes, as Atom."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from kb.change_filter import ChangeFilter
from kb.change_words import field_label
from kb.feeds import MOST, answer, empty_feed, feed_of, refused, tag_uri, xml
from kb.kinds import KINDS
from kb.listing import Listing, chips, sensible
from kb.models import Category, Change, Classification, Entity, EntityRole, Entry
from kb.models.entries import SAID
from kb.rights import sees_hidden


@require_safe
def entries_feed(request: HttpRequest, kind: str) -> HttpResponse:
    """`feed.atom` beside the list of a kind, with the list's filters: the entries changed last, the newest first."""
    listing = Listing.from_params(request.GET, kind)
    if listing.problems:
        return refused(listing.problems)
    found = listing.filter.apply(Entry.objects.visible_to(request.user))
    named = [KINDS[kind].plural, *(chip.label for chip in chips(listing.filter, listing.address))]
    page = reverse(kind) + listing.address(listing.filter).removeprefix(".")
    return feed_of(request, ", ".join(named), page, found)


@require_safe
def entity_feed(request: HttpRequest, slug: str) -> HttpResponse:
    """`/entities/<slug>/feed.atom`: entries of every kind that name it, in whatever part."""
    found = get_object_or_404(Entity.objects.select_related("merged_into"), slug=slug)
    now = found.resolved()
    entries = Entry.objects.visible_to(request.user).filter(
        pk__in=EntityRole.objects.filter(entity=now).values("entry")
    )
    if not sees_hidden(request.user) and not entries.exists():
        raise Http404(f"Nothing here is about {slug}.")
    if now != found:
        return redirect("entity-feed", slug=now.slug, permanent=True)
    return feed_of(request, found.name, found.get_absolute_url(), entries)


@require_safe
def category_feed(request: HttpRequest, taxonomy: str, slug: str) -> HttpResponse:
    """`/taxonomies/<taxonomy>/<slug>/feed.atom`: entries of every kind that somebody put there, none only suggested."""
    found = get_object_or_404(Category.objects.select_related("taxonomy"), slug=slug)
    if found.taxonomy.slug != taxonomy:
        return redirect("category-feed", taxonomy=found.taxonomy.slug, slug=slug, permanent=True)
    said = Classification.objects.filter(category=found, origin__in=SAID)
    entries = Entry.objects.visible_to(request.user).filter(pk__in=said.values("entry"))
    return feed_of(request, f"{found.name}, {found.taxonomy.name}", found.get_absolute_url(), entries)


@require_safe
def changes_feed(request: HttpRequest) -> HttpResponse:
    """`/changes/feed.atom`, with the filters of the page: what happened last, and to which fields."""
    asked, problems = sensible(ChangeFilter.from_params, request.GET.dict())
    if problems:
        return refused(problems)
    found = asked.apply(Change.objects.made().visible_to(request.user)).with_shown()
    page = reverse("changes") + ("?" + request.GET.urlencode() if asked.params() else "")
    feed = empty_feed(request, "Changes", page)
    for change in found[:MOST]:
        path = change.entry.get_absolute_url() if change.entry else reverse("changes")
        feed.add_item(
            title=xml(f"{change.get_action_display()}: {change.title}"),
            link=request.build_absolute_uri(path),
            unique_id=tag_uri(request, "change", change.pk, change.created_at),
            description=escape(xml(", ".join(sorted(map(field_label, change.fields))))),
            pubdate=change.created_at,
            updateddate=change.created_at,
        )
    return answer(request, feed)
