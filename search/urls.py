"""The addresses of search, joined to the others in `kb.urls`."""

from django.urls import path

from search.views import quality_page, search_page

urlpatterns = [
    path("search/", search_page, name="search"),
    path("status/quality/", quality_page, name="quality"),
]
