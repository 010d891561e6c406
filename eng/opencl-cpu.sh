#!/usr/bin/env bash
# Runs the OpenCL tests on this machine's CPU; arguments go to `dotnet test`, by default --filter TestCategory=OpenCL. `eng/opencl-cpu.sh drift ...` runs drift there instead:
#   eng/opencl-cpu.sh drift bench gemm --backend ilgpu-opencl --rivals
# PoCL and CLBlast are in the Debian 13 tree of eng/debian13.sh, which is made where it is missing. Needs root.
# DRIFT_BUILT=1 takes what is built already. `eng/opencl-cpu.sh ready` only says whether the tree is there.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- --filter TestCategory=OpenCL
[ "$1" != ready ] || exec "$here/eng/debian13.sh" ready

[ -n "${DRIFT_BUILT:-}" ] || dotnet build -c Release "$here/Drift.Tests" --nologo -v q
if [ "$1" = drift ]; then
    shift
    set -- "$here/Drift.Bench/bin/Release/net10.0/drift.dll" "$@"
else
    set -- test "$here/Drift.Tests/bin/Release/net10.0/Drift.Tests.dll" "$@"
fi
exec "$here/eng/debian13.sh" DRIFT_REQUIRE=OpenCL "$@"
