#!/usr/bin/env bash
# The checks that need no run of the tests: format, tidy on changed files, layers and style, generated files, documentation.
# Called by `make check`, which has built build/streamrun. Prints one line a check and ends with `N passed, N failed`.
# BASE=commit sets what tidy compares with; TIDY_FILES=N bounds how many files it reads (default 12).
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0
check() {  # name, command...
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then
    passed=$((passed + 1))
    printf 'ok      %-12s %s\n' "$name" "$(tail -1 <<<"$out")"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s\n%s\n' "$name" "$out"
  fi
}

format_check() {
  local files
  files=$(git ls-files -co --exclude-standard '*.h' '*.cc' | while read -r file; do [ -f "$file" ] && echo "$file"; done)
  xargs clang-format-19 --dry-run --Werror <<<"$files" && echo "$(wc -l <<<"$files") files" || { echo 'run `make format`'; return 1; }
}

# The C++ files that differ from BASE: what is not committed, else the last commit.
changed_files() {
  local base=${BASE:-}
  if [ -z "$base" ]; then
    base=HEAD
    git diff --quiet HEAD -- '*.cc' '*.h' && base=HEAD~1
  fi
  git rev-parse -q --verify "$base^{commit}" >/dev/null || return 0
  { git diff --name-only --diff-filter=d "$base" -- '*.cc'; git ls-files -o --exclude-standard -- '*.cc'; } |
    grep -E '^(engine|specs|operators|cli)/' | sort -u | head -"${TIDY_FILES:-12}"
}

tidy_check() {
  local files database=build
  files=$(changed_files)
  [ -n "$files" ] || { echo "no changed files"; return 0; }
  # clang does not know gcc's switches for link-time optimisation and says so for every file.
  xargs -P "$(nproc)" -n 2 clang-tidy-19 --quiet -p "$database" --extra-arg=-Wno-ignored-optimization-argument <<<"$files" || return 1
  echo "$(wc -l <<<"$files") changed files"
}

generated_check() {
  local fresh
  fresh=$(mktemp -d)
  scripts/generate.sh "$fresh" || { rm -rf "$fresh"; return 1; }
  local file count=0
  while read -r file; do
    count=$((count + 1))
    diff -u "$file" "$fresh/$file" || { echo "$file is not what the program generates: run scripts/generate.sh"; rm -rf "$fresh"; return 1; }
  done < <(cd "$fresh" && find . -type f | sed 's|^\./||' | sort)
  rm -rf "$fresh"
  echo "$count generated files are up to date"
}

check format format_check
check tidy tidy_check
check rules python3 tests/architecture/test_checks.py
check layers python3 tests/architecture/check_layers.py
check style python3 tests/architecture/check_style.py
check links python3 tests/architecture/check_docs.py links
check generated generated_check
check examples python3 tests/architecture/check_docs.py examples build/streamrun

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
