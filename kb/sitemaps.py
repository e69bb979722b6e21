"""What a search engine may find: every page that everybody may read, in sitemaps of at most PER_PAGE addresses.

Whoever asks, they hold what a reader who is not signed in can see: they may be kept by caches.
"""

from datetime import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap, views
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from kb.kinds import KINDS
from kb.models import Category, Entity, EntityRole, Entry, Taxonomy
from kb.models.entries import EntryQuerySet

PER_PAGE = 10_000
PAGES = (
    *("home", *KINDS, "entities", "taxonomies", "search", "precedents", "map", "trends", "changes"),
    "api-v1:openapi-view",
)


def public() -> EntryQuerySet:
    """What everybody may read."""
    return Entry.objects.visible_to(None)


class Rows(Sitemap):
    limit = PER_PAGE


class Pages(Rows):
    """The pages that are there whatever is in the collection."""

    def items(self) -> list[str]:
        return [reverse(name) for name in PAGES]

    def location(self, item: str) -> str:
        return item


class Entries(Rows):
    """The entries of one kind, with the time of their last change."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def items(self) -> EntryQuerySet:
        return public().filter(kind=self.kind).only("slug", "updated_at").order_by("pk")

    def lastmod(self, item: Entry) -> datetime:
        return item.updated_at

    def get_latest_lastmod(self) -> datetime | None:
        # Django's own reads every entry to answer this.
        return self.items().aggregate(latest=Max("updated_at"))["latest"]


class Entities(Rows):
    """Those that an entry names which everybody may read."""

    def items(self) -> QuerySet[Entity]:
        named = EntityRole.objects.filter(entry__in=public().values("pk")).values("entity")
        return Entity.objects.current().filter(pk__in=named).only("slug").order_by("pk")


class Taxonomies(Rows):
    def items(self) -> QuerySet[Taxonomy]:
        return Taxonomy.objects.only("slug").order_by("pk")


class Categories(Rows):
    def items(self) -> QuerySet[Category]:
        return Category.objects.select_related("taxonomy").only("slug", "taxonomy__slug").order_by("pk")


def index(request: HttpRequest) -> HttpResponse:
    """Which sitemaps there are; an empty one, which is against the format, is left out."""
    filled = {name: one for name, one in SITEMAPS.items() if one.paginator.count}
    return views.index(request, filled, sitemap_url_name="sitemap-of")


# Name in addresses -> what is in it.
SITEMAPS: dict[str, Any] = {
    "pages": Pages(),
    **{info.path: Entries(kind) for kind, info in KINDS.items()},
    "entities": Entities(),
    "taxonomies": Taxonomies(),
    "categories": Categories(),
}
