"""The addresses of search, joined to the others in `kb.urls`."""

from django.urls import path

from search import precedents_views, saved_searches_views
from search.feeds import search_feed
from search.keeping_views import let_edit
from search.map.views import map_page, point, points
from search.models import SavedPrecedents, SavedSearch
from search.tuning.views import decline, start
from search.views import quality_page, search_page

urlpatterns = [
    path("search/", search_page, name="search"),
    path("search/feed.atom", search_feed, name="search-feed"),
    path("search/save/", saved_searches_views.save, name="search-save"),
    path("search/saved/<str:saved_id>/", saved_searches_views.open_saved, name="saved-search"),
    path(
        "search/saved/<str:saved_id>/edit/<str:token>/",
        let_edit,
        {"of": SavedSearch},
        name="saved-search-edit",
    ),
    path("map/", map_page, name="map"),
    path("map/points.json", points, name="map-points"),
    path("map/points/<int:entry_id>.json", point, name="map-point"),
    path("status/quality/", quality_page, name="quality"),
    path("status/encoder/adapt/", start, name="adapt-encoder"),
    path("status/encoder/decline/", decline, name="decline-adapting"),
    path("precedents/", precedents_views.ask, name="precedents"),
    path("precedents/save/", precedents_views.save, name="precedents-save"),
    path("precedents/<str:saved_id>/", precedents_views.open_saved, name="saved-precedents"),
    path(
        "precedents/<str:saved_id>/edit/<str:token>/",
        let_edit,
        {"of": SavedPrecedents},
        name="saved-precedents-edit",
    ),
]
