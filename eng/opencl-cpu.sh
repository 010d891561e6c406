#!/usr/bin/env bash
# Runs the OpenCL tests on this machine's CPU; arguments go to `dotnet test`, by default --filter TestCategory=OpenCL.
# ILGPU needs OpenCL's generic address space, which PoCL has from version 5 and Debian 12 does not ship: a Debian 13 tree beside the system holds
# PoCL (800 MB, made once, in DRIFT_OPENCL_TREE or /opt/drift-trixie). Needs root, since the tests run chrooted into that tree.
set -euo pipefail
tree=${DRIFT_OPENCL_TREE:-/opt/drift-trixie}
here=$(cd "$(dirname "$0")/.." && pwd)
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
[ $# -gt 0 ] || set -- --filter TestCategory=OpenCL

if [ ! -e "$tree/.complete" ]; then
    command -v debootstrap >/dev/null || apt-get install -y -q debootstrap
    rm -rf --one-file-system "$tree" # a tree that broke off half-way is of no use
    debootstrap --variant=minbase --include=pocl-opencl-icd,clinfo,ocl-icd-libopencl1,ocl-icd-opencl-dev trixie "$tree"
    touch "$tree/.complete"
fi

dotnet build -c Release "$here/Drift.Tests" --nologo -v q
mkdir -p "$tree$here" "$tree$dotnet"

# The mounts live in a namespace of their own and end with it.
exec unshare --mount bash -euc '
    tree=$1 here=$2 dotnet=$3
    shift 3
    for path in /proc /dev /sys "$dotnet" "$here"; do mount --rbind "$path" "$tree$path"; done
    exec chroot "$tree" env HOME=/root DOTNET_ROOT="$dotnet" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_NOLOGO=1 DRIFT_REQUIRE=OpenCL \
        "$dotnet/dotnet" test "$here/Drift.Tests/bin/Release/net10.0/Drift.Tests.dll" "$@"
' opencl-cpu "$tree" "$here" "$dotnet" "$@"
