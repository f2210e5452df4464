"""Fill the new column before code runs that reads it (ADR 0100)."""

from typing import Any
from uuid import UUID

from django.db import migrations
from django.db.models import OuterRef, Subquery

BATCH = 2000


def fill(apps: Any, schema_editor: Any) -> None:
    """Give each referral its case's team, a batch at a time; what has one stays, so that this may run again."""
    rows = apps.get_model("referrals", "Referral").objects.filter(team__isnull=True, case__isnull=False)
    case = apps.get_model("counselling", "Case").objects.filter(pk=OuterRef("case"))
    after = UUID(int=0)
    while batch := list(
        rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        rows.filter(pk__in=batch).update(team=Subquery(case.values("team")))
        after = batch[-1]


class Migration(migrations.Migration):
    atomic = False  # each batch by itself: nobody waits for a row until all are filled
    dependencies = [("referrals", "0062_teams")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
