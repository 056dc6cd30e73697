#!/usr/bin/env bash
# run_demo.sh [ARG...] - the demo site with its simulated meters, until Ctrl-C. Called by `./dev run`.
# ARGs go to `busbar run`; --site and --state replace the demo's own.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit
build=${BUSBAR_BUILD:-build}
simulator=$build/tests/devices/meter-sim
# The same as in deploy/demo/busbar.yaml; the site file cannot know the state folder, so these are in /tmp.
host=127.0.0.1
meters_port=15020
port=/tmp/busbar-demo-rs485
contacts=/tmp/busbar-demo-contacts
https=8443
http=8080
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

is_taken() { (exec 3<>"/dev/tcp/$host/$1") 2>/dev/null; }

# next_free PORT: it, or the first behind it that nobody listens on.
next_free() {
  local number=$1
  while is_taken "$number"; do number=$((number + 1)); done
  printf '%s\n' "$number"
}

# A demo is running already: this one gets ports, files and a site file of its own.
own_site() {
  meters_port=$(next_free "$meters_port")
  https=$(next_free "$https")
  http=$(next_free "$http")
  port=$(readlink -f "$state")/rs485
  contacts=$(readlink -f "$state")/contacts
  sed -e "s|^    port: 15020\$|    port: $meters_port|" -e "s|/tmp/busbar-demo-rs485|$port|" \
    -e "s|/tmp/busbar-demo-contacts|$contacts|" -e "s|^web: .*|web: {https: $https, http: $http}|" \
    deploy/demo/busbar.yaml >"$state/demo.yaml" || die "$state/demo.yaml cannot be written"
  printf 'run_demo: a demo, or another program, has the usual ports: this one reads %s and has the ports %s and %s\n' \
    "$state/demo.yaml" "$https" "$http" >&2
  site=$state/demo.yaml
}

arguments=("$@")
state=$(option state '' "$@")
site=deploy/demo/busbar.yaml
busy=
for number in "$meters_port" "$https" "$http"; do is_taken "$number" && busy=yes; done
if [ -z "$state" ]; then
  state=state
  [ -z "$busy" ] || state=$(mktemp -d "${TMPDIR:-/tmp}/busbar-demo-XXXXXX")
  arguments=(--state "$state" "${arguments[@]}")
fi

for program in "$simulator" "$build/busbar"; do
  [ -x "$program" ] || die "there is no $program; \`./dev build\` makes it"
done
mkdir -p "$state" || die "the folder $state for what is kept cannot be made"
if [ -z "$(option site '' "$@")" ]; then
  [ -z "$busy" ] || own_site
  arguments=(--site "$site" "${arguments[@]}")
fi
address=$host:$meters_port
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
  --meter pro380@6,seed=6,load=0.6 \
  --meter netio-4c@7,relays=15 2>"$log")
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
