#!/usr/bin/env bash
# Runs the OpenCL tests on this machine's CPU. ILGPU needs OpenCL's generic address space, which PoCL has from version 5 and Debian 12 does not
# ship, so a Debian 13 tree beside the system holds PoCL (800 MB, made once). Needs root: the tree is entered by chroot.
set -euo pipefail
tree=${DRIFT_OPENCL_TREE:-/opt/drift-trixie}
here=$(cd "$(dirname "$0")/.." && pwd)
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")

if [ ! -e "$tree/.complete" ]; then
    command -v debootstrap >/dev/null || apt-get install -y -q debootstrap
    # A tree that broke off half-way is of no use; nothing is mounted in it before it is complete.
    rm -rf --one-file-system "$tree"
    debootstrap --variant=minbase --include=pocl-opencl-icd,clinfo,ocl-icd-libopencl1,ocl-icd-opencl-dev trixie "$tree"
    touch "$tree/.complete"
fi
