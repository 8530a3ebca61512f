"""What answers may not ask of Linux: memory that no limit counts, a world of their own in which they are root, and what
all sandboxes of a machine share: its keys, and sockets that lead anywhere but to a process beside. What waits in a
socket is memory of the system, so how much may wait there is not theirs to set.

The filter is a program for the kernel (classic BPF, see seccomp(2)); bubblewrap loads it.
"""

import platform
import struct

# machine: its number; those of shmget, msgget, semget, memfd_create, memfd_secret, io_uring_setup, unshare, bpf,
# perf_event_open, add_key, request_key, keyctl, setsockopt; of clone; of socket
CALLS = {
    "x86_64": (0xC000003E, (29, 68, 64, 319, 447, 425, 272, 321, 298, 248, 249, 250, 54), 56, 41),
    "aarch64": (0xC00000B7, (194, 186, 190, 279, 447, 425, 97, 280, 241, 217, 218, 219, 208), 220, 198),
}
CLONE3 = 435
LOAD, EQUAL, AT_LEAST, HAS_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOWED, REFUSED, UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026  # as it is; EPERM; ENOSYS
CALL, MACHINE, FIRST = 0, 4, 16  # where they stand in what the kernel shows; of the arguments the first
NEW_USERS = 0x10000000
BESIDE = 1  # the family of sockets between processes
OTHER_NUMBERS = 0x40000000  # from here on the calls of x86_64 have second numbers


def rules(machine=None):
    """The filter, as bytes; None for a machine whose numbers are not known. machine: as in platform.machine()."""
    if (machine or platform.machine()) not in CALLS:
        return None
    number, forbidden, clone, socket = CALLS[machine or platform.machine()]
    program = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, number), (RETURN, 0, 0, REFUSED), (LOAD, 0, 0, CALL)]
    program += answer(AT_LEAST, OTHER_NUMBERS, REFUSED)
    for call in forbidden:
        program += answer(EQUAL, call, REFUSED)
    program += answer(EQUAL, CLONE3, UNKNOWN)  # its flags cannot be seen; the C library then uses clone
    for call, test, value, verdict, otherwise in (
        (clone, HAS_BITS, NEW_USERS, REFUSED, ALLOWED),
        (socket, EQUAL, BESIDE, ALLOWED, REFUSED),
    ):
        first = [(LOAD, 0, 0, FIRST), *answer(test, value, verdict), (RETURN, 0, 0, otherwise)]
        program += [(EQUAL, 0, len(first), call), *first]
    program += [(RETURN, 0, 0, ALLOWED)]
    return b"".join(struct.pack("HBBI", *line) for line in program)


def answer(test, value, verdict):
    """Two lines: a verdict if what has been loaded passes a test."""
    return (test, 0, 1, value), (RETURN, 0, 0, verdict)
