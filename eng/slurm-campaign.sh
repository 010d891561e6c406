#!/usr/bin/env bash
# A campaign on a Slurm that runs here: an array of four shards, one of them killed at work and requeued, merged twice, against a single process, byte for byte.
# Needs sbatch with a partition of at least one node (Debian: slurm-wlm, munge) and a built Drift.Bench.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v sbatch >/dev/null || { echo "slurm-campaign: no sbatch on the PATH; skipped"; exit 0; }
drift="dotnet Drift.Bench/bin/Release/net10.0/drift.dll"
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
plan=(sweep --model dit-fashion --sampling-steps 4 --trials 40 --steps 0,2-3 --blocks 0,3,6,9,11)

$drift "${plan[@]}" --threads 2 --out "$at/single"
$drift "${plan[@]}" --threads 1 --out "$at/array" --slurm-array 4
job=$(cd "$at" && sbatch --parsable array/array.sh)
# As soon as the first shard has begun it loses its node, as far as Slurm knows, and its process dies where it stands.
for _ in $(seq 600); do [[ -s $at/array/shard-0/journal.txt ]] && break; sleep 0.1; done
before=$(wc -l <"$at/array/shard-0/journal.txt")
scontrol requeue "${job}_0"
while [[ -n $(squeue --noheader --jobs "$job" 2>/dev/null) ]]; do sleep 0.5; done
echo "slurm-campaign: shard 0 was requeued with $before of its trials done; all tasks have ended"
bash "$at/array/merge.sh"
bash "$at/array/merge.sh" | grep ' 0 of them drawn now'
for file in cells.csv summary.json report.html; do cmp "$at/single/$file" "$at/array/$file"; done
echo "slurm-campaign: the merged campaign is the single process's, byte for byte"
