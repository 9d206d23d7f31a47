# Sourced by examples/quickstart.sh and test/run.sh: gets from a bare Debian 12,
# Debian 13 or Ubuntu 24.04 to a build. Every step looks first whether it is
# done, so running it again takes seconds.
#
# Expects ROOT, the root of the repository. Leaves BUILD, PYTHON, LLVM_TOOLS.

BUILD=$ROOT/build
PYTHON=$BUILD/venv/bin/python
STARTED=$SECONDS

say() { printf '\n==> [%3ds] %s\n' $((SECONDS - STARTED)) "$*"; }

die() {
  printf '\nerror: %s\n' "$*" >&2
  exit 1
}

# The packages of packages.txt that are not installed.
missing_packages() {
  local package
  grep -v '^#' "$ROOT/test/lib/packages.txt" | while read -r package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      echo "$package"
  done
}

install_packages() {
  command -v dpkg-query >/dev/null ||
    die "this script installs with apt (Debian 12, 13, Ubuntu 24.04); elsewhere install what test/lib/packages.txt lists and follow README.md"
  local missing sudo=
  missing=$(missing_packages | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  say "installing $missing"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      die "these packages are missing and need root to install: run as root
  apt-get install --no-install-recommends $missing"
    sudo=sudo
  fi
  $sudo apt-get update -q
  # shellcheck disable=SC2086 # a list of words
  $sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends $missing ||
    die "apt could not install the packages above; LLVM 19 comes with Debian 12, Debian 13 and Ubuntu 24.04 (universe)"
}

# tslearn is wanted for the series it carries, not for its code: without its
# dependencies the environment is a fifth of the size.
setup_python() {
  local stamp=$BUILD/venv/installed.txt
  cmp -s "$ROOT/test/lib/requirements.txt" "$stamp" && return 0
  say "Python packages, into build/venv"
  python3 -m venv "$BUILD/venv"
  "$PYTHON" -m pip install --disable-pip-version-check --progress-bar off \
    -r "$ROOT/test/lib/requirements.txt"
  "$PYTHON" -m pip install --disable-pip-version-check --progress-bar off --no-deps tslearn
  [ -f "$(llvm-config-19 --prefix)/build/utils/lit/lit.py" ] ||
    "$PYTHON" -m pip install --disable-pip-version-check --progress-bar off lit
  cp "$ROOT/test/lib/requirements.txt" "$stamp"
}

# PyTorch, JAX and others: for tests alone, and large.
setup_hosts() {
  local stamp=$BUILD/venv/hosts.txt
  cmp -s "$ROOT/test/lib/hosts.txt" "$stamp" && return 0
  say "PyTorch, JAX and TVM FFI, into build/venv"
  "$PYTHON" -m pip install --disable-pip-version-check --progress-bar off -r "$ROOT/test/lib/hosts.txt"
  cp "$ROOT/test/lib/hosts.txt" "$stamp"
}

# build [target...]: configures with the preset `release` and builds.
build() {
  local launcher=()
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  say "configuring build/"
  (cd "$ROOT" && cmake --preset release --log-level=WARNING "${launcher[@]}")
  say "building ${*:-everything} (the first time takes minutes)"
  ninja -C "$BUILD" "$@"
}
