"""What every format hands over: nested HSDS objects with the line on which each stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of a file. `document`: a full HSDS service, or a provider that has none."""

    line: int
    document: Mapping[str, Any]
    is_provider: bool = False
