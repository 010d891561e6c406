#!/usr/bin/env bash
# Packs the GPU tests and the tool with the .NET runtime, for a machine that has an NVIDIA driver and nothing else: gpu-package.sh FILE.tar.xz
# There, in a checkout: eng/gpu-check.sh FILE.tar.xz FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { echo "gpu-package.sh: name the file to write, such as /tmp/drift-gpu.tar.xz" >&2; exit 2; }
file=$(realpath "$1")
stage=$(mktemp -d); trap 'rm -rf "$stage"' EXIT
# Untrimmed: ILGPU reads the code of kernels. The tool first, so that the tests' description of their dependencies stands beside its own.
dotnet publish Drift.Bench -c Release -r linux-x64 --self-contained true -p:DebugType=none -o "$stage/drift-gpu" -v q --nologo
dotnet publish Drift.Tests -c Release -r linux-x64 --self-contained true -p:DriftTestProgram=true -p:DebugType=none -o "$stage/drift-gpu" -v q --nologo
cd "$stage/drift-gpu"
# What no test of a GPU loads, and the data, which a checkout has.
rm -rf Microsoft.CodeCoverage libduckdb.so onnxruntime.dll onnxruntime.lib libcapstone.so libonnxruntime.so amd64 arm64 Microsoft.Diagnostics.Tracing.TraceEvent.dll libmscordbi.so libmscordaccore.so libclrgc.so libclrgcexp.so libcoreclrtraceptprovider.so createdump Microsoft.VisualBasic.Core.dll ./*.xml ./*.pdb ./*/*.resources.dll data
cd ..
tar -c drift-gpu | xz -T0 -8 > package
mv package "$file"
echo "$file: $(du -h "$file" | cut -f1)"
