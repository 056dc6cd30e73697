#!/usr/bin/env bash
# run_tests.sh [STAGE...] - every test, cheapest first; ends with one line of counts. Called by `./dev test`.
# Each stage leaves JUnit files in build/results; tools/count_tests.py adds them up.
set -uo pipefail
cd "$(dirname "$0")/.."
results=$PWD/build/results
rm -rf "$results"
mkdir -p "$results"
failed=()
passed=0
jobs=$(nproc)
export BUSBAR_ARTEFACTS=${BUSBAR_ARTEFACTS:-$PWD/build/artefacts}

say() { printf '\033[1m== %s\033[0m\n' "$*"; }

# step NAME COMMAND...: run, time, remember a failure, go on.
step() {
  local name=$1 begin=$SECONDS
  shift
  say "$name"
  if "$@"; then
    printf '   %s: passed in %d s\n' "$name" $((SECONDS - begin))
    passed=$((passed + 1))
  else
    printf '   %s: FAILED after %d s\n' "$name" $((SECONDS - begin))
    failed+=("$name")
  fi
}

configure() { # FOLDER OPTION...: a build folder, made once
  local folder=$1
  shift
  [ -f "$folder/build.ninja" ] || meson setup "$folder" "$@" >/dev/null || return 1
}

compile() { # FOLDER OPTION...
  configure "$@" && ninja -C "$1" --quiet -j "$jobs"
}

meson_tests() { # FOLDER NAME MESON_TEST_ARG...
  local folder=$1 name=$2
  shift 2
  meson test -C "$folder" --no-rebuild --print-errorlogs "$@"
  local status=$?
  cp "$folder/meson-logs/testlog.junit.xml" "$results/$name.xml" 2>/dev/null
  return $status
}

stage_check() {
  step 'includes point down' python3 tools/check_floors.py
  step 'rooms stay small' python3 tools/check_size.py
  step 'the format of the sources' tools/check_format.sh
  step 'facts and captures agree with the profiles' /usr/bin/python3 tests/captures/check_facts.py
  step 'captures are what the script writes' /usr/bin/python3 tests/captures/make.py --check
  step 'SunSpec captures are, too' /usr/bin/python3 tests/captures/make_sunspec.py --check
}

stage_unit() {
  step 'build (gcc)' compile build || return
  step 'no globals' python3 tools/check_globals.py build
  step 'unit tests and scenarios (gcc)' meson_tests build unit --no-suite fault
  step 'fault tests' meson_tests build fault --suite fault
  step 'page units' node_tests web page_units
}

node_tests() { # FOLDER NAME
  (cd "$1" && npm run --silent check && npm test --silent -- --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=junit --test-reporter-destination="$results/$2.xml")
}

# A worker a core; most tests wait for a daemon's clock, few for the processor. Who shares a daemon stays together
# (tests/system/conftest.py).
# A few that fail are run once more, alone: other programs and a real clock take part, and the machine may be busy. What passes
# only then is named at the end (tools/count_tests.py).
system_tests() { # NAME PYTEST_ARG...
  local name=$1 cache=$PWD/build/pytest-$1
  shift
  rm -rf "$cache"
  run_pytest() { # SUFFIX PYTEST_ARG...
    /usr/bin/python3 -m pytest -q -o cache_dir="$cache" --junitxml="$results/$name$1.xml" "${@:2}" tests/system
  }
  run_pytest '' -n "$jobs" --dist loadgroup "$@" && return
  [ "$(grep -o '<failure\|<error' "$results/$name.xml" | wc -l)" -le 10 ] || return 1
  say 'what failed, once more and alone'
  run_pytest .alone --last-failed --last-failed-no-failures none "$@"
}

stage_system() {
  start_early_build
  step 'system tests' system_tests system
}

# The page tests mostly wait for the screen: they run beside the stage before theirs.
browser_pid=
start_browser() {
  tools/run_browser_tests.sh "$results" >"$results/browser.log" 2>&1 &
  browser_pid=$!
}

finish_browser() {
  wait "$browser_pid"
  local status=$?
  grep -E '^(✔|✖)' "$results/browser.log"
  [ $status -eq 0 ] || cat "$results/browser.log"
  return $status
}

stage_browser() {
  [ -n "$browser_pid" ] || start_browser
  step 'page tests in Chromium' finish_browser
}

compile_asan() { # what replays the fuzz corpora is in it, too
  CC=clang compile build-asan -Dfuzz=replay -Db_sanitize=address,undefined -Db_lundef=false -Dweb=false -Dbuildtype=debug -Doptimization=1
}

# Only what these tests need is built, by meson.
thread_tests() {
  CC=clang configure build-tsan -Db_sanitize=thread -Db_lundef=false -Dweb=false -Dbuildtype=debug -Doptimization=1 || return
  meson test -C build-tsan --print-errorlogs --suite threaded --suite scenario --timeout-multiplier 6
  local status=$?
  cp build-tsan/meson-logs/testlog.junit.xml "$results/tsan.xml" 2>/dev/null
  return $status
}

# While tests wait for daemons' clocks there is a processor to spare: the next build begins, behind all else.
early_build=
start_early_build() {
  case " ${stages[*]} " in *' sanitize '*) ;; *) return ;; esac
  jobs=$jobs setsid chrt --idle 0 bash -c "$(declare -f configure compile compile_asan); compile_asan" >build/early-build.log 2>&1 &
  early_build=$!
}

end_early_build() { # what it has not done is done by the step itself
  [ -n "$early_build" ] || return 0
  kill -- "-$early_build" 2>/dev/null
  wait "$early_build" 2>/dev/null
}

stage_sanitize() {
  end_early_build
  case " ${stages[*]} " in *' browser '*) start_browser ;; esac
  step 'build (clang, address and undefined sanitizers)' compile_asan
  step 'unit tests and scenarios (address and undefined sanitizers)' meson_tests build-asan asan --no-suite fault --timeout-multiplier 4
  BUSBAR_BUILD=build-asan step 'system tests (address and undefined sanitizers)' system_tests system-asan -m 'not slow'
  step 'unit tests and scenarios (thread sanitizer)' thread_tests
}

# Needs LibreOffice, which `./dev test` alone does not install.
stage_spreadsheet() {
  step 'build' compile build || return
  step 'a spreadsheet opens the files' system_tests spreadsheet -k spreadsheet
}

# Needs a virtual machine, a kernel and its sources, which `./dev test` alone does not install.
stage_qemu() {
  step 'build' compile build || return
  step 'digital lines on a kernel' tests/qemu/run.sh build
}

stage_fuzz() {
  step 'build (clang, address and undefined sanitizers)' compile_asan || return
  BUSBAR_FUZZ=build-asan step 'fuzz corpora replayed' tools/run_fuzz.sh 0
}

stages=("$@")
[ $# -gt 0 ] || stages=(check unit system sanitize browser fuzz)
for stage in "${stages[@]}"; do
  "stage_$stage" || true
done
for name in "${failed[@]:-}"; do
  [ -n "$name" ] && printf 'failed: %s\n' "$name"
done
python3 tools/count_tests.py "$results" "$passed" "${#failed[@]}"
