"""The addresses of search, joined to the others in `kb.urls`."""

from django.urls import path

from search.tuning.views import decline, start
from search.views import search_page

urlpatterns = [
    path("search/", search_page, name="search"),
    path("status/encoder/adapt/", start, name="adapt-encoder"),
    path("status/encoder/decline/", decline, name="decline-adapting"),
]
