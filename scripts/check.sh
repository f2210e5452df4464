#!/usr/bin/env bash
# Run every check that is not a test. All of them run, so that one pass shows everything.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# shellcheck source=scripts/say.sh
. scripts/say.sh

scripts/ensure-tools.sh gettext || exit 1
bin=.venv/bin
failed=()

# check TEXT COMMAND…: run one check and remember if it failed.
check() {
  local text=$1 started=$SECONDS
  shift
  say "check: $text"
  "$@" || failed+=("$text")
  local took=$((SECONDS - started))
  if ((took > 2)); then say "  took $took s"; fi
}

# Settings refuse to load without secrets; these are the tests'.
set -a
# shellcheck source=tests/test.env
. tests/test.env
LOTSE_DATA_DIR=$(mktemp -d)
set +a
trap 'rm -rf "$LOTSE_DATA_DIR"' EXIT

check "format (make fmt repairs)" "$bin/ruff" format --check --quiet .
check "lint" "$bin/ruff" check --quiet .
check "types" "$bin/mypy"
check "templates: format (make fmt repairs)" "$bin/djlint" --check --quiet templates
check "templates: lint" "$bin/djlint" --lint --quiet templates
check "import contracts" "$bin/lint-imports" --no-logo
check "Django's own checks" "$bin/python" manage.py check --fail-level WARNING
check "migrations complete" "$bin/python" manage.py makemigrations --check --dry-run
check "message catalogues (make messages repairs)" "$bin/python" scripts/catalogues.py check
check "no package registry's address in a file" scripts/check-registries.sh

if ((${#failed[@]})); then
  printf 'lotse: failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
say "every check passed"
