#!/usr/bin/env bash
# Installs what is missing from Debian's archive for one or more sets: build (default), servers, check, fuzz, bench, coverage, chaos.
# Says nothing and needs no rights when nothing is missing. Idempotent.
set -euo pipefail

build="ca-certificates git g++ cmake ninja-build pkg-config make ccache mold python3 python3-jsonschema python3-yaml
       libyaml-cpp-dev nlohmann-json3-dev libuv1-dev libcli11-dev catch2 libsimdjson-dev libpcre2-dev libfmt-dev
       libhowardhinnant-date-dev libxxhash-dev zlib1g-dev libssl-dev
       libsqlite3-dev libpq-dev libmariadb-dev"
servers="postgresql mariadb-server mariadb-client openssl"
check="clang-format-19 clang-tidy-19"
fuzz="clang-19 libclang-rt-19-dev"
bench="mawk"
coverage="gcovr"
chaos="strace e2fsprogs"

[ $# -gt 0 ] || set -- build
wanted=""
for set in "$@"; do
  case "$set" in
    build | servers | check | fuzz | bench | coverage | chaos) wanted="$wanted ${!set}" ;;
    *) echo "usage: deps.sh [build] [servers] [check] [fuzz] [bench] [coverage] [chaos]" >&2; exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "This is not Debian: make sure that what these packages hold is there: $(echo $wanted)" >&2
  exit 0
fi

missing=""
for package in $wanted; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Missing packages; as root run: apt-get install$missing" >&2; exit 1; }
  as_root="sudo"
fi
echo "Installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >"$log" 2>&1; }
# The package lists of a fresh machine are empty or old: refresh them only if the first try fails.
if ! install; then
  { $as_root apt-get update && install; } >>"$log" 2>&1 || { cat "$log" >&2; exit 1; }
fi
