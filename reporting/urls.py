"""The pages of counts, under /team/zahlen/."""

from django.urls import URLPattern, path

from reporting import supervision_views, views

urlpatterns: list[URLPattern] = [
    path("", views.figures, name="figures"),
    path("leitung/", supervision_views.overview, name="supervision"),
    path("leitung/antwortzeiten/", supervision_views.times, name="response-times"),
    path("leitung/mitnehmen/", supervision_views.export, name="supervision-export"),
]
