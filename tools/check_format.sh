#!/usr/bin/env bash
# The C sources are as clang-format would write them. Tables in *.def are laid out by hand.
set -uo pipefail
cd "$(dirname "$0")/.."
find src tests -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run --Werror 2>&1 | head -n 20
exit "${PIPESTATUS[1]}"
