"""The demo's people still have their cases when somebody looks around a few days later."""

import json

from tests.servers.lotse import Lotse

HELD = """
import json
from datetime import timedelta
from django.utils import timezone
from counselling.models import Claim
from counselling.states import CaseState
held = Claim.objects.filter(
    ended_at__isnull=True,
    case__state=CaseState.CLAIMED,
    returns_at__gt=timezone.now() + timedelta(days=5),
)
print("HELD", json.dumps(list(held.values_list("member__user__email", flat=True))))
"""


def test_who_looks_around_days_later_still_finds_cases_in_progress(live_lotse: Lotse) -> None:
    held = json.loads(live_lotse.manage("shell", "-c", HELD).partition("HELD ")[2])
    for name in ("jonna.petersen@nordhafen", "birte.harms@nordhafen", "veronika.huber@lindental"):
        assert f"{name}.example.org" in held
