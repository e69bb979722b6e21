"""The addresses of importing, joined to the others in `kb.urls`."""

from django.urls import path

from ingest.web import views

urlpatterns = [
    path("import/", views.import_page, name="import"),
    path("import/<int:job_id>/", views.preview, name="import-preview"),
    path("import/<int:job_id>/again/", views.preview_again, name="import-again"),
    path("import/<int:job_id>/confirm/", views.confirm, name="import-confirm"),
    path("import/<int:job_id>/discard/", views.discard, name="import-discard"),
    path("import/<int:job_id>/go-on/", views.go_on, name="import-go-on"),
    path("import/<int:job_id>/retry/", views.retry, name="import-retry"),
]
