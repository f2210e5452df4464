"""Deliveries promised to the outside world (mail, web push, webhook) and their retries.

The room is reserved by the house's plan; it is furnished with "Shifts, service levels and escalation".
"""
