"""The HSDS API under /api/hsds/; addresses without a slash at the end, as HSDS has them."""

from django.urls import URLPattern, path

from referrals.views import api

LISTS = (
    "services",
    "organizations",
    "service_at_locations",
    "locations",
    "taxonomies",
    "taxonomy_terms",
)

urlpatterns: list[URLPattern] = [
    path("", api.base, name="hsds-base"),
    path("profile", api.profile, name="hsds-profile"),
    path("openapi.json", api.openapi_document, name="hsds-openapi"),
    *(
        path(name, api.listed, {"collection": name}, name=f"hsds-{name.replace('_', '-')}")
        for name in LISTS
    ),
    *(
        path(
            f"{name}/<str:thing>",
            api.shown,
            {"collection": name},
            name=f"hsds-{name.replace('_', '-')}-one",
        )
        for name in LISTS
    ),
]
