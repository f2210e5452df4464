"""The team's pages about the directory, under /team/."""

from django.urls import URLPattern, path

from referrals.views import entries, phrases, planning, uploads

urlpatterns: list[URLPattern] = [
    path("verzeichnis/", entries.entries, name="directory-entries"),
    path("verzeichnis/suchworte/", phrases.phrases, name="directory-phrases"),
    path("verzeichnis/neu/", entries.entry_new, name="directory-entry-new"),
    path("verzeichnis/einlesen/", uploads.upload, name="directory-import"),
    path("verzeichnis/einlesen/<uuid:run>/", uploads.run, name="directory-import-run"),
    path("verzeichnis/<uuid:service>/", entries.entry, name="directory-entry"),
    path("verzeichnis/<uuid:service>/plaetze/", entries.capacity, name="directory-capacity"),
    path(
        "verzeichnis/<uuid:service>/bestaetigen/", entries.confirm, name="directory-entry-confirm"
    ),
    path("verzeichnis/<uuid:service>/versionen/", entries.history, name="directory-versions"),
    path(
        "verzeichnis/<uuid:service>/versionen/<int:number>/zuruecknehmen/",
        entries.undo,
        name="directory-undo",
    ),
    path("planung/", planning.planning, name="directory-planning"),
    path("planung/tabelle.csv", planning.table, name="directory-planning-table"),
]
