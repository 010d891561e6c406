#!/usr/bin/env bash
# What to run on a new GPU, and what to send back: drift-gpu/gpu-check.sh FOLDER, from the package that eng/gpu-package.sh made elsewhere. Needs a driver, no SDK and no checkout.
# The tests of the category Gpu go in two processes at once (a minute on an H200), then the benches alone, each into FOLDER.
set -uo pipefail
[ $# -eq 1 ] || { echo "gpu-check.sh: name the folder that takes what comes of it, such as results" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
[ -x "$here/Drift.Tests" ] || { echo "gpu-check.sh: no Drift.Tests beside it in $here; expected the unpacked package that eng/gpu-package.sh makes" >&2; exit 2; }
mkdir -p "$1" && out=$(realpath "$1") && cd "$here" || exit 2
export DRIFT_REQUIRE=Cuda DOTNET_CLI_TELEMETRY_OPTOUT=1
if [ -z "${DRIFT_CUBLAS:-}" ]; then
    library=$(find / -xdev -name 'libcublas.so.1[123]' -print -quit 2>/dev/null)
    [ -z "$library" ] || export DRIFT_CUBLAS=$library
fi

status=0
products='FullyQualifiedName~DeviceInt8Contract|FullyQualifiedName~DeviceFloatContract|FullyQualifiedName~DeviceHalfContract|FullyQualifiedName~LayerKernelContract'
./Drift.Tests --filter "TestCategory=Gpu&($products)" --progress off >"$out/tests-products.txt" 2>&1 &
products_run=$!
others=$(sed 's/~/!~/g; s/|/\&/g' <<<"$products")
./Drift.Tests --filter "TestCategory=Gpu&$others" --progress off >"$out/tests-others.txt" 2>&1 || status=1
wait "$products_run" || status=1
grep -hE '^(failed |  (total|failed|succeeded|skipped):)' "$out"/tests-*.txt
./drift devices >"$out/devices.txt" 2>&1 || status=1
for type in int8 fp32 fp16; do
    ./drift bench gemm --backend ilgpu-cuda --rivals --type "$type" --json "$out/$type.json" >"$out/$type.txt" 2>&1 || status=1
    tail -n 3 "$out/$type.txt"
done
exit $status
