# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zones the masters serve: the real root zone, re-signed with throw-away keys.

The published signatures of the stored zone have lapsed, so RRSIG, NSEC, DNSKEY and ZONEMD are made anew
(RSASHA256, ZONEMD SHA-384: RFC 8976). Every delegation, DS and glue record is the published one. Without the
stored zone (a clone without it) a zone is generated from dns-root-data's hints and a list of TLDs, and said so.
"""

from __future__ import annotations

import collections
import gzip
import pathlib
import re
import shutil
import tempfile

from . import machine, shell, topology, zone_states

STORED = "data/root.zone.2026073102.gz"
REMADE = {"RRSIG", "NSEC", "DNSKEY", "ZONEMD"}
USUAL = "successor"
"""The state of the root zone unless another one is asked for: it is that of the published zone since October 2026."""
VARIANTS: dict[str, tuple[int, str]] = {
    "real": (0, USUAL),
    "next": (1, USUAL),
    "tampered": (2, USUAL),
    "foreign": (3, USUAL),
    **{state: (number, state) for number, state in enumerate(zone_states.STATES, 10)},
    "rsa-again": (30, "successor"),
    "p256-again": (31, "p256"),
}
"""What can be published: by how much its serial is higher than that of the stored zone, and the state of the root."""
FILES = {".": "root.zone", "arpa.": "arpa.zone", "root-servers.net.": "root-servers.net.zone"}
RELOAD = {"knot.service": ("knotc", "--blocking", "zone-reload"), "nsd.service": ("nsd-control", "reload")}
AGAIN = ("sh", "-c", "systemctl stop knot && rm -rf /var/lib/knot/journal && systemctl start knot")
"""For Knot, which tells what has changed, and takes no serial that is lower than the one before."""
REVOKED = zone_states.REVOKED
_SERVED = pathlib.Path("var/lib/lab-zones")


def publish(lab: topology.Lab, image: pathlib.Path, variant: str = "real") -> str:
    """Sign one variant and hand it to both masters; returns one line that says what is served.

    Variants: ``real`` as published; ``next`` the same with a higher serial; ``tampered`` a higher serial and one
    glue address of l.root-servers.net altered after signing, which only ZONEMD can notice; ``foreign`` a higher serial,
    signed with keys that no trust anchor knows; and the states of ``zone_states``, each with a higher serial than the
    one before, two of them once more behind the last one. ``real`` also makes the trust anchors anew: of the KSKs of
    its state.
    """
    if variant not in VARIANTS:
        raise shell.LabError(f"{variant!r} is no variant of the zone ({', '.join(VARIANTS)})")
    bump, state = VARIANTS[variant]
    texts, origin = unsigned(image, bump)
    folder = lab.state / "zones"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for zone, text in texts.items():
        shell.write(folder / FILES[zone], text)
    with tempfile.TemporaryDirectory(dir=lab.state) as mounted:
        keys = lab.secrets / ("foreign-zones" if variant == "foreign" else "zones")
        _sign(keys, image, folder, pathlib.Path(mounted), zone_states.STATES[state])
    if variant == "tampered":
        _tamper(folder / FILES["."])
    if variant == "real":
        trust(lab, *(name for name in zone_states.ANCHORED if name in zone_states.STATES[USUAL].published))
    for master in topology.MASTERS:
        again = master.service == "knot.service" and VARIANTS[variant] < VARIANTS["before"]
        _hand_over(lab, master.name, AGAIN if again else RELOAD[master.service], folder)
    what = f"{variant}: {zone_states.STATES[state].what}"
    return f"root zone {_serial(texts['.'])} ({what}), {len(tlds(texts['.']))} TLDs, from {origin}"


def trust(lab: topology.Lab, *keys: str) -> None:
    """Have the fleet's trust anchors be these KSKs of the lab's root zone."""
    anchors = [(lab.secrets / "zones" / f"{key}.ds").read_text(encoding="ascii") for key in keys]
    shell.write(lab.state / "trust-anchor.ds", "".join(anchors))


def unsigned(image: pathlib.Path, bump: int = 0) -> tuple[dict[str, str], str]:
    """The text of each zone before it is signed, its serial raised by ``bump``, and where the root zone comes from."""
    root, origin = _root_zone(image)
    root = _with_serial(root, bump)
    return {".": root, "arpa.": _arpa(root), "root-servers.net.": _root_servers(root)}, origin


def tlds(root: str) -> list[str]:
    """What a root zone delegates, in order."""
    return sorted({line.split()[0] for line in root.splitlines() if " NS " in _spaced(line)} - {"."})


def _root_zone(image: pathlib.Path) -> tuple[str, str]:
    stored = topology.SHARED / STORED
    if stored.exists():
        lines = gzip.decompress(stored.read_bytes()).decode("ascii").splitlines()
        kept = [line for line in lines if line.split()[3:4] and line.split()[3] not in REMADE]
        return "\n".join(kept) + "\n", "the published zone, re-signed with lab keys"
    return _generated(image), "dns-root-data hints and a list of TLDs: GENERATED, not the published zone"


def _generated(image: pathlib.Path) -> str:
    hints = (image / "usr/share/dns/root.hints").read_text(encoding="ascii")
    lines = [". 86400 IN SOA a.root-servers.net. nstld.verisign-grs.com. 2026010100 1800 900 604800 86400"]
    for line in hints.splitlines():
        fields = line.split(";")[0].split()
        if len(fields) == 4:
            lines.append(f"{fields[0].lower()} 518400 IN {fields[2]} {fields[3].lower()}")
    for number, tld in enumerate((topology.ROOT / "tests/lab/tlds.txt").read_text(encoding="ascii").split()):
        if tld.startswith("#"):
            continue
        for server in ("a", "b"):
            name = f"{server}.nic.{tld}."
            lines += [f"{tld}. 172800 IN NS {name}", f"{name} 172800 IN A 192.0.2.{number % 254 + 1}"]
            lines.append(f"{name} 172800 IN AAAA 2001:db8::{number:x}")
        if number % 16:
            lines.append(f"{tld}. 86400 IN DS {number % 65535 + 1} 8 2 {number:064X}")
    return "\n".join(lines) + "\n"


def _spaced(line: str) -> str:
    return " ".join(line.split())


def _serial(zone: str) -> int:
    match = re.search(r"\sSOA\s+\S+\s+\S+\s+(\d+)", zone)
    if not match:
        raise shell.LabError("the root zone has no SOA record")
    return int(match[1])


def _with_serial(zone: str, bump: int) -> str:
    return re.sub(r"(\sSOA\s+\S+\s+\S+\s+)(\d+)", lambda found: f"{found[1]}{int(found[2]) + bump}", zone)


def _records(zone: str) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for line in zone.splitlines():
        name, _ttl, _class, kind, data = line.split(None, 4)
        found[name.lower(), kind].append(data)
    return found


def _small_zone(zone: str, serial: int, servers: list[str], records: list[str]) -> str:
    soa = f"{zone} 86400 IN SOA {servers[0]} nstld.verisign-grs.com. {serial} 1800 900 604800 86400"
    return "\n".join([soa, *(f"{zone} 518400 IN NS {server}" for server in servers), *records]) + "\n"


def _arpa(root: str) -> str:
    records = _records(root)
    servers = sorted(records["arpa.", "NS"]) or ["a.root-servers.net."]
    children = [f"{name}.arpa. 172800 IN NS a.{name}-servers.arpa." for name in ("in-addr", "ip6")]
    glue = [f"a.{name}-servers.arpa. 172800 IN A 192.0.2.53" for name in ("in-addr", "ip6")]
    glue += _glue(records, [name for name in servers if name.endswith(".arpa.")])
    return _small_zone("arpa.", _serial(root), servers, children + glue)


def _root_servers(root: str) -> str:
    records = _records(root)
    servers = sorted(records[".", "NS"])
    return _small_zone("root-servers.net.", _serial(root), servers, _glue(records, servers))


def _glue(records: dict[tuple[str, str], list[str]], names: list[str]) -> list[str]:
    return [
        f"{name} 518400 IN {kind} {data}" for name in names for kind in ("A", "AAAA") for data in records[name, kind]
    ]


SIGN = r"""set -eu
keys=$1 zones=$2
cd "$keys"
make() { # NAME ZONE OPTION...: one key pair, made once in the life of a lab
  name=$1 zone=$2; shift 2
  [ ! -e "$name.key" ] || return 0
  made=$(ldns-keygen "$@" "$zone")
  for end in key private ds; do [ ! -e "$made.$end" ] || mv "$made.$end" "$name.$end"; done
}
revoke() { # NAME REVOKED
  for end in key private; do cp "$1.$end" "$2.$end"; done
  ldns-revoke "$2.key" >/dev/null
}
sign() { # ZONE FILE PUBLISHED SIGNING
  for name in $3; do sed -E 's/^(\S+)\s+([0-9]+\s+)?IN/\1 172800 IN/' "$name.key" >> "$zones/$2"; done
  # -d: what is published is in the file; who signs need not be.
  ldns-signzone -d -z simple:sha384 -o "$1" -f "$zones/$2.signed" "$zones/$2" $4
  mv "$zones/$2.signed" "$zones/$2"
}
"""
"""What `signing` adds to."""
IN_IMAGE = r"""set -eu
mount --make-rprivate /
mount --bind "$1" "$2"
mount -t tmpfs tmpfs "$2/tmp"
mkdir "$2/tmp/zones" "$2/tmp/keys"
mount --bind "$3" "$2/tmp/zones"
mount --bind "$4" "$2/tmp/keys"
exec chroot "$2" sh -c "$5" sign /tmp/keys /tmp/zones
"""


def signing(state: zone_states.State = zone_states.STATES[USUAL]) -> str:
    """A shell script for the lab image that signs the zones of one folder with the keys of another: its arguments are
    the folder of the keys, which are made where there are none, and that of the zones.
    """
    script = [SIGN, *(f"make {name} . {options}" for name, options in zone_states.KEYS.items())]
    script += [f"revoke {name.removesuffix(REVOKED)} {name}" for name in state.published if name.endswith(REVOKED)]
    script.append(f"sign . {FILES['.']} '{' '.join(state.published)}' '{' '.join(state.signing)}'")
    for zone in FILES.keys() - {"."}:
        name = zone.rstrip(".")
        script += [
            f"make {name}-{key} {zone} -a RSASHA256 -b 2048 {more}" for key, more in (("ksk", "-k"), ("zsk", ""))
        ]
        script.append(f"sign {zone} {FILES[zone]} '{name}-ksk {name}-zsk' '{name}-ksk {name}-zsk'")
    return "\n".join(script)


def _sign(
    zone_keys: pathlib.Path, image: pathlib.Path, folder: pathlib.Path, mounted: pathlib.Path, state: zone_states.State
) -> None:
    zone_keys.mkdir(mode=0o700, exist_ok=True)
    places = (str(image), str(mounted), str(folder), str(zone_keys))
    shell.run("unshare", "--mount", "sh", "-c", IN_IMAGE, "sign", *places, signing(state))


def _tamper(path: pathlib.Path) -> None:
    zone = path.read_text(encoding="ascii")
    altered = re.sub(r"(?m)^(l\.root-servers\.net\.\s+\d+\s+IN\s+A\s+)\S+$", r"\g<1>192.0.2.66", zone)
    if altered == zone:
        raise shell.LabError("nothing to tamper with: the root zone has no glue for l.root-servers.net")
    path.write_text(altered, encoding="ascii")


def _hand_over(lab: topology.Lab, master: str, reload: tuple[str, ...], folder: pathlib.Path) -> None:
    if machine.running(lab, master):
        for name in FILES.values():
            text = (folder / name).read_text(encoding="ascii")
            command = machine.inside(
                lab, master, "sh", "-c", f"cat > /{_SERVED}/{name}.new && mv /{_SERVED}/{name}.new /{_SERVED}/{name}"
            )
            shell.run(*command, input=text)
        shell.run(*machine.inside(lab, master, *reload))
        return
    served = lab.machine_state(master) / "upper" / _SERVED
    served.mkdir(parents=True, exist_ok=True)
    for name in FILES.values():
        shutil.copyfile(folder / name, served / name)
