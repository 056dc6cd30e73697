#!/usr/bin/env bash
# run_demo.sh [ARG...] - the demo site with its simulated meters, until Ctrl-C. Called by `./dev run`.
# ARGs go to `busbar run`; --site and --state replace the demo's own.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit
build=${BUSBAR_BUILD:-build}
simulator=$build/tests/devices/meter-sim
# The same as in deploy/demo/busbar.yaml; the site file cannot know the state folder, so the serial port is in /tmp.
address=127.0.0.1:15020
port=/tmp/busbar-demo-rs485
feeder=deploy/demo/feeder.csv

die() {
  printf 'run_demo: %s\n' "$*" >&2
  exit 1
}

# option NAME DEFAULT ARG...: what --NAME says, or the default.
option() {
  local name=$1 value=$2
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      "--$name") value=${2-} ;;
      "--$name="*) value=${1#*=} ;;
    esac
    shift
  done
  printf '%s\n' "$value"
}

arguments=("$@")
state=$(option state '' "$@")
[ -n "$state" ] || arguments=(--state "${state:=state}" "${arguments[@]}")
[ -n "$(option site '' "$@")" ] || arguments=(--site deploy/demo/busbar.yaml "${arguments[@]}")

for program in "$simulator" "$build/busbar"; do
  [ -x "$program" ] || die "there is no $program; \`./dev build\` makes it"
done
mkdir -p "$state" || die "the folder $state for what is kept cannot be made"
log=$state/meter-sim.log
: >"$log" || die "$log cannot be written"

# A session of its own, so that Ctrl-C reaches busbar first; ends with this script whatever happens to it.
exec {lines}< <(exec setpriv --pdeathsig TERM setsid "$simulator" \
  --tcp "$address" --pty "$port" --baud 19200 --counters "$state/meter-sim.counters" \
  --meter "sdm630@1,seed=1,load=2,base=7000,feeder=$feeder" \
  --meter abb-b23@2,seed=2,load=0.8 \
  --meter em340@3,seed=3,load=0.5 \
  --meter sunspec-203@4,seed=4,load=0.4,solar=6000 \
  --meter emdx3@5,seed=5,load=0.6 \
  --meter pro380@6,seed=6,load=0.6 2>"$log")
meters=$!

ready=
while [ -z "$ready" ] && read -r -t 10 -u "$lines" line; do
  [ "$line" = ready ] && ready=yes
done
if [ -z "$ready" ]; then
  why=$(tail -n 1 "$log")
  case $why in
    *'Address already in use'*)
      die "the meter simulator needs $address, which another program has: is a demo running already? (\`ss -ltnp 'sport = :${address##*:}'\` names it)" ;;
    *"$port"*)
      die "the meter simulator cannot make $port: ${why##*: }; does it belong to another user?" ;;
    *) die "the meter simulator did not start: ${why:-no reason given, see $log}" ;;
  esac
fi

trap 'kill "$meters" 2>/dev/null; rm -f "$port"' EXIT

"$build/busbar" run "${arguments[@]}" &
daemon=$!
# HUP is a closed terminal here; to reload the site file, send it to busbar itself.
signalled=
trap 'signalled=yes; kill -TERM "$daemon" 2>/dev/null' INT TERM HUP
while wait "$daemon"; status=$?; [ -n "$signalled" ]; do
  signalled= # a signal ended the waiting, not busbar
done
exit "$status"
