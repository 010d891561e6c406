#!/usr/bin/env bash
# DiT-XL/2-256 forward passes, INT8 and protected, against libtorch's in fp32, in one process. Arguments: a folder of `drift skeleton dit-xl-2-256`, threads, rounds.
# libtorch needs GLIBCXX_3.4.32, which Debian 12 does not ship, so this runs in the Debian 13 tree that eng/opencl-cpu.sh makes. Needs root.
set -euo pipefail
tree=${DRIFT_OPENCL_TREE:-/opt/drift-trixie}
here=$(cd "$(dirname "$0")/.." && pwd)
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
model=$(readlink -f "$1") threads=${2:-2} rounds=${3:-3}
[ -e "$tree/.complete" ] || { echo "no Debian 13 in $tree: eng/opencl-cpu.sh makes one" >&2; exit 2; }

[ -n "${DRIFT_BUILT:-}" ] || dotnet build -c Release "$here/eng/libtorch" --nologo -v q
mkdir -p "$tree$here" "$tree$dotnet" "$tree$model"

exec unshare --mount bash -euc '
    tree=$1 here=$2 dotnet=$3 model=$4 threads=$5 rounds=$6
    for path in /proc /dev /sys "$dotnet" "$here" "$model"; do mount --rbind "$path" "$tree$path"; done
    exec chroot "$tree" env HOME=/root DOTNET_ROOT="$dotnet" DOTNET_NOLOGO=1 "$dotnet/dotnet" "$here/eng/libtorch/bin/Release/net10.0/Forward.dll" "$model" "$here/data/energy/paper.csv" "$threads" "$rounds"
' libtorch "$tree" "$here" "$dotnet" "$model" "$threads" "$rounds"
