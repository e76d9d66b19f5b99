# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of a rendered node: what is written is read, and nothing else."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _manifest as manifest

TEXT = """\
0755 root:root 0123456789ab gate /usr/sbin/with a space
0640 root:knot 0123456789ab nameserver /var/keys.conf secret
exclusive gate /etc/with a space
reload hardening ssh.service /etc/ssh/*
restart nameserver nsd.service /etc/nsd/nsd.conf */10-imrs.conf
unit gate imrs-gate.service enabled started
unit nameserver nsd.service disabled stopped
unit network nftables.service - started
"""


def test_what_is_written_is_read() -> None:
    read = manifest.parse(TEXT)
    assert str(read) == TEXT
    assert manifest.parse(str(read)) == read
    assert read.bundles == {"gate", "nameserver"}
    assert read.of(manifest.Unit)[1:] == (
        manifest.Unit("nameserver", "nsd.service", enabled=False, started=False),
        manifest.Unit("network", "nftables.service", enabled=None, started=True),
    )
    assert read.of(manifest.Exclusive) == (manifest.Exclusive("gate", "/etc/with a space"),)
    assert read.of(manifest.Told)[1].patterns == ("/etc/nsd/nsd.conf", "*/10-imrs.conf")
    assert read.files[1].secret


def test_a_file_of_an_earlier_version_has_no_bundle() -> None:
    (file,) = manifest.parse("0644 root:root 0123456789ab /etc/motd secret\n").files
    assert (file.bundle, file.path, file.secret) == ("", "/etc/motd", True)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "0644 root:root /etc/motd",
        "unit gate imrs-gate.service enabled",
        "unit gate imrs-gate.service started enabled",
        "restart gate imrs-gate.service",
        "exclusive gate etc",
        "start gate imrs-gate.service *",
    ],
)
def test_another_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"MANIFEST: not a line of a manifest: '.*'; render again"):
        manifest.parse(f"{TEXT}{line}\n")
