#!/usr/bin/env bash
# Fetches NVIDIA's PTX assembler from Debian's non-free packages, without installing the toolkit (84 MB down, 70 MB kept, in DRIFT_PTXAS_TREE or
# /opt/drift-ptxas-12), and prints its path. With it, PtxTests also hold kernels to their registers, spills and stack: needs no GPU.
#   DRIFT_PTXAS=$(eng/ptxas.sh) dotnet test -c Release --filter PtxTests
set -euo pipefail
tree=${DRIFT_PTXAS_TREE:-/opt/drift-ptxas-12}
if [ ! -x "$tree/usr/bin/ptxas" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial" "$tree"
    # From wherever this machine gets Debian's main packages, but Debian 13's: 12 has CUDA 11.8, which does not know sm_90a.
    read -r site < <(apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' \
        | awk '$3 == "main" && $4 == "Debian" && $2 !~ /-/ { print $1; exit }')
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site trixie non-free" >"$scratch/sources.list"
    apt=(apt-get -q -o Dir::Etc::sourcelist="$scratch/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o Dir::State::lists="$scratch/lists" -o Dir::Cache="$scratch/cache" -o APT::Sandbox::User=root)
    "${apt[@]}" update >&2
    (cd "$scratch" && "${apt[@]}" download nvidia-cuda-toolkit >&2)
    dpkg-deb --fsys-tarfile "$scratch"/nvidia-cuda-toolkit_*.deb | tar -x -C "$tree" ./usr/bin/ptxas ./usr/bin/nvdisasm
fi
echo "$tree/usr/bin/ptxas"
