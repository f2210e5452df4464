"""A part of a server that does nothing but wait for its end."""

import signal

if __name__ == "__main__":
    signal.pause()
