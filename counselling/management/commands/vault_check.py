"""Look whether every key is where it belongs; change nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from counselling import key_findings


class Command(BaseCommand):
    """Print what is wrong with keys and what to do; exit with 1 when somebody should act."""

    help = "Find unwrapped, orphaned and doubly wrapped keys, teams without holders, and more."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError when there is a serious finding."""
        findings = key_findings.find(at=timezone.now())
        for found in findings:
            mark = "WRONG" if found.is_serious else "note "
            self.stdout.write(f"{mark} {found.code}: {found.count} {found.what}")
            if found.of:
                more = " …" if found.count > len(found.of) else ""
                self.stdout.write(f"      {', '.join(found.of)}{more}")
            self.stdout.write(f"      What to do: {found.remedy}")
        serious = sum(found.is_serious for found in findings)
        if serious:
            raise CommandError(f"{serious} of {len(findings)} findings need somebody to act.")
        self.stdout.write("Every key is where it belongs." if not findings else "Nothing is wrong.")
