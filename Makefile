# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

live: ## a small internet on this machine, and an appliance taken live in it; SITE="xlb xnf": of which sheets of inventories/lab/sites; HOST_ROUTER=bird: what the hosts' routers run; RELEASE=bookworm: the Debian of appliances
	@SITE="$(SITE)" HOST_ROUTER="$(HOST_ROUTER)" RELEASE="$(RELEASE)" tests/live.sh

render: ## every file of every node of the example fleet, and what hosts read, in rendered/; REV=<git rev>: what changed since
	@tests/render.sh $(REV)

image: ## media that install the machines of a site from bare metal, in images/; SITE=acc KEY=~/.ssh/id_ed25519.pub: who gets in; INVENTORY=fleet
	@test -n "$(SITE)" -a -r "$(KEY)" || { echo "image: say which site, and whose public key of SSH gets in: make image SITE=acc KEY=$$HOME/.ssh/id_ed25519.pub" >&2; exit 2; }
	@IMRS_VIRTUAL=1 tests/setup.sh live
	@ANSIBLE_COLLECTIONS_PATH=.cache ansible-playbook icann.imrs.image -i $(or $(INVENTORY),inventories/example) --limit site_$(SITE) -e "{\"image_account_keys\": [\"$$(cat $(KEY))\"]}"

golden: ## renew the renders that tests compare with (tests/golden/), to be reviewed as a diff
	@tests/golden.sh

schema: ## renew the JSON Schemas for editors (docs/schema/)
	@tests/setup.sh live
	@PYTHONPATH=.cache python tests/schema.py

messages: ## bring the catalogues of the host sheet's texts up to date (roles/documents/files/locale/)
	@tests/setup.sh test
	@PYTHONPATH=.cache python tests/messages.py

pages: ## renew the pages that are made from code: the catalogue of the checks (docs/checks.md), the README of each role
	@tests/setup.sh live
	@PYTHONPATH=.cache python tests/pages.py

bench: bench-sites bench-line bench-fleet ## all measurements of docs/performance.md but Mitogen's, as Markdown; some 25 minutes

bench-sites: ## how long a fleet takes to read: 200, 2,000 and 20,000 sites
	@tests/setup.sh live
	@PYTHONPATH=.cache python tests/bench/sites.py run 200 2000 20000

bench-line: ## one appliance over a line of 0, 100 and 250 ms, against one task a file; RTT="0 250": only these
	@tests/setup.sh live
	@python tests/bench/line.py $(RTT)

bench-fleet: ## 1, 5, 10 and 20 appliances at once: time, and memory of the controller
	@tests/setup.sh live
	@python tests/bench/fleet.py

bench-upgrade: ## how long an upgrade of 195 nodes takes at 250 ms, beside what the nodes do: some 40 minutes; COUNT=20 RTT=0
	@tests/setup.sh live
	@python tests/bench/upgrade.py $(or $(COUNT),195) $(or $(RTT),250)

bench-gate: ## faults and floods: how soon questions go elsewhere, ours beside ExaBGP and anycast-healthchecker; RUNS=20 GATES="ours ahc-1s" FLOODS="none udp"
	@tests/setup.sh live
	@python -m pip install --quiet --disable-pip-version-check --upgrade --target .lab/rivals exabgp anycast-healthchecker
	@tests/lab/lab.py in-image env "FLOODS=$(FLOODS)" python3 tests/bench/gate.py $(or $(RUNS),20) $(GATES)

bench-cluster: ## what is lost while a node or a router of a cluster is taken away
	@tests/setup.sh live
	@python tests/bench/cluster.py

bench-answers: ## how long answers are, and which are truncated, in each state of the root zone (docs/zone-states.md)
	@tests/setup.sh live
	@tests/lab/lab.py in-image env PYTHONPATH=tests/daemons:tests/lab:tests/support python3 tests/daemons/imrs_answer_sizes.py

bench-rates: ## what a source gets that asks 100 to 10,000 times a second
	@tests/setup.sh live
	@tests/lab/lab.py in-image env PYTHONPATH=tests/daemons:tests/lab:tests/support python3 tests/daemons/imrs_rate_limits.py

bench-connections: ## what resolvers get that are all sent to TCP and keep their connections; RATE=1000
	@tests/setup.sh live
	@tests/lab/lab.py in-image env PYTHONPATH=tests/daemons:tests/lab:tests/support python3 tests/bench/connections.py $(or $(RATE),1000)

bench-dns: ## answers a second as the role sets a nameserver up, and as its package does; RUNS=5 STATE=double-2048
	@tests/setup.sh live
	@tests/lab/lab.py in-image env PYTHONPATH=tests/daemons:tests/lab:tests/support python3 tests/bench/nameservers.py $(or $(RUNS),5) $(STATE)

bench-mitogen: ## whether Mitogen helps; takes it from PyPI, for the time of the measurement
	@tests/setup.sh live
	@python tests/bench/mitogen.py

test: ## everything CI runs
	@tests/run.sh

molecule: ## a scenario of molecule/ alone: SCENARIO=single, pairs, cluster or vm
	@tests/setup.sh test
	@tests/scenario.sh $(or $(SCENARIO),single)

test-matrix: ## render on every supported ansible-core (`make test`: on the oldest and the newest), and follow the README
	@tests/setup.sh test
	@nox --session matrix -- --cores=all tests/matrix/readme.py

test-vm: ## the scenario `vm`: an appliance with Debian's own kernel in QEMU, judged without a waiver, rebooted, and its power cut
	@tests/vm.sh

test-bare: ## a medium that installs a virtual machine with empty disks by UEFI, takes it live, and leaves alone what it must; a failing disk
	@tests/vm.sh bare

test-upgrade: ## upgrades of a virtual machine that a medium has installed: one that is kept, and what goes away by itself
	@tests/vm.sh upgrade

test-bond: ## a virtual machine whose uplink is a VLAN on a bond (LACP): a cable out, both out, and changes of it
	@tests/vm.sh bond

audit: ## what a live appliance has open, against the list with reasons (tests/drills/audit.yml): ports, files, units, SSH, Lynis
	@tests/audit.sh

test-faults: ## kill a change of configuration at every step and at 250 random instants, load 2,000 valid sheets, 20,000 schedules of the gate, cut lines 20 times; SEED=n repeats it
	@tests/faults.sh

lint: ## only the checks that boot nothing
	@tests/setup.sh test
	@nox --session lint unit glue golden matrix browser ansible_lint

sanity: ## ansible-test sanity on the tarball; some 3 minutes. CORE=2.21 PYTHON=python3.13: of another ansible-core
	@tests/setup.sh test
	@nox --session sanity $(if $(CORE),-- $(CORE) $(or $(PYTHON),python3))

importer: ## what Ansible Galaxy does with an upload; about a minute
	@tests/setup.sh test
	@nox --session importer

docs: ## the site of the plugins' and roles' documentation, in .cache/docs/html/
	@tests/setup.sh test
	@nox --session docs

status: ## which machines of the lab run, and what the appliances say of themselves
	@tests/lab/lab.py status

down: ## take the lab down; images, packages and reports stay in .lab/
	@tests/lab/lab.py down
	@for lab in imrstest imrstestbeside imrstest2 imrstest2beside imrsbench imrsfaults imrsvm imrsbare imrsbond imrsaudit; do IMRS_LAB=$$lab tests/lab/lab.py down; done

lock: ## renew the lock files of the Python packages (needs uv)
	@for name in live unit test importer cores/libraries; do uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-header --no-annotate tests/requirements/$$name.in -o tests/requirements/$$name.txt; done
	@for core in tests/requirements/cores/2.*.in; do uv pip compile -q --no-deps --python-version 3.13 --generate-hashes --upgrade \
	  --no-header --no-annotate $$core -o $${core%.in}.txt; done

.PHONY: help audit live render image golden schema messages pages bench bench-sites bench-line bench-fleet bench-upgrade bench-gate bench-cluster bench-answers bench-rates bench-connections bench-dns bench-mitogen test molecule test-matrix test-vm test-bare test-bond test-upgrade test-faults lint sanity importer docs status down lock
