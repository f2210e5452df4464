"""The directory for parents, below an organisation's address."""

from django.urls import URLPattern, path

from referrals.views import entries, searching

urlpatterns: list[URLPattern] = [
    path("", searching.search, name="directory"),
    path("eingebettet/", searching.widget, name="directory-widget"),
    path("<uuid:service>/", entries.entry, name="entry"),
    path("<uuid:service>/blatt.pdf", entries.entry_leaflet, name="entry-leaflet"),
]
