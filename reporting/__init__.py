"""Counts for supervisors and planners, with no person in them.

The room is reserved by the house's plan; it is furnished with "Shifts, service levels and escalation".
"""
