"""Pages that only the demo has."""

from django.urls import path

from config.demo import views

urlpatterns = [
    path("", views.overview, name="demo"),
    path("als/<uuid:member>/", views.enter_as, name="demo-enter"),
    path("bausteine/", views.components, name="demo-components"),
]
