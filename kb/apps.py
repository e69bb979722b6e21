"""kb's start: history and change signals for every model that search or readers care about, and its rounds."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class AdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "kb.site.CuratorSite"


class KbConfig(AppConfig):
    default = True
    name = "kb"
    verbose_name = "Knowledge base"

    def ready(self) -> None:
        from kb import among, changes, planning, signals, writes, writes_on_postgres  # noqa: F401 - among registers a lookup

        changes.connect()
        signals.sweep.connect(planning.keep_up, dispatch_uid="kb.planning")
        signals.sweep.connect(writes_on_postgres.forget, dispatch_uid="kb.writes_on_postgres")
        post_migrate.connect(writes.install, sender=self)
        post_migrate.connect(writes_on_postgres.install, sender=self)
