"""Every address, and the places where search and ingest are joined to kb: by dotted name."""

from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.http import HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from kb.api import api
from kb.kinds import KINDS
from kb.signin import sign_in
from kb.sitemaps import SITEMAPS
from kb.sitemaps import index as sitemap_index
from kb.views.browse import browse
from kb.views.cards import category_card, entity_card, entry_card, site_card
from kb.views.changes import changes
from kb.views.citing import cite, markdown
from kb.views.comparing import compare, compare_entities
from kb.views.entities import entities, entity
from kb.views.entry import EntryPage
from kb.views.error_reports import report_error
from kb.views.feeds import category_feed, changes_feed, entity_feed, entries_feed
from kb.views.files import entry_file
from kb.views.for_crawlers import llms, robots
from kb.views.history import history
from kb.views.home import Home
from kb.views.jobs import cancel, job, jobs
from kb.views.known_as import known_as
from kb.views.proposals import decide, proposals
from kb.views.questions import questions
from kb.views.random_entry import random_entry
from kb.views.settling import settle
from kb.views.status import StatusPage
from kb.views.taxonomies import category, taxonomies, taxonomy
from kb.views.trends import trends_page

urlpatterns = [
    path("", Home.as_view(picture="search.map.glimpse.glimpse"), name="home"),
    *(path(f"{info.path}/", browse, {"kind": kind}, name=kind) for kind, info in KINDS.items()),
    *(
        path(f"{info.path}/feed.atom", entries_feed, {"kind": kind}, name=f"{kind}-feed")
        for kind, info in KINDS.items()
    ),
    path("notes/questions/", questions, name="questions"),
    path("entries/<path:slug>/files/<str:name>", entry_file, name="entry-file"),
    path("known-as/<str:namespace>/<path:value>", known_as, name="known-as"),
    path("entries/<path:slug>/history/", history, name="entry-history"),
    path("entries/<path:slug>/report/", report_error, name="report-error"),
    path("entries/<path:slug>/cite/<str:format>", cite, name="cite"),
    path("entries/<path:slug>.md", markdown, name="entry-markdown"),
    path("entries/<path:slug>/card.png", entry_card, name="entry-card"),
    path("card.png", site_card, name="site-card"),
    path("random/", random_entry, name="random"),
    path("entries/<path:slug>/", EntryPage.as_view(around="search.bridges.around"), name="entry"),
    path("compare/", compare, name="compare"),
    path("compare/entities/", compare_entities, name="compare-entities"),
    path("entities/", entities, name="entities"),
    path("entities/<path:slug>/feed.atom", entity_feed, name="entity-feed"),
    path("entities/<path:slug>/card.png", entity_card, name="entity-card"),
    path("entities/<path:slug>/", entity, name="entity"),
    path("taxonomies/", taxonomies, name="taxonomies"),
    path("taxonomies/<str:slug>/", taxonomy, name="taxonomy"),
    path("taxonomies/<str:taxonomy>/<str:slug>/feed.atom", category_feed, name="category-feed"),
    path("taxonomies/<str:taxonomy>/<str:slug>/card.png", category_card, name="category-card"),
    path("taxonomies/<str:taxonomy>/<str:slug>/", category, name="category"),
    path("", include("search.urls")),
    path("", include("ingest.web.urls")),
    path("changes/feed.atom", changes_feed, name="changes-feed"),
    path("changes/", changes, name="changes"),
    path("trends/", trends_page, name="trends"),
    path("jobs/", jobs, name="jobs"),
    path("jobs/<int:job_id>/", job, name="job"),
    path("jobs/<int:job_id>/cancel/", cancel, name="job-cancel"),
    path("settle/<int:entry_id>/", settle, name="settle"),
    path("proposals/", proposals, name="proposals"),
    path("proposals/<int:proposal_id>/", decide, name="proposal"),
    path(
        "status/",
        StatusPage.as_view(index="search.health.summary", encoders="search.tuning.told.for_status"),
        name="status",
    ),
    path("admin/", admin.site.urls),
    path("sign-in/<str:who>/<str:token>/", sign_in, name="sign-in"),
    path("api/v1/", api.urls),
    path("robots.txt", robots, name="robots"),
    path("llms.txt", llms, name="llms"),
    path("sitemap.xml", sitemap_index, name="sitemap"),
    path("sitemap-<str:section>.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap-of"),
    # Browsers and feed readers ask for it whatever a page says.
    path("favicon.ico", RedirectView.as_view(url="/static/mark.svg", permanent=False)),
    path("healthz", lambda request: HttpResponse("ok", content_type="text/plain")),
]
