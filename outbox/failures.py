"""How a try to send something can fail."""

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
