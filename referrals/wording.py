"""How the directory says things: facts and times become German sentences, everywhere the same."""

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from referrals.models import CapacityCode, Service, Wheelchair


def distance(km: float | None) -> str:
    """Return a distance as people say it; nothing where there is none."""
    if km is None:
        return ""
    if km < 1:
        return _("unter 1 km")
    return _("%(km)s km") % {"km": number_format(round(km, 1) if km < 10 else round(km))}


def badges(service: Service, *, wheelchair: str = "", for_staff: bool = False) -> list[str]:
    """Return what is good to know at a glance."""
    found = []
    if service.free_of_charge:
        found.append(_("kostenlos"))
    if service.anonymous_possible:
        found.append(_("ohne Namen möglich"))
    if wheelchair in (Wheelchair.YES, Wheelchair.LIMITED):
        found.append(str(Wheelchair(wheelchair).label))
    if for_staff and service.accepts_referrals:
        found.append(_("nimmt Überweisungen an"))
    return [*found, *filter(None, [capacity(service)])]


def capacity(service: Service) -> str:
    """Say whether there is room, and how long one waits; nothing where that is not known."""
    weeks = service.waiting_weeks
    waiting = (
        ngettext("Wartezeit etwa %(weeks)s Woche", "Wartezeit etwa %(weeks)s Wochen", weeks)
        % {"weeks": weeks}
        if weeks
        else ""
    )
    if service.capacity_code == CapacityCode.FREE:
        return waiting or str(CapacityCode.FREE.label)
    if service.capacity_code == CapacityCode.UNKNOWN:
        return waiting
    label = str(CapacityCode(service.capacity_code).label)
    return f"{label}: {waiting}" if waiting else label


def ages(service: Service) -> str:
    """Return for which ages it is; nothing where anybody may come."""
    low, high = service.minimum_age, service.maximum_age
    if high is None:
        return _("ab %(low)s Jahren") % {"low": _years(low)} if low else ""
    if not low:
        return _("bis %(high)s Jahre") % {"high": _years(high)}
    return _("%(low)s bis %(high)s Jahre") % {"low": _years(low), "high": _years(high)}


def _years(value: float) -> str:
    return number_format(int(value) if value == int(value) else value)


def standing(service: Service) -> str:
    """Say as of when an entry is true."""
    day = service.assured_date or service.seen_on
    return _("Zuletzt geprüft am %(day)s.") % {"day": date_format(day, "j. F Y")}
