# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The node's own copy of this library, with which it puts things right when no controller is there.

One file, a Python zip application, so that it is replaced in one step: ``unzip -p`` shows what is in it.
"""

from __future__ import annotations

import io
import os
import pathlib
import pkgutil
import sys
import typing as t
import zipfile

from .entry import Entry, explain, put, read
from .model import BundleError

if t.TYPE_CHECKING:
    from .places import Places

MODULES = (
    *(
        "__init__",
        "commands",
        "confirm",
        "disruption",
        "entry",
        "install",
        "journal",
        "lock",
        "memory",
        "model",
        "owed",
        "parse",
    ),
    *("places", "plan", "recovery", "redact", "stage", "swap", "transaction", "undo", "units", "windows"),
)
"""What the node gets: all but what only Ansible's modules and its controller use."""

UNIT = "imrs-bundle-recover.service"
"""Started at boot, and only when there is something to do."""

_PYTHON = "/usr/bin/python3"
_MAIN = "import sys\n\nfrom imrs_bundle.recovery import main\n\nsys.exit(main())\n"
_UNIT_TEXT = """\
# Installed by icann.imrs.bundle.
[Unit]
Description=Finish or undo a change of configuration that was interrupted
ConditionPathExistsGlob=|{state}/*.journal
ConditionPathExistsGlob=|{state}/*.owed
DefaultDependencies=no
RequiresMountsFor={state} {library} /etc /usr
After=local-fs.target
Before=sysinit.target systemd-sysctl.service systemd-networkd.service nftables.service network-pre.target
Before=shutdown.target
Conflicts=shutdown.target
# On a running system: {program}
RefuseManualStart=yes

[Service]
Type=oneshot
ExecStart={recover} --boot
TimeoutStartSec=10min

[Install]
WantedBy=sysinit.target
"""


def archive() -> bytes:
    """The program; equal sources give equal bytes."""
    python = _PYTHON if os.path.exists(_PYTHON) else sys.executable
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("__main__.py"), _MAIN)
        for name in MODULES:
            source = pkgutil.get_data(__package__ or "", f"{name}.py")
            if source is None:
                raise BundleError(f"the library's own module {name} cannot be read; install the collection again")
            file.writestr(zipfile.ZipInfo(f"imrs_bundle/{name}.py"), source)
    return f"#!{python} -I\n".encode() + body.getvalue()


def install(places: Places) -> None:
    """Make the node able to put things right by itself; does nothing when it is. Raises BundleError when it cannot."""
    text = _UNIT_TEXT.format(
        state=places.state, library=places.library, program=places.program, recover=" ".join(places.recover)
    )
    user, group = os.geteuid(), os.getegid()
    wants = os.path.join(places.units, "sysinit.target.wants", UNIT)
    command = os.path.join(places.programs, "imrs-bundle-recover")
    wanted = {
        places.program: Entry("file", archive(), user, group, 0o755),
        os.path.join(places.units, UNIT): Entry("file", text.encode(), user, group, 0o644),
        wants: _link(places.units, UNIT),
        command: _link(os.path.dirname(places.program), os.path.basename(places.program)),
    }
    for path, entry in wanted.items():
        now = read(path)
        if (now.kind, now.content) == (entry.kind, entry.content) and (entry.kind == "link" or now == entry):
            continue
        try:
            pathlib.Path(path).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            put(path, entry)
        except OSError as error:
            raise BundleError(
                f"what would put things right after a crash cannot be installed: {explain(error, path)}"
            ) from None


def _link(directory: str, name: str) -> Entry:
    return Entry("link", os.fsencode(os.path.join(directory, name)), os.geteuid(), os.getegid(), 0o777)
