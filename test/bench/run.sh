#!/usr/bin/env bash
# Measures our kernels beside their peers and beside kernels written by hand:
# installs the peers into build/bench-venv, builds, measures, prints, and leaves
# build/bench/last.{json,txt,svg}.
#
#   test/bench/run.sh                        everything, about half an hour
#   test/bench/run.sh --quick                some minutes
#   test/bench/run.sh --only 'CRF.*S=32'     rows whose name matches
#   test/bench/benchcmp.py OLD.json NEW.json what changed
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/test/lib/setup.sh"
VENV=$BUILD/bench-venv
STAMP=$VENV/installed.txt

# install [option...] package: a peer that cannot be installed is left out, and
# the table says so.
install() {
  "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off -q "$@" ||
    say "cannot install ${*: -1}"
}

install_peers() {
  cmp -s "$ROOT/test/bench/requirements.txt" "$STAMP" && return 0
  say "peers, into build/bench-venv"
  python3 -m venv "$VENV"
  local package
  grep -v '^#' "$ROOT/test/bench/requirements.txt" | while read -r package; do
    install "$package"
  done
  install torch==2.13.0
  install pytorch-crf
  # Their other requirements serve their examples.
  install --no-deps torch-struct
  install --no-deps --no-build-isolation soft-dtw
  install --no-deps --no-build-isolation pydtw
  cp "$ROOT/test/bench/requirements.txt" "$STAMP"
}

install_packages
install_peers
[ -n "${BENCH_NO_BUILD:-}" ] || build dpc
say "measuring"
cd "$ROOT/test/bench"
"$VENV/bin/python" bench.py "$@"
