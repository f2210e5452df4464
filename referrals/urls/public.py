"""The directory's pages for everybody, under /verzeichnis/."""

from django.urls import URLPattern, path

from referrals.views import assurance

urlpatterns: list[URLPattern] = [
    path("bestaetigen/<str:token>/", assurance.confirm, name="directory-confirm"),
]
