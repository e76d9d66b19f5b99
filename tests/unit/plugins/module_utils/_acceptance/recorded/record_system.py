#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what a node's operating system says of itself (`_probes/system.py`), for whom it answers, what it forwards and
believes, and how it speaks SSH.

    tests/lab/lab.py in-image python3 /checkout/tests/unit/plugins/module_utils/_acceptance/recorded/record_system.py \
        /checkout knot|nsd

On the lab image, with the network of record.py. The daemons run as the accounts that Debian's units give them, with
files as the roles leave them. No systemd runs there, so nobody says which units have failed.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import shutil
import sys
import typing as t

import record

if t.TYPE_CHECKING:
    import types

HERE = pathlib.Path(__file__).parent
BASE = "ansible_collections.icann.imrs.plugins.module_utils"
SECRET_FILES = {
    "knot": {"/etc/knot/keys.conf": ("root", "knot")},
    "nsd": {"/etc/nsd/nsd.conf.d/zones.conf": ("root", "nsd")},
    "bird": {"/etc/bird/bird.conf": ("root", "bird")},
}


def secret(path: str, text: str, owner: str, group: str) -> str:
    """A file as a bundle writes one with secrets; its path."""
    file = pathlib.Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="ascii")
    file.chmod(0o640)
    shutil.chown(file, owner, group)
    return path


def daemons(provider: str) -> None:
    """A nameserver without zones, and BIRD, each as it is started on a node."""
    address = record.SERVICE["ipv4"][0]
    for name in (provider, "bird"):
        for path, (owner, group) in SECRET_FILES[name].items():
            secret(path, "", owner, group)
    if provider == "knot":
        pathlib.Path("/run/knot").mkdir()
        shutil.chown("/run/knot", "knot", "knot")
        text = f'server:\n  rundir: "/run/knot"\n  user: knot:knot\n  listen: {address}@53\ninclude: "keys.conf"\n'
        record.spawn("knotd", "-c", secret("/etc/knot/knot.conf", text, "root", "knot"))
    else:
        pathlib.Path("/run/nsd").mkdir()
        shutil.chown("/run/nsd", "nsd", "nsd")
        text = f'server:\n  username: nsd\n  ip-address: {address}\ninclude: "/etc/nsd/nsd.conf.d/*.conf"\n'
        record.run("nsd-control-setup")
        record.spawn("nsd", "-d", "-c", secret("/etc/nsd/nsd.conf", text, "root", "nsd"))
    pathlib.Path("/run/bird").mkdir()
    shutil.chown("/run/bird", "bird", "bird")
    secret("/etc/bird/bird.conf", "router id 192.0.2.2;\nprotocol device {}\n", "root", "bird")
    record.spawn("bird", "-f", "-u", "bird", "-g", "bird")


def hardened(host: types.ModuleType) -> dict[str, t.Any]:
    """With the settings of the kernel and of sshd that role hardening writes, as they are in the golden renders."""
    golden = HERE.parents[4] / "golden/example/acc01"
    record.run("/usr/lib/systemd/systemd-sysctl", str(golden / "etc/sysctl.d/60-imrs.conf"))
    shutil.copy(golden / "etc/ssh/sshd_config.d/00-imrs.conf", "/etc/ssh/sshd_config.d/")
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    record.run("ssh-keygen", "-A")
    sshd = host.run(["sshd", "-T"])
    return {
        "redirects": host._switched_on(host.REDIRECTS),
        "sysctls": {name: host._sysctl(name) for name in host.SYSCTLS},
        "sshd": host.parse_sshd(sshd["stdout"]),
        "logins": host.logins.read(sshd["stdout"]),
    }


def main(checkout: str, provider: str) -> None:
    """Write ``system_<provider>.json``."""
    record.WORK.mkdir(parents=True)
    record.library(checkout)
    system, host, products = (
        importlib.import_module(f"{BASE}.{name}") for name in ("_probes.system", "_probes.host", "_products")
    )
    record.network(record.Outside())
    daemons(provider)
    wanted = [products.named(products.NAMESERVER, provider), products.named(products.ROUTING, "bird")]

    def settled() -> bool:
        """Whether each has given up what it began with."""
        found = system.read(wanted)["processes"]
        return {(row["name"], row["user"]) for row in found} == {(each.process, each.account) for each in wanted}

    record.until(settled, "the daemons' own accounts")
    found = {"system": system.read(wanted), "proxied": host._proxied(host.run)}
    found["forwarding"] = host._switched_on(host.FORWARDING)
    found |= hardened(host)
    text = json.dumps(found, indent=1) + "\n"
    (HERE / f"system_{provider}.json").write_text(text, encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
