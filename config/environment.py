"""Reads the environment. Every mistake is kept, so that one start names them all, each with its remedy.

No sentence shows a value that could be a secret: only numbers that were read as numbers.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

YES = frozenset(["1", "true", "yes", "on"])
NO = frozenset(["0", "false", "no", "off", ""])
SHORTEST_SECRET = 43  # characters: 256 bits in base64
# Longer than that: `check --deploy` knows Django's own least, which is 50.
MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
# Read by something else than the settings: the tests, and what `vault_check` warns of.
ELSEWHERE = ("LOTSE_TEST_", "LOTSE_VAULT_KEY")


class Environment:
    """The variables of one start.

    values: names and texts, as in `os.environ`. read: the names that were asked for. mistakes: a
    sentence each. A variable with a mistake counts as not set, so that reading can go on.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values
        self.read: set[str] = set()
        self.mistakes: list[str] = []

    def wrong(self, name: str, what: str, remedy: str) -> None:
        """Keep a mistake: the variable, what is wrong with it, and what to do. One for each is enough."""
        if not any(mistake.startswith(f"{name} ") for mistake in self.mistakes):
            self.mistakes.append(f"{name} {what}. {remedy}")

    def is_set(self, name: str) -> bool:
        """Say whether a variable has a text."""
        self.read.add(name)
        return bool(self._values.get(name, "").strip())

    def text(self, name: str, usual: str = "") -> str:
        """Return a text without blanks around it."""
        return self._values[name].strip() if self.is_set(name) else usual

    def flag(self, name: str, usual: bool) -> bool:
        """Return a switch: 1, true, yes, on or 0, false, no, off."""
        text = self.text(name).lower()
        if not self.is_set(name):
            return usual
        if text not in YES | NO:
            self.wrong(name, "is neither on nor off", "Set it to 1 or 0.")
            return usual
        return text in YES

    def number(self, name: str, usual: int, *, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        return int(self._number(name, usual, least, most, int))

    def factor(self, name: str, usual: float, *, least: float, most: float) -> float:
        """Return a number within bounds, with or without a point."""
        return self._number(name, usual, least, most, float)

    def names(self, name: str, usual: Sequence[str] = ()) -> list[str]:
        """Return the parts of a list with commas."""
        if not self.is_set(name):
            return list(usual)
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def choice(self, name: str, usual: str, allowed: Sequence[str]) -> str:
        """Return one of a few words."""
        text = self.text(name, usual)
        if text in allowed:
            return text
        words = ", ".join(word for word in allowed if word)
        self.wrong(name, "is no word that Lotse knows", f"Set it to one of: {words}.")
        return usual

    def address(self, name: str, usual: str, schemes: Sequence[str]) -> str:
        """Return an address that begins with one of the schemes and whose host and port can be read."""
        text = self.text(name, usual)
        if not text or (_scheme(text) in schemes and text.partition("://")[2]):
            return text
        begins = " or ".join(f"{scheme}://" for scheme in schemes)
        self.wrong(
            name,
            "is not such an address as is needed",
            f"Begin it with {begins}; a port is a number, and special characters are percent-encoded.",
        )
        return usual

    def folder(self, name: str, usual: Path) -> Path:
        """Return a folder that Lotse can write to, made for the service alone if it is not there yet."""
        path = Path(self.text(name, str(usual))).resolve()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            usable = os.access(path, os.W_OK | os.X_OK)
        except OSError:
            usable = False
        if not usable:
            self.wrong(
                name,
                "is no folder that Lotse can write to",
                "Make it, and give it to the user who runs Lotse.",
            )
        return path

    def options(self, name: str, usual: dict[str, Any]) -> dict[str, Any]:
        """Return an object of JSON."""
        if not self.is_set(name):
            return usual
        try:
            found = json.loads(self.text(name))
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        self.wrong(name, "is no JSON object", 'Write it like {"name": "value"}.')
        return usual

    def secret(self, name: str, usual: str = "") -> str:
        """Return a secret. Outside the demo, which brings a usual one, there is none by default."""
        value = self.text(name, usual)
        if len(value) < SHORTEST_SECRET:
            self.wrong(
                name,
                f"is missing or shorter than {SHORTEST_SECRET} characters",
                f"Make one with `{MAKE_ONE}`, keep it outside the database's backup, and set it in "
                "the environment. For a look around: `make demo`.",
            )
        return value

    def unread(self) -> list[str]:
        """Return the names that are set and that nothing reads: mistyped, or of another release."""
        return sorted(
            name
            for name in self._values
            if name.startswith("LOTSE_")
            and name not in self.read
            and not name.startswith(ELSEWHERE)
        )

    def finish(self) -> None:
        """Raise ImproperlyConfigured with every mistake, a line each, if there is any."""
        if self.mistakes:
            count = len(self.mistakes)
            head = (
                "One thing in the environment is"
                if count == 1
                else f"{count} things in the environment are"
            )
            lines = "".join(f"\n  - {mistake}" for mistake in self.mistakes)
            raise ImproperlyConfigured(
                f"{head} wrong; Lotse does not start (docs/operating.md lists every variable):{lines}"
            )

    def _number(self, name: str, usual: float, least: float, most: float, kind: Any) -> float:
        if not self.is_set(name):
            return usual
        bounds = f"Set it to a number from {least} to {most}."
        try:
            value: float = kind(self.text(name))
        except ValueError:
            whole = "whole " if kind is int else ""
            self.wrong(name, f"is no {whole}number", bounds)
            return usual
        if least <= value <= most:
            return value
        self.wrong(name, f"is {value}", bounds)
        return usual


def _scheme(address: str) -> str:
    """Return with what an address begins, or nothing where its host or port cannot be read."""
    try:
        parts = urlsplit(address)
        return parts.scheme if parts.port is None or parts.port else ""
    except ValueError:
        # Its text would show what stands there, and that may be a piece of a password.
        return ""
