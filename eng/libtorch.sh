#!/usr/bin/env bash
# DiT-XL/2-256 forward passes, INT8 and protected, against libtorch's in fp32, in one process. Arguments: a folder of `drift skeleton dit-xl-2-256`, threads, rounds.
# libtorch needs a newer libstdc++ than Debian 12 has: this runs in the tree of eng/debian13.sh. Needs root. DRIFT_BUILT=1 takes what is built already.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
model=$(readlink -f "$1") threads=${2:-2} rounds=${3:-3}

[ -n "${DRIFT_BUILT:-}" ] || dotnet build -c Release "$here/eng/libtorch" --nologo -v q
exec "$here/eng/debian13.sh" --mount "$model" "$here/eng/libtorch/bin/Release/net10.0/Forward.dll" "$model" "$here/data/energy/paper.csv" "$threads" "$rounds"
