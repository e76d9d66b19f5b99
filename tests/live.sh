#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make live: lab up, appliance provisioned, accepted and announced; then what came of it.
set -euo pipefail
cd "$(dirname "$0")/.."
began=$(date +%s)
lab=${IMRS_LAB:-imrs}
reports=.lab/reports
[[ $lab == imrs ]] || reports=.lab/$lab-reports

tests/setup.sh live
export PATH=$PWD/.venv/bin:$PATH
tests/lab/lab.py up
ready=$(date +%s)

ansible-playbook icann.imrs.site -i inventories/lab "$@"
done=$(date +%s)

echo
echo "Acceptance of xlb01 (reports: $reports/xlb01/acceptance.{json,xml,md})"
echo
cat "$reports/xlb01/acceptance.txt"
echo
echo "What host-router (AS 64500) received:"
echo
tests/lab/lab.py received
echo
echo "Asked from the vantage, through the route that host-router learnt:"
echo "  ip netns exec $lab-vantage dig @199.7.83.42 . SOA +norec +nsid"
echo
ip netns exec "$lab-vantage" dig @199.7.83.42 . SOA +norec +nsid +nostats +nocmd
ansible-playbook icann.imrs.render -i inventories/lab -e documents_directory="$PWD/.lab/rendered" >.lab/render.log 2>&1 ||
  { cat .lab/render.log >&2; exit 1; }
echo "What the host reads of it: .lab/rendered/sites/xlb.html"
echo "Times on $(nproc) cores: lab $((ready - began)) s, site.yml $((done - ready)) s, together $((done - began)) s"
echo "Look around: make status; ip netns exec $lab-vantage dig …; tests/lab/lab.py shell xlb01; make down takes it all away"
