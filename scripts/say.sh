# Sourced by the scripts in this folder: how they speak to the person at the terminal.
# shellcheck shell=bash

# say TEXT…: print one line.
say() { printf 'lotse: %s\n' "$*"; }

# fail TEXT…: print what is wrong and what to do about it, and stop.
fail() {
  printf 'lotse: %s\n' "$*" >&2
  exit 1
}

# step TEXT COMMAND…: announce a command that may take a while, run it, and say how long it took.
step() {
  local text=$1 started=$SECONDS
  shift
  say "$text …"
  "$@" || return
  local took=$((SECONDS - started))
  if ((took > 2)); then say "  done in $took s"; fi
}
