#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make test-vm: the scenario `vm`, then the stories that take a kernel, a disk and a power switch. make test-bare (tests/vm.sh
# bare): a medium that installs a machine, takes it live and what goes wrong on the way. make test-bond (tests/vm.sh bond): an
# uplink that is a VLAN on a bond. make test-upgrade (tests/vm.sh upgrade): upgrades that are kept, and that go away by
# themselves. Each on a lab of its own that is taken down at any end.
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:-virtual}

tests/setup.sh vm
export PATH=$PWD/.venv/bin:$PATH
export IMRS_LAB=imrsvm
[[ $which == virtual ]] || IMRS_LAB=imrs$which
export ANSIBLE_CONFIG=$PWD/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH=$PWD/.cache
trap 'tests/lab/lab.py down' EXIT
[[ $which != virtual ]] || tests/scenario.sh vm --destroy never
# The stories of `virtual` come last, as their last one leaves the machine with other daemons.
tests=("tests/vm/test_$which.py")
[[ $which != virtual ]] || tests=(tests/vm/test_bmc.py "${tests[@]}")
pytest --verbose "${tests[@]}"
