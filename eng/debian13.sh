#!/usr/bin/env bash
# Runs `dotnet ARGUMENTS...` in a Debian 13 tree beside the system: eng/debian13.sh [--mount PATH]... [NAME=VALUE]... ARGUMENTS...
# The tree (800 MB, made once, in DRIFT_OPENCL_TREE or /opt/drift-trixie) holds what Debian 12 does not ship: PoCL from version 5, which has the generic address space that ILGPU
# needs, CLBlast, and the GLIBCXX_3.4.32 that libtorch needs. The repository and the .NET SDK are seen there at their own places, further folders by --mount.
# Needs root, since the command runs chrooted. `eng/debian13.sh ready` only says whether the tree is there.
set -euo pipefail
tree=${DRIFT_OPENCL_TREE:-/opt/drift-trixie}
here=$(cd "$(dirname "$0")/.." && pwd)
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
if [ "${1:-}" = ready ]; then
    [ -e "$tree/.complete" ] && [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null
    exit
fi

if [ ! -e "$tree/.complete" ]; then
    command -v debootstrap >/dev/null || apt-get install -y -q debootstrap || { apt-get update -q && apt-get install -y -q debootstrap; } # a fresh image has no package lists
    rm -rf --one-file-system "$tree" # a tree that broke off half-way is of no use
    debootstrap --variant=minbase --include=pocl-opencl-icd,clinfo,ocl-icd-libopencl1,ocl-icd-opencl-dev,libclblast1 trixie "$tree"
    touch "$tree/.complete"
fi

# A tree that was made before CLBlast was wanted.
[ -e "$tree/usr/lib/x86_64-linux-gnu/libclblast.so.1" ] || chroot "$tree" apt-get install -y -q --no-install-recommends libclblast1 || echo "debian13: no CLBlast, so it will not be compared with" >&2

places=("$dotnet" "$here") settings=()
while [ $# -gt 0 ]; do
    case $1 in
        --mount) places+=("$(readlink -f "$2")"); shift 2 ;;
        [A-Z]*=*) settings+=("$1"); shift ;;
        *) break ;;
    esac
done
for place in "${places[@]}"; do mkdir -p "$tree$place"; done

# The mounts live in a namespace of their own and end with it.
exec unshare --mount bash -euc '
    tree=$1 count=$2
    shift 2
    for place in /proc /dev /sys "${@:1:count}"; do mount --rbind "$place" "$tree$place"; done
    shift "$count"
    exec chroot "$tree" env "$@"
' debian13 "$tree" "${#places[@]}" "${places[@]}" -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE -C "$here" HOME=/root DOTNET_ROOT="$dotnet" DOTNET_NOLOGO=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "${settings[@]}" "$dotnet/dotnet" "$@"
