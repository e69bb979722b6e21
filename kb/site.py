"""The admin's frame. Outside the package `kb.admin`: importing that registers models on the site being made here."""

from django.contrib.admin import AdminSite


class CuratorSite(AdminSite):
    site_title = site_header = "Precedent"
    index_title = "The collection"
    enable_nav_sidebar = False
