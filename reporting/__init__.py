"""Counts for supervisors and planners, with no person in them."""
