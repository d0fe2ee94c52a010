#!/usr/bin/env bash
# Writes the files that the program itself generates: the JSON Schema of a job and the reference of nodes and functions.
# usage: generate.sh [FOLDER]     FOLDER: where to write instead of the repository, for comparing
set -euo pipefail
cd "$(dirname "$0")/.."
to=${1:-.}
mkdir -p "$to/schemas"
build/streamrun schema >"$to/schemas/job.schema.json"
mkdir -p "$to/docs/reference"
build/streamrun describe --format markdown >"$to/docs/reference/nodes.md"
build/streamrun describe functions --format markdown >"$to/docs/reference/functions.md"
