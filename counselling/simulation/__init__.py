"""Simulate a week of work with the real operations and sweeps: is the promise kept, is nobody forgotten."""
