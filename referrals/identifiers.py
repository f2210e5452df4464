"""Ids that come out the same each time, so that the same file twice means the same rows. Pure."""

from uuid import UUID, uuid5

NAMESPACE = UUID("6f0b1b4c-5f0f-5d2a-9a54-7c1f3d1c8e11")


def as_uuid(raw: object) -> UUID | None:
    """Return what is written as a UUID, else None."""
    try:
        return UUID(str(raw).strip())
    except ValueError:
        return None


def of_source(source: str, kind: str, raw: str) -> UUID:
    """Return the id of what a source names `raw`: that itself where it is a UUID.

    source: the name of the file's origin; two origins that both count from 1 must not meet.
    """
    return as_uuid(raw) or uuid5(NAMESPACE, f"{source}|{kind}|{raw.strip()}")


def derived(parent: UUID, *parts: object) -> UUID:
    """Return the id of a part of something, named by what it is."""
    return uuid5(parent, "|".join(str(part) for part in parts))


# Lotse's own taxonomy, in every installation.
OWN_TAXONOMY = derived(NAMESPACE, "taxonomy", "lotse")
