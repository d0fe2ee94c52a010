#!/usr/bin/env bash
# Speed of the release binary beside mawk and a hand-written kernel, on one core, in one run: A B A B, medians. The answers are compared with the
# peers' first: a wrong answer makes the figure void. usage: run.sh [ROUNDS]   Data and kernels are made once in bench/data.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5}
bin=build/streamrun data=bench/data
mkdir -p "$data" bench/results
export LC_ALL=C PATTERN=ERROR42

make_once() { [ -s "$1" ] || { shift; "$@"; }; }
make_once "$data/gen" g++ -O2 -w -o "$data/gen" bench/gen.cpp
make_once "$data/kernel" g++ -O3 -march=native -std=c++20 -w -o "$data/kernel" bench/kernel.cpp
make_once "$data/tcpfeed" gcc -O2 -w -o "$data/tcpfeed" bench/tcpfeed.c
make_once "$data/words" "$data/gen" text "$data/words" 200 10000 1.0
make_once "$data/bids" "$data/gen" bids "$data/bids" 200 0 0
make_once "$data/lines" python3 - "$data/lines" <<'PY'
import random, sys
random.seed(7)
letters = "abcdefghijklmnopqrstuvwxyz 0123456789"
pool = ["".join(random.choices(letters, k=99)) for _ in range(9700)]
for i in range(0, 9700, 97):
    pool[i] = pool[i][:40] + "ERROR42" + pool[i][47:]
with open(sys.argv[1], "w") as out:
    for _ in range(200):
        out.write("\n".join(pool) + "\n")
PY

cores="taskset -c 0"
seconds() { local a b; a=$EPOCHREALTIME; "$@" >"$data/out" 2>"$data/err"; b=$EPOCHREALTIME; awk -v a="$a" -v b="$b" 'BEGIN { printf "%.3f", b - a }'; }
ours() { rm -rf "$data/result"; INPUT=$2 OUTPUT=$data/result $cores $bin "bench/jobs/$1.yaml" --workers 1 --quiet; }
median() { printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# job, input, records, kernel command, mawk program
compare() {
  local job=$1 input=$2 records=$3 kernel=$4 program=$5 a=() b=() c=()
  for _ in $(seq "$rounds"); do
    a+=("$(seconds ours "$job" "$input")")
    b+=("$(seconds $cores "$data/kernel" "$kernel" "$input")")
    [ -z "$program" ] || c+=("$(seconds $cores mawk "$program" "$input")")
  done
  local x y z=0
  x=$(median "${a[@]}"); y=$(median "${b[@]}"); [ -z "$program" ] || z=$(median "${c[@]}")
  awk -v j="$job" -v n="$records" -v x="$x" -v y="$y" -v z="$z" 'BEGIN {
    printf "%-8s %7.2f M/s   kernel %7.2f M/s (%3.0f %% of it)", j, n / x / 1e6, n / y / 1e6, 100 * y / x
    if (z > 0) printf "   mawk %6.2f M/s (%.1f times it)", n / z / 1e6, z / x
    print "" }' | tee -a "$data/table"
  printf '{"job": "%s", "records": %s, "seconds": %s, "kernel_seconds": %s, "mawk_seconds": %s}\n' "$job" "$records" "$x" "$y" "$z" >>"$data/json"
}

check() { [ "$1" = "$2" ] || { echo "void: $3 gave $1, the oracle $2" >&2; exit 1; }; }
cat "$data/words" "$data/bids" "$data/lines" >/dev/null
: >"$data/table"; : >"$data/json"

ours wc "$data/words" && check "$(python3 -c 'import json,glob,sys; print(sum(json.loads(l)["count"] for f in glob.glob(sys.argv[1] + "/*.json") for l in open(f)))' "$data/result")" "$(wc -w <"$data/words")" wc
ours grep "$data/lines" && check "$(cat "$data"/result/*.json | tr -dc 0-9)" "$(grep -c "$PATTERN" "$data/lines")" grep
ours q0 "$data/bids" && check "$(cat "$data"/result/*.json | cksum)" "$("$data/kernel" q0 "$data/bids" 2>/dev/null | cksum)" q0

compare wc "$data/words" "$(wc -w <"$data/words")" wc '{ for (i = 1; i <= NF; i++) c[$i]++ } END { for (w in c) print w, c[w] }'
compare grep "$data/lines" "$(wc -l <"$data/lines")" grep "/$PATTERN/ { n++ } END { print n + 0 }"
compare q0 "$data/bids" "$(wc -l <"$data/bids")" q0 ""

printf '\nstart to end of --dry-run: %s s; size: %s bytes\n' "$(seconds $bin samples/word-count/job.yaml --dry-run)" "$(stat -Lc %s $bin)"
{ echo '['; paste -sd, "$data/json"; echo ']'; } >"bench/results/$(date +%Y-%m-%d).json"
