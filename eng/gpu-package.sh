#!/usr/bin/env bash
# Packs the GPU tests, the tool, the .NET runtime and the data that they read, for a machine that has an NVIDIA driver and nothing else: gpu-package.sh FILE.tar.xz
# There: tar -xJf FILE.tar.xz && drift-gpu/gpu-check.sh FOLDER
set -euo pipefail
[ $# -ge 1 ] || { echo "gpu-package.sh: name the file to write, such as /tmp/drift-gpu.tar.xz" >&2; exit 2; }
file=$(realpath "$1")
cd "$(dirname "$0")/.."
stage=$(mktemp -d); trap 'rm -rf "$stage"' EXIT
# Untrimmed: ILGPU reads the code of kernels. The tool first, so that the tests' description of their dependencies stands beside its own.
dotnet publish Drift.Bench -c Release -r linux-x64 --self-contained true -p:DebugType=none -o "$stage/drift-gpu" -v q --nologo
dotnet publish Drift.Tests -c Release -r linux-x64 --self-contained true -p:DriftTestProgram=true -p:DebugType=none -o "$stage/drift-gpu" -v q --nologo
# What no test of a GPU loads, and of the data what none reads.
(cd "$stage/drift-gpu" && rm -rf Microsoft.CodeCoverage libduckdb.so onnxruntime.dll onnxruntime.lib libcapstone.so libonnxruntime.so amd64 arm64 Microsoft.Diagnostics.Tracing.TraceEvent.dll libmscordbi.so libmscordaccore.so libclrgc.so libclrgcexp.so libcoreclrtraceptprovider.so createdump Microsoft.VisualBasic.Core.dll ./*.xml ./*.pdb ./*/*.resources.dll data)
git ls-files -z data/energy data/operating-points data/shapes data/models/dit-fashion data/models/sd-emoji | tar --null -T - -c | tar -C "$stage/drift-gpu" -x
# Tests know the folder of their data by the solution beside it.
cp Drift.sln eng/gpu-check.sh "$stage/drift-gpu"
tar -C "$stage" -c drift-gpu | xz -T0 -8 > "$stage/package"
mv "$stage/package" "$file"
echo "$file: $(du -h "$file" | cut -f1)"
