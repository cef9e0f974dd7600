"""The process's stdin and stdout, kept from whatever else uses them."""

from __future__ import annotations

import os
import sys
from typing import Callable, Tuple


def take() -> Tuple[int, int]:
    """Takes descriptors 0 and 1 for the protocol and returns them.

    Whatever prints from now on, here or in a program that we start, prints to
    stderr, and whatever reads finds the end of input.
    """
    fd_in, fd_out = os.dup(0), os.dup(1)  # not inherited by programs
    os.dup2(2, 1)
    try:
        null = os.open(os.devnull, os.O_RDONLY)
    except OSError:  # a sandbox may be that strict
        pass
    else:
        os.dup2(null, 0)
        os.close(null)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    for fd in (fd_in, fd_out):
        if hasattr(os, "set_blocking"):
            os.set_blocking(fd, True)
    return fd_in, fd_out


def writer(fd: int) -> Callable[[bytes], None]:
    """Returns a function that writes all of its argument.

    When the gateway is gone it drops it: the end of stdin is about to come.
    """
    gone = False

    def write(data: bytes) -> None:
        nonlocal gone
        rest = memoryview(data)
        while rest and not gone:
            try:
                rest = rest[os.write(fd, rest):]
            except OSError:
                gone = True

    return write
