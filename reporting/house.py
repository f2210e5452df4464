"""The house's own numbers for whoever runs it: work that waits, sweeps, deliveries, traffic. No organisation."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import redis
from huey.contrib.djhuey import HUEY

from counselling import open_alarms, sweeping
from outbox import queries as deliveries
from reporting.traffic import traffic

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class House:
    """What an operator watches. Seconds where times are meant.

    tasks: in the worker's queue. swept: since the last sweep. behind: the missed promise that waits
    longest to be noticed. deliveries: by channel and state; overdue: since the first was due, by channel.
    requests: by kind, class of status, and bound of their time. None where Redis does not answer.
    """

    swept: float
    behind: float
    alarms_late: bool
    without_on_call: int
    deliveries: dict[tuple[str, str], int]
    overdue: dict[str, float]
    tasks: int | None
    sockets: int | None
    requests: Counter[tuple[str, str, str]] | None


def house(*, at: datetime) -> House:
    """Return the house's numbers at a moment."""
    last = sweeping.last_sweep()
    tasks = sockets = requests = None
    try:
        tasks = HUEY.pending_count()
        sockets = traffic.sockets()
        requests = traffic.totals()
    except redis.RedisError:
        pass  # the database's numbers are worth having without them
    return House(
        swept=NEVER if last is None else max(0.0, (at - last).total_seconds()),
        behind=sweeping.lag(at=at).total_seconds(),
        alarms_late=open_alarms.are_late(at=at),
        without_on_call=len(open_alarms.organisations_without_on_call(at=at)),
        deliveries=deliveries.counts(),
        overdue={
            channel: max(0.0, (at - due).total_seconds())
            for channel, due in deliveries.first_due().items()
        },
        tasks=tasks,
        sockets=sockets,
        requests=requests,
    )
