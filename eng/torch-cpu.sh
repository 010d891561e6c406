#!/usr/bin/env bash
# Runs `drift bench` with libtorch among the rivals; arguments go to it, by default gemm --rivals --type fp32 --layers cube,dit-xl.
# libtorch comes with the NuGet package TorchSharp-cpu (half a gigabyte, fetched once) and needs GLIBCXX_3.4.32, which Debian 12 does not have: it runs in the Debian 13 tree of
# eng/opencl-cpu.sh (DRIFT_OPENCL_TREE or /opt/drift-trixie, made here where it is missing). Needs root, since it runs chrooted into that tree.
set -euo pipefail
tree=${DRIFT_OPENCL_TREE:-/opt/drift-trixie}
libraries=${DRIFT_TORCH:-${XDG_CACHE_HOME:-$HOME/.cache}/drift/torch}
here=$(cd "$(dirname "$0")/.." && pwd)
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
[ $# -gt 0 ] || set -- gemm --rivals --type fp32 --layers cube,dit-xl

if [ ! -e "$tree/.complete" ]; then
    command -v debootstrap >/dev/null || apt-get install -y -q debootstrap
    rm -rf --one-file-system "$tree" # a tree that broke off half-way is of no use
    debootstrap --variant=minbase --include=pocl-opencl-icd,clinfo,ocl-icd-libopencl1,ocl-icd-opencl-dev trixie "$tree"
    touch "$tree/.complete"
fi

if [ ! -e "$libraries/.complete" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cat >"$work/torch.csproj" <<'PROJECT'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="TorchSharp-cpu" Version="0.107.0" /></ItemGroup>
</Project>
PROJECT
    dotnet restore "$work" -v q
    packages=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: //')
    rm -rf "$libraries"
    mkdir -p "$libraries"
    cp "$packages"/libtorch-cpu-linux-x64/2.10.0/runtimes/linux-x64/native/*.so* "$packages"/torchsharp/0.107.0/runtimes/linux-x64/native/libLibTorchSharp.so "$libraries"
    touch "$libraries/.complete"
fi

[ -n "${DRIFT_BUILT:-}" ] || dotnet build -c Release "$here/Drift.Bench" --nologo -v q
mkdir -p "$tree$here" "$tree$dotnet" "$tree$libraries"

# The mounts live in a namespace of their own and end with it.
exec unshare --mount bash -euc '
    tree=$1 here=$2 dotnet=$3 libraries=$4
    shift 4
    for path in /proc /dev /sys "$dotnet" "$here" "$libraries"; do mount --rbind "$path" "$tree$path"; done
    cd "$here"
    exec chroot "$tree" env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE HOME=/root DOTNET_ROOT="$dotnet" DOTNET_NOLOGO=1 LD_LIBRARY_PATH="$libraries" DRIFT_TORCH="$libraries" \
        "$dotnet/dotnet" "$here/Drift.Bench/bin/Release/net10.0/drift.dll" bench "$@"
' torch-cpu "$tree" "$here" "$dotnet" "$libraries" "$@"
