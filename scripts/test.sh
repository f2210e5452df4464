#!/usr/bin/env bash
# Run every test, in three runs of pytest, and print the sum. Two runs at least are needed:
# Playwright's sync API and asynchronous tests collide in one process.
#
#   LOTSE_TEST_DATABASE_URL  a running PostgreSQL to use instead of a throw-away one
#   LOTSE_TEST_REDIS_URL     a running Redis to use instead of throw-away ones
#   LOTSE_TEST_LONG=1        the long forms (more examples, more rounds)
#   LOTSE_SCREENSHOTS=1      pictures of every page at both widths, in build/screenshots
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# shellcheck source=scripts/say.sh
. scripts/say.sh

tools=(age chromium gettext nginx openssl)
[[ -z ${LOTSE_TEST_LONG:-} ]] || tools+=(cc) # for a clock that can be set; without it that fault is left out
[[ -n ${LOTSE_TEST_DATABASE_URL:-} ]] || tools+=(postgresql)
[[ -n ${LOTSE_TEST_REDIS_URL:-} ]] || tools+=(redis)
scripts/ensure-tools.sh "${tools[@]}" || exit 1

# Redis hands its messages to every database number, so that workers must not share one server.
workers=2
[[ -z ${LOTSE_TEST_REDIS_URL:-} ]] || workers=0

# Some hundred processes start: what the first of them compiles, migrates and seeds serves all.
unset PYTHONDONTWRITEBYTECODE
export LOTSE_TEST_PREPARED=/tmp/lotse-test-$$-prepared # tests/servers/prepared.py; cleared away like it
trap 'rm -rf "$LOTSE_TEST_PREPARED"' EXIT

results=build/test-results
rm -rf "$results"
mkdir -p "$results"
failed=0

# A long form may take longer than a test that hangs otherwise.
long_forms=()
[[ -z ${LOTSE_TEST_LONG:-} ]] || long_forms=(-o faulthandler_timeout=5400)

# run NAME TEXT ARGUMENT…: one run of pytest; its result goes to $results/NAME.xml.
run() {
  local name=$1 text=$2
  shift 2
  say "$text"
  .venv/bin/python -m pytest --durations=15 --durations-min=10 --junit-xml="$results/$name.xml" \
    "${long_forms[@]}" "$@" || failed=1
}

run main "tests on PostgreSQL and Redis" -n "$workers" -m "not browser"
run journeys "journeys in a browser" -n "$workers" --dist loadscope -m browser
# What depends on the database: rows, locks, clocks, keys, sweeps. Pages run on SQLite in the journeys;
# the long form repeats everything.
on_sqlite=(tests/vault tests/outbox
  tests/accounts/test_{devices,keys}.py
  tests/counselling/test_{asking,assigning,case_life,claiming,deadlines,escalations,four_eyes}.py
  tests/counselling/test_{holding,keys,missed,queue,retention,reviews,roster,simulation,sockets}.py
  tests/chat/test_together.py tests/referrals/handoff/test_{deadlines,killed,life}.py)
[[ -z ${LOTSE_TEST_LONG:-} ]] || on_sqlite=(tests/accounts tests/counselling tests/outbox tests/referrals tests/vault)
LOTSE_TEST_ON=sqlite run sqlite "the domain once more, on SQLite" \
  -n "$workers" -m "not browser" "${on_sqlite[@]}"

.venv/bin/python scripts/tally.py main journeys sqlite || failed=1
exit "$failed"
