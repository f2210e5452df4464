"""The team of a case is changed in one place, and what is listed by it follows there."""

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import parsed, python_files, shown

# Where `team` is set on a row that is there already. Of a case only `entries.change_team` sets it, which takes
# along what is listed by the case's team.
TEAM_SETTERS = {
    "counselling/operations/entries.py": ["case.team = to"],
    "counselling/operations/escalations.py": [
        "Escalation.objects.filter(case=case).update(team=case.team_id)",
        "Escalation.objects.filter(pk=row.pk).update(team=team)",
    ],
    "counselling/operations/promises.py": [
        "level.organisation, level.team, level.channel = (organisation, team, channel)"
    ],
    "referrals/operations/referring.py": [
        "Referral.objects.filter(case=case).update(team=team)",
        "row.team_id = Case.objects.values_list('team_id', flat=True).get(pk=row.case_id)",
        "row.case = row.team = None",
    ],
}


def team_setters(path: Path) -> list[str]:
    """Return what in a file sets the team of a row that is there: an attribute, or an update."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in ast.walk(target)]
            if any(is_set(part) for part in parts):
                found.append(ast.unparse(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = [word.arg for word in node.keywords if _is_team(word.arg)]
            if node.func.attr == "update" and named:
                found.append(ast.unparse(node))
            fields = [ast.unparse(argument) for argument in node.args[1:]]
            if node.func.attr == "bulk_update" and "'team" in "".join(fields):
                found.append(ast.unparse(node))
    return sorted(found)


def is_set(part: ast.AST) -> bool:
    """Say whether a part of an assignment is the `team` that it sets."""
    return (
        isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and _is_team(part.attr)
    )


def _is_team(name: str | None) -> bool:
    return name in {"team", "team_id"}


@pytest.mark.parametrize("path", list(python_files()), ids=shown)
def test_the_team_of_a_case_is_changed_in_one_place(path: Path) -> None:
    assert team_setters(path) == sorted(TEAM_SETTERS.get(shown(path), []))


def test_the_guard_sees_a_team_that_is_set(tmp_path: Path) -> None:
    careless = tmp_path / "operations.py"
    careless.write_text(
        "case.team_id = 1\nrow, case.team = 1, to\nrows.update(urgency=1, team=to)\n"
        "rows.bulk_update(cases, ['team'])\nteam = 1\nrows.filter(team=1)\n"
    )
    assert len(team_setters(careless)) == 4
