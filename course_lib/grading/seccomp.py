"""What answers may not ask of Linux: memory that no limit counts, a world of their own in which they are root, and what
all sandboxes of a machine share: its keys, its queue of reads and writes, and sockets that lead anywhere but to a
process beside. What waits in a socket, or for somebody who watches files, is memory of the system; so is what processes
share that belongs to no file.

The filter is a program for the kernel (classic BPF, see seccomp(2)); bubblewrap loads it.
"""

import platform
import struct

# machine: its number; those of shmget, msgget, semget, memfd_create, memfd_secret, io_uring_setup, unshare, bpf,
# perf_event_open, add_key, request_key, keyctl, setsockopt, io_setup, fanotify_init, inotify_init1, and there is an
# inotify_init; of clone; of socket; of mmap
CALLS = {
    "x86_64": (
        0xC000003E,
        (29, 68, 64, 319, 447, 425, 272, 321, 298, 248, 249, 250, 54, 206, 300, 294, 253),
        (56, 41, 9),
    ),
    "aarch64": (
        0xC00000B7,
        (194, 186, 190, 279, 447, 425, 97, 280, 241, 217, 218, 219, 208, 0, 262, 26),
        (220, 198, 222),
    ),
}
CLONE3 = 435
LOAD, EQUAL, AT_LEAST, HAS_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOWED, REFUSED, UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026  # as it is; EPERM; ENOSYS
CALL, MACHINE, ARGUMENTS = 0, 4, 16  # where they stand in what the kernel shows; each argument takes 8 bytes
NEW_USERS = 0x10000000
BESIDE = 1  # the family of sockets between processes
SHARED, OF_NO_FILE = 0x01, 0x20  # of memory
OTHER_NUMBERS = 0x40000000  # from here on the calls of x86_64 have second numbers


def rules(machine=None):
    """The filter, as bytes; None for a machine whose numbers are not known. machine: as in platform.machine()."""
    if (machine or platform.machine()) not in CALLS:
        return None
    number, forbidden, (clone, socket, mmap) = CALLS[machine or platform.machine()]
    program = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, number), (RETURN, 0, 0, REFUSED), (LOAD, 0, 0, CALL)]
    program += answer(AT_LEAST, OTHER_NUMBERS, REFUSED)
    for call in forbidden:
        program += answer(EQUAL, call, REFUSED)
    program += answer(EQUAL, CLONE3, UNKNOWN)  # its flags cannot be seen; the C library then uses clone
    for call, argument, tests, verdict, otherwise in (
        (clone, 0, [(HAS_BITS, NEW_USERS)], REFUSED, ALLOWED),
        (socket, 0, [(EQUAL, BESIDE)], ALLOWED, REFUSED),
        (mmap, 3, [(HAS_BITS, SHARED), (HAS_BITS, OF_NO_FILE)], REFUSED, ALLOWED),
    ):
        lines = [(LOAD, 0, 0, ARGUMENTS + 8 * argument)]
        lines += [(test, 0, len(tests) - i, value) for i, (test, value) in enumerate(tests)]
        lines += [(RETURN, 0, 0, verdict), (RETURN, 0, 0, otherwise)]
        program += [(EQUAL, 0, len(lines), call), *lines]
    program += [(RETURN, 0, 0, ALLOWED)]
    return b"".join(struct.pack("HBBI", *line) for line in program)


def answer(test, value, verdict):
    """Two lines: a verdict if what has been loaded passes a test."""
    return (test, 0, 1, value), (RETURN, 0, 0, verdict)
