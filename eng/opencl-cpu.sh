#!/usr/bin/env bash
# Runs the OpenCL tests on this machine's CPU; arguments go to `dotnet test`, by default --filter TestCategory=OpenCL. `eng/opencl-cpu.sh drift ...` runs drift there instead:
#   eng/opencl-cpu.sh drift bench gemm --backend ilgpu-opencl --rivals
# ILGPU needs OpenCL's generic address space, which PoCL has from version 5 and Debian 12 does not ship: a Debian 13 tree beside the system holds
# PoCL and CLBlast (800 MB, made once, in DRIFT_OPENCL_TREE or /opt/drift-trixie). Needs root, since all runs chrooted into that tree.
# DRIFT_BUILT=1 takes what is built already. `eng/opencl-cpu.sh ready` only says whether the tree is there.
set -euo pipefail
tree=${DRIFT_OPENCL_TREE:-/opt/drift-trixie}
here=$(cd "$(dirname "$0")/.." && pwd)
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
[ $# -gt 0 ] || set -- --filter TestCategory=OpenCL
if [ "$1" = ready ]; then
    [ -e "$tree/.complete" ] && [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null
    exit
fi

if [ ! -e "$tree/.complete" ]; then
    command -v debootstrap >/dev/null || apt-get install -y -q debootstrap
    rm -rf --one-file-system "$tree" # a tree that broke off half-way is of no use
    debootstrap --variant=minbase --include=pocl-opencl-icd,clinfo,ocl-icd-libopencl1,ocl-icd-opencl-dev,libclblast1 trixie "$tree"
    touch "$tree/.complete"
fi

# A tree that was made before CLBlast was wanted.
[ -e "$tree/usr/lib/x86_64-linux-gnu/libclblast.so.1" ] || chroot "$tree" apt-get install -y -q --no-install-recommends libclblast1 || echo "opencl-cpu: no CLBlast, so it will not be compared with" >&2

[ -n "${DRIFT_BUILT:-}" ] || dotnet build -c Release "$here/Drift.Tests" --nologo -v q
if [ "$1" = drift ]; then
    shift
    set -- "$here/Drift.Bench/bin/Release/net10.0/drift.dll" "$@"
else
    set -- test "$here/Drift.Tests/bin/Release/net10.0/Drift.Tests.dll" "$@"
fi
mkdir -p "$tree$here" "$tree$dotnet"

# The mounts live in a namespace of their own and end with it.
exec unshare --mount bash -euc '
    tree=$1 here=$2 dotnet=$3 at=$4
    shift 4
    for path in /proc /dev /sys "$dotnet" "$here"; do mount --rbind "$path" "$tree$path"; done
    exec chroot "$tree" env -C "$at" HOME=/root DOTNET_ROOT="$dotnet" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_NOLOGO=1 DRIFT_REQUIRE=OpenCL "$dotnet/dotnet" "$@"
' opencl-cpu "$tree" "$here" "$dotnet" "$here" "$@"
