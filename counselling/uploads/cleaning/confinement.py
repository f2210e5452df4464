"""Locks the cleaning process in before it sees a byte: little memory, little time, no way out.

Decoders of pictures have been broken into by uploaded files (libheif, 2026). So three locks: limits
of the kernel, so that a bomb hurts only this process; a list of system calls, so that code which a
file smuggles in can open no file, reach no network and start nothing; no core dump, so that a crash
leaves nothing behind.
"""

import ctypes
import platform
import resource
import signal
import struct

MEMORY = 1024 * 1024 * 1024  # bytes of address space; the largest picture needs about half
PROCESSOR_TIME = 20  # seconds

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

# Reading, writing and closing what is open already, memory, threads, time, ending. No opening, no
# sockets, no starting of programs, no looking into other processes.
_ALLOWED = {
    "x86_64": (
        0xC000003E,
        "0 1 3 5 7 8 9 10 11 12 13 14 15 19 20 24 25 28 35 39 60 96 98 99 131 158 186 201 202 204 "
        "218 219 228 230 231 262 273 318 324 334",
        56,  # clone
        435,  # clone3
    ),
    "aarch64": (
        0xC00000B7,
        "57 62 63 64 65 66 73 79 80 93 94 96 98 99 101 113 115 123 124 128 132 134 135 139 165 169 "
        "172 178 179 214 215 216 222 226 233 278 283 293",
        220,
        435,
    ),
}
_CLONE_THREAD = 0x00010000
_ALLOW, _DENY, _ABSENT = 0x7FFF0000, 0x00050001, 0x00050026  # allow; EPERM; ENOSYS


def limit() -> None:
    """Set the kernel's limits for this process, for good. Call it before anything is read."""
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: PROCESSOR_TIME,
        resource.RLIMIT_FSIZE: 0,  # it can write no file
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for what, most in limits.items():
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def lock_in() -> bool:
    """Allow from now on only the system calls that decoding needs, and say whether that worked.

    Everything else is answered with EPERM. Where the kernel or the processor is another one only the
    limits hold. Call it when everything is imported.
    """
    known = _ALLOWED.get(platform.machine())
    if known is None:
        return False
    code = _filter(*known)
    program = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(program))
    libc = ctypes.CDLL(None)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) == 0)


def _filter(architecture: int, allowed: str, clone: int, clone3: int) -> bytes:
    """Return the program that the kernel runs at each system call (classic BPF, seccomp(2))."""
    load, equal, has_bits, answer = 0x20, 0x15, 0x45, 0x06
    steps = [
        (load, 0, 0, 4),  # the architecture
        (equal, 1, 0, architecture),
        (answer, 0, 0, _DENY),
        (load, 0, 0, 0),  # the call's number
        (equal, 0, 1, clone3),
        (answer, 0, 0, _ABSENT),  # the C library then takes clone, whose flags can be seen
        (equal, 0, 4, clone),
        (load, 0, 0, 16),  # its flags: the lower half of the first argument
        (has_bits, 0, 1, _CLONE_THREAD),
        (answer, 0, 0, _ALLOW),
        (answer, 0, 0, _DENY),
    ]
    for number in map(int, allowed.split()):
        steps += [(equal, 0, 1, number), (answer, 0, 0, _ALLOW)]
    steps.append((answer, 0, 0, _DENY))
    return b"".join(struct.pack("HBBI", *step) for step in steps)
