# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One port for several sockets of a test: the kernel finds a free one for a socket alone, not for a pair."""

from __future__ import annotations

import errno
import socket

Place = tuple[str, socket.SocketKind]
TRIES = 100


def same(*places: Place) -> list[socket.socket]:
    """A bound socket for each address and kind, all with the same port; the caller closes them.

    A port that another test has for one of them is left, and another one tried.
    """
    for _ in range(TRIES):
        made: list[socket.socket] = []
        port = 0
        try:
            for host, kind in places:
                made.append(socket.socket(socket.AF_INET, kind))
                made[-1].bind((host, port))
                port = made[-1].getsockname()[1]
        except OSError as error:
            for each in made:
                each.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return made
    raise OSError(errno.EADDRINUSE, f"no port is free for all of {places}")
