"""Secrets of the demo, made once and kept beside its data. Nothing else may use them."""

import json
import secrets
from pathlib import Path


def demo_secret(name: str, folder: Path) -> str:
    """Return the demo's secret of this name, making it at first use."""
    file = folder / "demo-secrets.json"
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    if name not in known:
        folder.mkdir(parents=True, exist_ok=True)
        known[name] = secrets.token_urlsafe(48)
        file.touch(mode=0o600)
        file.write_text(json.dumps(known, indent=1))
    return known[name]
