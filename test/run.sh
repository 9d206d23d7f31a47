#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test. The last line
# is `N passed, N failed`; the exit status is 0 where nothing failed.
#
#   test/run.sh            all of it
#   test/run.sh lit unit   only these suites (test/lib/suites.py --list)
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/test/lib/setup.sh"

install_packages
setup_python
setup_hosts
build

say "testing"
cd "$ROOT"
"$PYTHON" test/lib/suites.py --build build "$@"
