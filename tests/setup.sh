#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Install what is missing, and say so: Debian packages, and a virtual environment with locked Python packages.
# Usage: tests/setup.sh live|test|vm; vm is test, and what boots virtual machines.
set -euo pipefail
what=$1
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

[[ $(id -u) == 0 ]] || { say "needs root: it installs Debian packages and boots machines"; exit 1; }
# shellcheck source=/dev/null
. /etc/os-release
case ${ID:-}-${VERSION_ID:-} in
  debian-12 | debian-13) ;;
  *) say "needs Debian 12 or 13, this is ${PRETTY_NAME:-something else}"; exit 1 ;;
esac

packages=(bind9-dnsutils debian-archive-keyring iproute2 mmdebstrap openssh-client openssl procps python3-venv systemd-container)
# The pages that hosts read are tried in a real browser, the packet filter's rules in a real kernel.
[[ $what != live ]] && packages+=(chromium fonts-dejavu-core nftables)
[[ $what == vm || -n ${IMRS_VIRTUAL:-} ]] && packages+=(dosfstools e2fsprogs mtools ovmf qemu-system-x86 xorriso zstd)
missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
if ((${#missing[@]})); then
  say "installing Debian packages: ${missing[*]}"
  # One source that does not answer must not stop the others; the installation below fails if anything is missing.
  apt-get update -qq || say "apt-get update complained; going on with what it got"
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi

[[ $what == vm ]] && what=test
lock=tests/requirements/$what.txt
stamp=.venv/.$what-$(sha256sum "$lock" | cut -c1-12)
if [[ ! -e $stamp ]]; then
  say "installing Python packages of $lock into .venv ($(grep -c '==' "$lock") packages, pinned by hash)"
  [[ -x .venv/bin/python ]] || python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
  touch "$stamp"
fi

# Ansible finds the collection under its full name through this link, from any checkout.
mkdir -p .cache/ansible_collections/icann
ln -sfn ../../.. .cache/ansible_collections/icann/imrs
