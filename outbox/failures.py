"""How a try to send something can fail."""

from collections.abc import Iterator
from contextlib import contextmanager

from outbox import wire
from outbox.models import Delivery


class Failed(Exception):
    """It was not sent. `again`: another try may help. `way_is_closed`: nor would anything else get through."""

    def __init__(
        self, failure: Delivery.Failure, *, again: bool = True, way_is_closed: bool = False
    ) -> None:
        super().__init__(str(failure.value))
        self.failure = failure
        self.again = again
        self.way_is_closed = way_is_closed


@contextmanager
def of_the_wire() -> Iterator[None]:
    """Raise what goes wrong in a `wire.post` as the failure of a delivery."""
    try:
        yield
    except wire.AddressRefused:
        raise Failed(Delivery.Failure.ADDRESS, again=False) from None
    except wire.TooSlow:
        raise Failed(Delivery.Failure.TOO_SLOW, way_is_closed=True) from None
    except wire.Unreachable:
        raise Failed(Delivery.Failure.UNREACHABLE, way_is_closed=True) from None
    except wire.Unreadable:
        raise Failed(Delivery.Failure.ANSWER) from None
