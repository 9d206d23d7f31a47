#!/usr/bin/env bash
# From a bare Debian 12, Debian 13 or Ubuntu 24.04 to an alignment of two real
# series: installs what is missing, builds `dpc`, compiles examples/dtw/dtw.dp
# and draws build/quickstart/dtw.svg. Run again, it takes seconds.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/test/lib/setup.sh"

install_packages
setup_python
build dpc

cd "$ROOT"
out=build/quickstart
mkdir -p $out
say "compiling examples/dtw/dtw.dp to $out/libdtw.so and $out/dtw.h"
build/bin/dpc examples/dtw/dtw.dp -o $out/libdtw.so --emit-header=$out/dtw.h \
  --reg=entropy --float=f32,f64

say "aligning two series of the Trace data"
"$PYTHON" examples/dtw/align.py --dpc build/bin/dpc --out $out
say "done; the picture is $out/dtw.svg"
