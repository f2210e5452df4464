#!/usr/bin/env bash
# Install Debian packages as root: `scripts/apt-install.sh PACKAGE…`. Asks for a fresh package list
# only if the one at hand does not do. Prints apt's output only when it fails.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT

install() {
  apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" \
    </dev/null >>"$log" 2>&1
}

install "$@" || { apt-get update >>"$log" 2>&1 && install "$@"; } || {
  cat "$log" >&2
  exit 1
}
