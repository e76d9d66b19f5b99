# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of site.yml mends a damaged node. The other drills begin with a disk that was frozen live."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

DAMAGE = r"""
systemctl stop imrs-gate.service imrs-fingerprint.path
rm -rf /usr/lib/imrs/imrs /var/lib/imrs/* /run/imrs/fingerprint
systemctl stop knot.service
rm -rf /var/lib/knot/*.zone /var/lib/knot/journal /var/lib/knot/timers
sed -i 's/secret: "/secret: "AAAA/' /etc/knot/keys.conf
systemctl stop bird.service
sed -i 's/20144/20414/' /etc/bird/*.conf
echo 'protocol static leak { ipv6; route 2001:db8:bad::/48 blackhole; }' >> /etc/bird/bird.conf
nft flush ruleset
rm /etc/nftables.conf /etc/systemd/system/imrs-fingerprint.service
chmod 0666 /etc/ssh/sshd_config.d/00-imrs.conf
systemctl disable --quiet nftables.service bird.service
apt-mark unhold knot bird2
systemctl daemon-reload
"""
"""Of each bundle something: its files, its daemon, and what the node has learnt and proven."""


def test_one_run_mends_what_is_damaged_everywhere(drill: Drill) -> None:
    drill.node("sh", "-ec", DAMAGE)
    drill.wait(set())
    drill.mend()
    status = drill.status()
    assert status["certificate"]["valid"]
    assert status["certificate"]["expires_at"] is None
    compared = drill.play("drift")
    assert compared.status == 0, compared.output[-3000:]
