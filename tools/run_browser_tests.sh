#!/usr/bin/env bash
# run_browser_tests.sh RESULTS - the demo site in a folder of its own, clicked through in Chromium; JUnit files are left in RESULTS.
set -uo pipefail
cd "$(dirname "$0")/.."
export BUSBAR_ARTEFACTS=${BUSBAR_ARTEFACTS:-$PWD/build/artefacts}
state=$(mktemp -d)
mock=
trap 'kill "$demo" $mock 2>/dev/null; wait "$demo" 2>/dev/null; rm -rf "$state"' EXIT
tools/run_demo.sh --state "$state" >"$state/welcome" 2>"$state/log" &
demo=$!
for _ in $(seq 100); do
  grep -q 'one-time secret' "$state/welcome" 2>/dev/null && break
  sleep 0.1
done
secret=$(sed -n 's/.*one-time secret \([^ ]*\).*/\1/p' "$state/welcome")
if [ -z "$secret" ]; then
  echo 'the demo did not start:'
  cat "$state/welcome" "$state/log"
  exit 1
fi
[ -d tests/browser/node_modules ] || (cd tests/browser && npm ci --no-audit --no-fund --loglevel=error) || exit 1
# beside another demo it has ports of its own
http=$(sed -n 's/^web: .*http: \([0-9]*\).*/\1/p' "$state/demo.yaml" 2>/dev/null)
export BUSBAR_URL=http://127.0.0.1:${http:-8080} BUSBAR_USER=administrator BUSBAR_PASSWORD='a password for page tests'
# the one-time secret serves once: it is replaced as a person would (the page that does it is tested against the mock)
curl -sf -o /dev/null -H 'Content-Type: application/json' "$BUSBAR_URL/api/v1/session" \
  -d "{\"user\":\"administrator\",\"password\":\"$secret\",\"new_password\":\"$BUSBAR_PASSWORD\"}" || {
  echo 'the one-time secret was not accepted'
  exit 1
}
# What only a unit that misbehaves on purpose can show is tested against the mock, at the same time: bad and stale values,
# lost contact, the first start; and accessibility, since it shows more states than the demo.
(cd tests/browser && env -u BUSBAR_URL -u BUSBAR_USER -u BUSBAR_PASSWORD BUSBAR_RESULTS="$1/mock" \
  node run.mjs access alarm-states contact device doctor energy gateways level meters overview settings) >"$state/mock" 2>&1 &
mock=$!
(cd tests/browser && BUSBAR_RESULTS="$1/browser" node run.mjs $(ls -- *.test.mjs | grep -v '^accessibility'))
status=$?
wait "$mock" || status=1
cat "$state/mock"
exit $status
