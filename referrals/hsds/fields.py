"""What a table of fields is made of: kinds, fields, entities, and short ways to write fields down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import models


class Kind(StrEnum):
    """What a field holds, and so how it is read and written."""

    TEXT = "text"
    UUID = "uuid"
    URI = "uri"
    EMAIL = "email"
    NUMBER = "number"
    COUNT = "count"  # a whole number, zero or more
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    CODE = "code"  # one of `codes`
    CODES = "codes"  # several of `codes`
    AGS = "ags"
    HOURS = "hours"  # OSM opening hours
    OBJECT = "object"  # kept as it is


@dataclass(frozen=True, slots=True)
class Field:
    """A field. name: HSDS's; attr: the model's, where it differs; longest: characters.

    default: what a row has when the source says nothing; required: HSDS wants it even if empty; kept:
    an import that does not speak of it leaves it, because editors and partners report it here.
    """

    name: str
    kind: Kind = Kind.TEXT
    attr: str = ""
    longest: int = 20_000
    codes: tuple[str, ...] = ()
    profile: bool = False
    default: str | bool | None = None
    required: bool = False
    kept: bool = False

    @property
    def column(self) -> str:
        """Return the model's name of the field."""
        return self.attr or self.name


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of row.

    name: HSDS's; key: the array that holds it in a nested document, and its table in tabular form;
    file: the tabular file where that is not the key; parents: HSDS's foreign keys to the model's
    attributes; children: arrays in its nested form; one: objects in it, with the foreign key that
    names them; extra: entities without rows of their own, kept in the model's field of this name and
    served again; single: those of them that are one object and not an array.
    """

    name: str
    key: str
    model: type[models.Model] | None
    fields: tuple[Field, ...]
    file: str = ""
    parents: Mapping[str, str] = field(default_factory=dict)
    children: tuple[str, ...] = ()
    one: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    extra: tuple["Entity", ...] = ()
    single: bool = False

    @property
    def stored(self) -> "models.QuerySet[models.Model]":
        """Return the rows in the database. Raises TypeError for an entity that has none of its own."""
        if self.model is None:
            raise TypeError(f"{self.name} has no rows of its own")
        manager = self.model._default_manager  # noqa: SLF001 - Django's documented name for it
        return manager.all()

    @property
    def filename(self) -> str:
        """Return the name of the tabular file."""
        return f"{self.file or self.key}.csv"


def texts(*names: str, longest: int = 20_000, required: bool = False) -> tuple[Field, ...]:
    """Return text fields of these names."""
    return tuple(Field(name, longest=longest, required=required) for name in names)


def text(name: str, longest: int = 20_000, *, required: bool = False, default: str = "") -> Field:
    """Return a text field of a limited length in characters."""
    return Field(name, longest=longest, required=required, default=default or None)


def uri(name: str, *, required: bool = False) -> Field:
    """Return a field for an address on the web."""
    return Field(name, Kind.URI, longest=500, required=required)


def email(name: str = "email", *, kept: bool = False) -> Field:
    """Return a field for a mail address."""
    return Field(name, Kind.EMAIL, longest=254, kept=kept)


def code(
    name: str,
    choices: type[models.TextChoices],
    *,
    profile: bool = False,
    default: str = "",
    kept: bool = False,
) -> Field:
    """Return a field for one of a few codes."""
    codes = tuple(value for value in choices.values if value)
    return Field(name, Kind.CODE, codes=codes, profile=profile, default=default or None, kept=kept)


def own(
    name: str,
    kind: Kind,
    attr: str = "",
    *,
    longest: int = 20_000,
    default: bool | None = None,
    kept: bool = False,
) -> Field:
    """Return a field of the German profile."""
    return Field(name, kind, attr, longest, profile=True, default=default, kept=kept)
