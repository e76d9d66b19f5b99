#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make test-faults: a change of configuration killed at every step and at 250 random instants; 2,000 valid sheets through
# the routing daemons and nameservers; 20,000 schedules of the gate's; then, on a lab of its own that is taken down at any
# end, the lines of runs cut. SEED=n repeats the random instants, and draws other sheets.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/setup.sh test
export PATH=$PWD/.venv/bin:$PATH
pytest --ignore=tests/faults/lines tests/faults
nox --session sheets
nox --session schedules

export IMRS_LAB=imrsfaults
export ANSIBLE_CONFIG=$PWD/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH=$PWD/.cache
trap 'tests/lab/lab.py down' EXIT
tests/lab/lab.py up
pytest tests/faults/lines
