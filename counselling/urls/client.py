"""The parent's pages, below an organisation's address. No address ever names a case or a code."""

from django.urls import URLPattern, path

from counselling.views import asking, files, organisation, returning

urlpatterns: list[URLPattern] = [
    path("", organisation.landing, name="landing"),
    path("farben.css", organisation.colours, name="organisation-colours"),
    path("weg/", organisation.quick_exit, name="quick-exit"),
    path("frage/", asking.ask, name="ask"),
    path("code/", asking.code, name="code"),
    path("zurueck/", returning.come_back, name="return"),
    path("gespraech/", returning.thread, name="thread"),
    path("gespraech/schreiben/", returning.write, name="write"),
    path("gespraech/bewerten/", returning.rate, name="rate"),
    path("gespraech/mitnehmen/", returning.download, name="download"),
    path("gespraech/datei/<uuid:attachment>/", files.attachment, name="attachment"),
    path("gespraech/loeschen/", returning.delete, name="delete"),
    path("gespraech/behalten/", returning.keep, name="keep"),
    path("gespraech/beenden/", returning.leave, name="leave"),
]
