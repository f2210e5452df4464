"""Lotse as it is shipped, but for how often one socket may say something: the work is measured, not the limit.

A person may say one thing a second (docs/protocol.md); a hundred sockets that stand for thousands say more.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from chat import protocol

protocol.sends_bucket = lambda: protocol.Bucket(1e9, 1e9)
protocol.frames_bucket = protocol.sends_bucket

from config.asgi import application  # noqa: E402 - after the limits

__all__ = ["application"]
