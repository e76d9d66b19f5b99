#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make test: everything CI runs, in four lanes (tests/lanes.py). The lab has a name and files of its own, so that the one of
# `make live` can stay up, and it is taken down at any end.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/setup.sh test
export PATH=$PWD/.venv/bin:$PATH
export IMRS_LAB=${IMRS_LAB:-imrstest}
export ANSIBLE_CONFIG=$PWD/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH=$PWD/.cache
exec tests/lanes.py
