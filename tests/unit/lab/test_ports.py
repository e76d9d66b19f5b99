# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One port for two sockets, also where another test has it for one of them."""

from __future__ import annotations

import errno
import socket
import typing as t

import ports
import pytest

HERE = "127.0.0.1"


def test_a_port_that_another_has_for_one_kind_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind((HERE, 0))
        taken = other.getsockname()[1]
        offered: t.Iterator[int] = iter([taken])

        class FirstTheTaken(socket.socket):
            def bind(self, address: t.Any) -> None:
                super().bind((address[0], address[1] or next(offered, 0)))

        monkeypatch.setattr(ports.socket, "socket", FirstTheTaken)
        stream, datagrams = ports.same((HERE, socket.SOCK_STREAM), (HERE, socket.SOCK_DGRAM))
    with stream, datagrams:
        assert stream.getsockname() == datagrams.getsockname()
        assert stream.getsockname()[1] != taken
        assert next(offered, None) is None


def test_where_none_is_free_it_says_so() -> None:
    twice = [(HERE, socket.SOCK_DGRAM)] * 2
    with pytest.raises(OSError, match="no port is free") as refused:
        ports.same(*twice)
    assert refused.value.errno == errno.EADDRINUSE
