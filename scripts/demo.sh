#!/usr/bin/env bash
# Counts the words of a live TCP stream for about five seconds: starts a server that sends a text, runs the word-count sample
# against it, drains the job and checks that it left cleanly. Called by `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-5}
folder=$(mktemp -d)
feeder="" job=""
cleanup() {
  [ -z "$job" ] || kill -KILL "$job" 2>/dev/null || true
  [ -z "$feeder" ] || kill "$feeder" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

python3 samples/word-count/feed.py 0 "$seconds" >"$folder/port" &
feeder=$!
for _ in $(seq 100); do
  [ -s "$folder/port" ] && break
  sleep 0.05
done
port=$(cat "$folder/port")
[ -n "$port" ] || { echo "demo: the server of the text did not start" >&2; exit 1; }

echo "A server on port $port sends $(wc -l <samples/word-count/licenses.txt) lines; samples/word-count/job.yaml counts their words each second."
echo
PORT=$port build/streamrun samples/word-count/job.yaml 2>"$folder/log" &
job=$!
wait "$feeder" || true
feeder=""
sleep 1.2           # the last batch
kill -TERM "$job"   # drains and stops
status=0
wait "$job" || status=$?
job=""
if [ "$status" -ne 0 ]; then
  cat "$folder/log" >&2
  echo "demo: the job ended with exit code $status" >&2
  exit 1
fi
cat <<'END'
The job was told to stop, drained what it had received and left with exit code 0. Try next:

  build/streamrun samples/word-count/job.yaml --dry-run     the plan, checked, and what each sink can promise
  build/streamrun test samples/word-count/job.yaml          the tests inside the job file, on a virtual clock
  cat samples/json-filter/requests.jsonl | build/streamrun samples/json-filter/job.yaml
END
