"""Triage: how soon a human must see what a client wrote. `from counselling.triage.engine import rate`."""
