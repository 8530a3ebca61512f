"""What answers may not ask of Linux: memory that no limit counts, and a world of their own in which they are root.

The filter is a program for the kernel (classic BPF, see seccomp(2)); bubblewrap loads it.
"""

import platform
import struct

# machine: its number; those of shmget, msgget, semget, memfd_create, memfd_secret, io_uring_setup, unshare; of clone
CALLS = {
    "x86_64": (0xC000003E, (29, 68, 64, 319, 447, 425, 272), 56),
    "aarch64": (0xC00000B7, (194, 186, 190, 279, 447, 425, 97), 220),
}
CLONE3 = 435
LOAD, EQUAL, AT_LEAST, HAS_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOWED, REFUSED, UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026  # as it is; EPERM; ENOSYS
CALL, MACHINE, FLAGS = 0, 4, 16  # where they stand in what the kernel shows
NEW_USERS = 0x10000000
OTHER_NUMBERS = 0x40000000  # from here on the calls of x86_64 have second numbers


def rules(machine=None):
    """The filter, as bytes; None for a machine whose numbers are not known. machine: as in platform.machine()."""
    if (machine or platform.machine()) not in CALLS:
        return None
    number, forbidden, clone = CALLS[machine or platform.machine()]
    program = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, number), (RETURN, 0, 0, REFUSED), (LOAD, 0, 0, CALL)]
    program += answer(AT_LEAST, OTHER_NUMBERS, REFUSED)
    for call in forbidden:
        program += answer(EQUAL, call, REFUSED)
    program += answer(EQUAL, CLONE3, UNKNOWN)  # its flags cannot be seen; the C library then uses clone
    program += [(EQUAL, 1, 0, clone), (RETURN, 0, 0, ALLOWED), (LOAD, 0, 0, FLAGS)]
    program += [*answer(HAS_BITS, NEW_USERS, REFUSED), (RETURN, 0, 0, ALLOWED)]
    return b"".join(struct.pack("HBBI", *line) for line in program)


def answer(test, value, verdict):
    """Two lines: a verdict if what has been loaded passes a test."""
    return (test, 0, 1, value), (RETURN, 0, 0, verdict)
