# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router that validates origins says of a route what the library says: a host's BIRD, with the very ROAs that the
library judges, from StayRTR by the RPKI-to-Router protocol (RFC 8210), and the node's own announcements. Needs root and
the lab image.
"""

from __future__ import annotations

import json
import pathlib
import random
import re
import signal
import subprocess
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._registration import rpki
from ansible_collections.icann.imrs.plugins.module_utils._registration.finding import network
from imrs_gate_bench import FIVE, until
from imrs_provider_bench import Node
from imrs_provider_config import PLAIN
from registrations import ASN, WANTED, roa
from registrations import rpki as written

TABLES, ROUTES = 60, 60
ORIGINS = (ASN, ASN, 64500, 26710, 0)
RTR = 8282
LATER = 4_102_444_800
"""The year 2100."""
OTHERS = {("192.0.2.0/24", 24, 64500)}
"""ROAs of other prefixes than ours, in the validator's file."""
CHECKED = f"""
roa4 table r4;
roa6 table r6;
protocol rpki validator {{{{
  roa4 {{{{ table r4; }}}};
  roa6 {{{{ table r6; }}}};
  remote 127.0.0.1 port {RTR};
  retry keep 1;
}}}}
filter checked4 {{{{ if roa_check(r4, net, bgp_path.last) = ROA_INVALID then reject; accept; }}}}
filter checked6 {{{{ if roa_check(r6, net, bgp_path.last) = ROA_INVALID then reject; accept; }}}}
"""
"""Of the host's router."""
STATE = """
function state{number}(prefix p; int a) -> string {{
  if p.type = NET_IP4 then {{
    if roa_check(r4_{number}, p, a) = ROA_VALID then return "valid";
    if roa_check(r4_{number}, p, a) = ROA_INVALID then return "invalid";
    return "not found";
  }}
  if roa_check(r6_{number}, p, a) = ROA_VALID then return "valid";
  if roa_check(r6_{number}, p, a) = ROA_INVALID then return "invalid";
  return "not found";
}}
"""
Json = dict[str, t.Any]


def vrps(roas: t.Iterable[Json]) -> tuple[rpki.Vrp, ...]:
    """What the library takes from the validator's file."""
    return rpki.read(written(*roas, instead=True), "json", WANTED).vrps


def tables(number: int, every: t.Iterable[rpki.Vrp]) -> str:
    """The same in BIRD's words."""
    found = ""
    for family in (4, 6):
        lines = "".join(
            f" route {vrp.prefix} max {vrp.max_length} as {vrp.asn};" for vrp in every if vrp.prefix.version == family
        )
        found += f"roa{family} table r{family}_{number};\n"
        found += f"protocol static s{family}_{number} {{ roa{family} {{ table r{family}_{number}; }};{lines} }}\n"
    return found


def near(drawn: random.Random) -> t.Any:
    """One of our prefixes, or one around it or in it."""
    ours = network(drawn.choice(WANTED.prefixes))
    length = ours.prefixlen + drawn.randint(-3, 3)
    if length <= ours.prefixlen:
        return ours.supernet(new_prefix=length)
    spare = ours.max_prefixlen - length
    part = int(ours.network_address) + (drawn.getrandbits(length - ours.prefixlen) << spare)
    return type(ours)((part, length))


def drawn_roas(drawn: random.Random) -> list[Json]:
    """Some that meet each other."""
    found = []
    for _number in range(drawn.randint(0, 6)):
        prefix = near(drawn)
        found.append(roa(str(prefix), prefix.prefixlen + drawn.randint(0, 4), asn=drawn.choice(ORIGINS)))
    return found


@pytest.fixture
def asked(tmp_path: pathlib.Path) -> t.Iterator[t.Callable[[str, list[str]], list[str]]]:
    """A BIRD with this configuration, and what it says to these expressions, one after another."""
    running: list[subprocess.Popen[bytes]] = []

    def ask(config: str, expressions: list[str]) -> list[str]:
        path, socket = tmp_path / "bird.conf", tmp_path / "bird.ctl"
        path.write_text(f'log "{tmp_path}/bird.log" all;\nrouter id 192.0.2.1;\n{config}')
        command = ["bird", "-f", "-c", str(path), "-s", str(socket), "-P", str(tmp_path / "bird.pid")]
        running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
        until(socket.exists, what="BIRD to listen")
        wanted = config.count(" route ")

        def there() -> int:
            said = tell(socket, ["show route table all count"])
            return int(re.findall(r"Total: (\d+) of", said)[-1]) if "Total:" in said else -1

        until(lambda: there() == wanted, what=lambda: f"{wanted} ROAs, not {there()}")
        return re.findall(
            r"^(?:bird> )?(?:\x1b\[K)?(valid|invalid|not found)$", tell(socket, expressions), re.MULTILINE
        )

    yield ask
    for process in running:
        process.terminate()
        process.wait(60)


def tell(socket: pathlib.Path, lines: list[str]) -> str:
    """Commands on birdc's standard input, and all that it says."""
    done = subprocess.run(
        ["birdc", "-s", str(socket)], input="\n".join(lines) + "\n", check=True, capture_output=True, text=True
    )
    return done.stdout


def test_the_librarys_state_is_the_routers(asked: t.Callable[[str, list[str]], list[str]]) -> None:
    drawn = random.Random(6811)  # noqa: S311 - the same each time
    config, expressions, expected = "", [], []
    for number in range(TABLES):
        every = vrps(drawn_roas(drawn))
        config += tables(number, every) + STATE.format(number=number)
        for _route in range(ROUTES):
            prefix, origin = near(drawn), drawn.choice(ORIGINS)
            expressions.append(f"eval state{number}({prefix}, {origin})")
            expected.append(rpki.validity(every, prefix, origin))
    assert min(expected.count(state) for state in ("valid", "invalid", "not found")) > 200, "the draw proves little"
    said = asked(config, expressions)
    assert len(said) == len(expected)
    assert [each for each in zip(expressions, said, expected, strict=True) if each[1] != each[2]] == []


ALL = [roa(prefix) for prefix in sorted(FIVE)]


def without(prefix: str) -> list[Json]:
    return [each for each in ALL if each["prefix"] != prefix]


CASES: dict[str, tuple[list[Json], set[str]]] = {
    "all are right": (ALL, set()),
    "there is none": ([], set()),
    "the specific has none": (without("199.7.83.0/24"), {"199.7.83.0/24"}),
    "of another AS number": ([*without("2001:500:3::/48"), roa("2001:500:3::/48", asn=26710)], {"2001:500:3::/48"}),
    "of nobody": ([roa("199.7.82.0/23", 24, asn=0), roa("2001:500:9e::/47", 48, asn=0)], FIVE - {"2001:500:3::/48"}),
    "too short": ([roa("199.7.82.0/23", 23), roa("2001:500:9e::/47", 47)], {"199.7.83.0/24", "2001:500:9f::/48"}),
    "loose": ([roa("199.7.82.0/23", 24), roa("2001:500:9e::/47", 64), roa("2001:500:3::/48", 48)], set()),
    "beside one of another AS number": ([*ALL, roa("199.7.83.0/24", asn=64500)], set()),
}
"""ROAs, and which of our five prefixes a router drops that validates."""


def checked() -> str:
    """The host's router, which drops what is invalid."""
    router = PLAIN
    for family in (4, 6):
        router = router.replace(f"ipv{family} {{{{ import all;", f"ipv{family} {{{{ import filter checked{family};")
    assert router.count("import filter") == 2
    return CHECKED + router


def lasting(*roas: Json) -> str:
    """The validator's file with these, none of which ends: StayRTR leaves out what has, by the machine's clock."""
    file = json.loads(written(*roas, instead=True))
    return json.dumps({**file, "roas": [{**each, "expires": LATER} for each in file["roas"]]})


def listens(node: Node) -> bool:
    """Whether the validator takes connections."""
    command = ["ip", "netns", "exec", node.router, "ss", "--no-header", "--listening", "--tcp", f"sport = :{RTR}"]
    return bool(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def has(node: Node) -> set[tuple[str, int, int]]:
    """Prefix, longest length and AS number of the ROAs that the host's router has."""
    said = "".join(node.birdc("router", "show", "route", "table", table) for table in ("r4", "r6"))
    found = re.findall(r"^(\S+/\d+)-(\d+) AS(\d+)\s", said, re.MULTILINE)
    return {(prefix, int(longest), int(origin)) for prefix, longest, origin in found}


def test_what_the_library_calls_invalid_the_hosts_router_drops(tmp_path: pathlib.Path) -> None:
    cache = tmp_path / "rpki.json"
    cache.write_text(lasting())
    serve = ("-bind", f"127.0.0.1:{RTR}", "-cache", str(cache), "-checktime=false", "-metrics.addr", "")
    with Node(tmp_path, "bird", "plain") as node:
        node.start_knot()
        node.start_gate()
        node.raise_to_live()
        node.await_routes(FIVE)
        node.start("stayrtr", node.router, "stayrtr", *serve)
        until(lambda: listens(node), what="the validator to listen")  # BIRD tries it again after ten minutes
        node.reconfigure_router(checked())
        until(lambda: has(node) == OTHERS, what=lambda: f"{OTHERS} from the validator, not {has(node)}")
        for case, (roas, dropped) in CASES.items():
            every = vrps(roas)
            judged = {each for each in FIVE if rpki.validity(every, network(each), ASN) == "invalid"}
            assert judged == dropped, case
            cache.write_text(lasting(*roas))
            node.signal("stayrtr", signal.SIGHUP)  # it reads the file again, and tells its routers
            wanted = {(str(vrp.prefix), vrp.max_length, vrp.asn) for vrp in every} | OTHERS
            until(lambda wanted=wanted: has(node) == wanted, what=lambda wanted=wanted: f"{wanted}, not {has(node)}")
            node.birdc("router", "reload", "in", "all")  # asks the node to tell all again (RFC 2918)
            until(
                lambda left=FIVE - dropped: set(node.routes()) == left,
                what=lambda case=case: f"{case}: {set(node.routes())}",
            )
