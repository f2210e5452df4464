"""A ticket comes back as it was issued, in time and for its purpose, or not at all."""

from datetime import UTC, datetime, timedelta

import pytest

from vault import tickets
from vault.tickets import TicketExpired, TicketInvalid

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_ticket_brings_back_its_payload() -> None:
    ticket = tickets.issue({"a": [1, "ü"]}, purpose="ask", at=NOW)
    assert tickets.redeem(ticket, purpose="ask", at=NOW + DAY, lifetime=DAY) == {"a": [1, "ü"]}


def test_its_payload_cannot_be_read_from_it() -> None:
    assert "geheim" not in tickets.issue({"code": "geheim"}, purpose="ask", at=NOW)


def test_a_ticket_serves_one_purpose() -> None:
    ticket = tickets.issue({}, purpose="ask", at=NOW)
    with pytest.raises(TicketInvalid):
        tickets.redeem(ticket, purpose="enrol", at=NOW, lifetime=DAY)


@pytest.mark.parametrize("later", [DAY + timedelta(seconds=1), -timedelta(minutes=2)])
def test_a_ticket_has_its_time(later: timedelta) -> None:
    ticket = tickets.issue({}, purpose="ask", at=NOW)
    with pytest.raises(TicketExpired):
        tickets.redeem(ticket, purpose="ask", at=NOW + later, lifetime=DAY)


@pytest.mark.parametrize("forged", ["", "x", "äöü", "\0", "A" * 100_000, "{}"])
def test_what_is_no_ticket_is_refused(forged: str) -> None:
    with pytest.raises(TicketInvalid):
        tickets.redeem(forged, purpose="ask", at=NOW, lifetime=DAY)
