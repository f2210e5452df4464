"""Live chat: waiting room, seats, wire protocol, consumers.

A chat holds no word of its own: what is said in it are the messages of its case.
"""
