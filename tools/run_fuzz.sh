#!/usr/bin/env bash
# run_fuzz.sh [SECONDS] [TARGET...] - run the fuzz targets; 0 seconds replays the corpora only.
# Findings are left in build-fuzz/findings; what extends the coverage in build-fuzz/corpus/TARGET.
# With BUSBAR_FUZZ=FOLDER the targets of that build, made before, are used.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
folder=${BUSBAR_FUZZ:-build-fuzz}
if [ ! -f "$folder/build.ninja" ]; then
  CC=clang meson setup "$folder" -Dfuzz=yes -Db_sanitize=address,undefined -Db_lundef=false -Dweb=false >/dev/null || exit 1
fi
ninja -C "$folder" --quiet || exit 1
[ $# -gt 0 ] || set -- $(cd "$folder/tests/fuzz" && ls -d fuzz_* | grep -v '\.p$')
mkdir -p "$folder/findings"
status=0
for target in "$@"; do
  name=${target#fuzz_}
  found=$folder/corpus/$name
  mkdir -p "$found" "tests/fuzz/corpus/$name"
  limit=(-max_total_time="$seconds")
  [ "$seconds" -eq 0 ] && limit=(-runs=0)
  dictionary=()
  [ -f "tests/fuzz/$name.dict" ] && dictionary=(-dict="tests/fuzz/$name.dict")
  log=$folder/$target.log
  if "$folder/tests/fuzz/$target" "${limit[@]}" "${dictionary[@]}" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$folder/findings/" "$found" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
    printf '   %-28s %s\n' "$target" "$(grep -E 'DONE|INITED' "$log" | tail -n 1 | sed 's/^#/runs /')"
  else
    printf '   %-28s FAILED, see %s\n' "$target" "$log"
    tail -n 25 "$log"
    status=1
  fi
done
exit $status
