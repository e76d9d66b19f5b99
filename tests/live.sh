#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make live: lab up, appliances provisioned, accepted and announced; then what came of it. SITE="xlb xnf": which ones.
# HOST_ROUTER=bird: what the hosts' routers run. RELEASE=bookworm: the Debian that appliances arrive with.
set -euo pipefail
cd "$(dirname "$0")/.."
began=$(date +%s)
lab=${IMRS_LAB:-imrs}
reports=.lab/reports
[[ $lab == imrs ]] || reports=.lab/$lab-reports

read -ra sites <<<"${SITE:-}"
sheets=${IMRS_LAB_SHEETS:-inventories/lab}/sites
for site in "${sites[@]}"; do
  # The lab boots nodes of this profile as virtual machines.
  if grep -qsE 'profile: (virtual|bare)' "$sheets/$site.yml"; then export IMRS_VIRTUAL=1; fi
done
tests/setup.sh live
export PATH=$PWD/.venv/bin:$PATH
inventory=.lab/$lab/inventory

tests/lab/lab.py up --host-router="${HOST_ROUTER:-frr}" --release="${RELEASE:-trixie}" "${sites[@]}"
ready=$(date +%s)

ansible-playbook icann.imrs.site -i "$inventory" "$@"
done=$(date +%s)

appliances=$(tests/lab/lab.py appliances)
while read -r node _; do
  echo
  echo "Acceptance of $node (reports: $reports/$node/acceptance.{json,xml,md})"
  echo
  cat "$reports/$node/acceptance.txt"
  echo
done <<<"$appliances"
echo
tests/lab/lab.py received
while read -r _ _ router vantage; do
  echo "Asked from $vantage, through the route that $router learnt:"
  echo "  ip netns exec $lab-$vantage dig @199.7.83.42 . SOA +norec +nsid"
  echo
  ip netns exec "$lab-$vantage" dig @199.7.83.42 . SOA +norec +nsid +nostats +nocmd
done <<<"$appliances"
read -r node _ _ vantage <<<"$appliances"
ansible-playbook icann.imrs.render -i "$inventory" -e documents_directory="$PWD/.lab/rendered" >.lab/render.log 2>&1 ||
  { cat .lab/render.log >&2; exit 1; }
while read -r _ site _; do echo "What the host reads of it: .lab/rendered/sites/$site.html"; done <<<"$appliances"
echo "Times on $(nproc) cores: lab $((ready - began)) s, site.yml $((done - ready)) s, together $((done - began)) s"
echo "Look around: make status; ip netns exec $lab-$vantage dig …; tests/lab/lab.py shell $node; make down takes it all away"
