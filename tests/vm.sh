#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make test-vm: the scenario `vm`, then the stories that take a kernel, a disk and a power switch (tests/vm/), on a lab of its
# own that is taken down at any end.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/setup.sh vm
export PATH=$PWD/.venv/bin:$PATH
export IMRS_LAB=imrsvm
export ANSIBLE_CONFIG=$PWD/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH=$PWD/.cache
trap 'tests/lab/lab.py down' EXIT
tests/scenario.sh vm --destroy never
pytest --verbose tests/vm
