#!/usr/bin/env bash
# Makes docs/results/reproduce again, and the README's summary of it, from a run of drift reproduce: reproduce-results.sh [--quick|--full]. Full is the default and takes about an hour on two idle
# cores, quick six minutes. Stopped, it goes on when started again.
set -euo pipefail
cd "$(dirname "$0")/.."
budget=${1:---full}
run=results/reproduce$budget
run=${run/--/-}
dotnet run -c Release --project Drift.Bench -- reproduce "$budget" --out "$run"
rm -rf docs/results/reproduce
cp -r "$run" docs/results/reproduce
# The page holds every picture once more, and table.json every number: both come with a run.
rm -f docs/results/reproduce/report.html docs/results/reproduce/*/table.json docs/results/reproduce/*/figure-*-dark.png
if chromium=$(command -v chromium); then
    for width in 1280 390; do
        "$chromium" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size=$width,1800 --screenshot="docs/results/reproduce/report-$width.png" "file://$PWD/$run/report.html"
    done
fi
DRIFT_UPDATE_README=1 dotnet test -c Release --nologo --filter "FullyQualifiedName~ReadmeTests"
git status --short README.md docs/results/reproduce
