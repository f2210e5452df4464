#!/usr/bin/env bash
# Make sure that programs outside Python are there: `scripts/ensure-tools.sh postgresql redis …`.
# As root on Debian or Ubuntu it installs what is missing, otherwise it names the packages.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh

has() { command -v "$1" >/dev/null; }

missing=()
for tool in "$@"; do
  case $tool in
    postgresql) has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
      missing+=(postgresql) ;;
    redis) has redis-server || has valkey-server || missing+=(redis-server) ;;
    chromium) has chromium-headless-shell || has chromium || missing+=(chromium-headless-shell) ;;
    nginx) has nginx || [[ -x /usr/sbin/nginx ]] || missing+=(nginx-light) ;;
    age) has age || missing+=(age) ;;
    cc) has cc || missing+=(gcc libc6-dev) ;;
    openssl) has openssl || missing+=(openssl) ;;
    gettext) { has xgettext && has msgfmt; } || missing+=(gettext) ;;
    *) fail "ensure-tools.sh knows no tool named $tool" ;;
  esac
done

if ((${#missing[@]} == 0)); then exit 0; fi

if [[ $EUID -eq 0 ]] && has apt-get; then
  step "installing the Debian packages ${missing[*]}" scripts/apt-install.sh "${missing[@]}"
else
  fail "these programs are missing: ${missing[*]}. On Debian or Ubuntu:" \
    "sudo apt-get install ${missing[*]}"
fi
