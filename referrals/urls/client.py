"""The directory for parents, below an organisation's address."""

from django.urls import URLPattern, path

from referrals.views import entry_page, searching

urlpatterns: list[URLPattern] = [
    path("", searching.search, name="directory"),
    path("eingebettet/", searching.widget, name="directory-widget"),
    path("<uuid:service>/", entry_page.entry, name="entry"),
    path("<uuid:service>/blatt.pdf", entry_page.entry_leaflet, name="entry-leaflet"),
]
