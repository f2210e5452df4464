"""The pages of counts, under /team/zahlen/."""

from django.urls import URLPattern, path

from reporting import views

urlpatterns: list[URLPattern] = [path("", views.figures, name="figures")]
