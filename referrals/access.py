"""The door of one entry's pages: its editors', by the permission table."""

from collections.abc import Callable
from functools import wraps
from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from accounts.access import StaffRequest, View, staff
from accounts.rules import allows
from referrals.models import Service
from referrals.queries import entries


class EntryRequest(StaffRequest):
    """A request by a member who may change `entry`."""

    entry: Service


def staff_entry(permission: str) -> Callable[[View], View]:
    """Pass on the entry named by `service` if the table allows the member this with it, else 404."""

    def guard(view: View) -> View:
        def page(
            request: HttpRequest, service: UUID, *args: object, **kwargs: object
        ) -> HttpResponse:
            request = cast(EntryRequest, request)
            row = entries.entry(service)
            if row is None or not allows(request.member, permission, row):
                raise Http404
            request.entry = row
            return view(request, *args, **kwargs)

        return staff(permission)(wraps(view)(page))

    return guard
