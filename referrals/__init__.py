"""Directory (HSDS), search, consent, handoff, partner portal.

The room is reserved by the house's plan; it is furnished with "The directory".
"""
