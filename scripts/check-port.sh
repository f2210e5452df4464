#!/usr/bin/env bash
# Stop with a remedy if LOTSE_PORT (8000 unless set) is no port or is taken: better known before
# half a minute of installing than after it.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh

port=${LOTSE_PORT:-8000}
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
  fail "LOTSE_PORT is \"$port\"; it must be a number from 1 to 65535."
fi

# bash itself opens the connection; it succeeds only if somebody listens there.
if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  fail "port $port is taken by another program (perhaps a demo that still runs)." \
    "Stop it, or choose another port: make demo LOTSE_PORT=$((port + 1))"
fi
