#!/usr/bin/env bash
# Journal appends per second with the sync, as a share of what the disk itself can do.
# journal.sh [FOLDER] [ROUNDS]: FOLDER is on the disk to measure (default: this folder), 25 rounds.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d -p "${1:-.}" journal-bench.XXXXXX)
trap 'rm -rf "$folder"' EXIT
cargo build --quiet --release -p dirigent-journal --example throughput
"${CARGO_TARGET_DIR:-target}/release/examples/throughput" "$folder" "${2:-25}"
