#!/usr/bin/env bash
# Runs `drift bench` with libtorch among the rivals; arguments go to it, by default gemm --rivals --type fp32 --layers cube,dit-xl.
# libtorch comes with the NuGet package TorchSharp-cpu (half a gigabyte, fetched once, kept in DRIFT_TORCH or ~/.cache/drift/torch) and needs a newer libstdc++ than Debian 12 has:
# it runs in the tree of eng/debian13.sh. Needs root. DRIFT_BUILT=1 takes what is built already.
set -euo pipefail
libraries=${DRIFT_TORCH:-${XDG_CACHE_HOME:-$HOME/.cache}/drift/torch}
here=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- gemm --rivals --type fp32 --layers cube,dit-xl

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
exec "$here/eng/debian13.sh" --mount "$libraries" LD_LIBRARY_PATH="$libraries" DRIFT_TORCH="$libraries" "$here/Drift.Bench/bin/Release/net10.0/drift.dll" bench "$@"
