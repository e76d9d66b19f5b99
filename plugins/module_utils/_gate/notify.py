# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Tell systemd how the service is (sd_notify(3)); silent when nobody listens."""

from __future__ import annotations

import contextlib
import os
import socket


class Notifier:
    """Sends to the socket that systemd named in the environment. Never fails: it is only talk."""

    def __init__(self, address: str | None = None) -> None:
        text = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._address = "\0" + text[1:] if text.startswith("@") else text

    def __call__(self, **fields: str) -> None:
        """``notify(READY="1", STATUS="…")``."""
        if self._address:
            text = "\n".join(f"{key}={value}" for key, value in fields.items())
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(text.encode(), self._address)
