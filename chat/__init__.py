"""Live chat: waiting room, presence, wire protocol, consumers.

The room is reserved by the house's plan; it is furnished with "Live chat".
"""
