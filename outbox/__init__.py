"""Deliveries promised to the outside world: mail, web push, an SMS or paging gateway. Never content."""
