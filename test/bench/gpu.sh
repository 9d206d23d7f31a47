#!/usr/bin/env bash
# Compiles kernels for this machine's GPU, checks and times them. Needs a build, a
# CUDA toolkit's ptxas and PyTorch for CUDA.
#
#   test/bench/gpu.sh [FOLDER] [-o NUMBERS.json]
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
folder=$ROOT/build/gpu
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
  folder=$1
  shift
fi
python=${PYTHON:-python3}
"$python" "$ROOT/test/bench/gpu.py" prepare "$folder"
"$python" "$ROOT/test/bench/gpu.py" run "$folder" "$@"
