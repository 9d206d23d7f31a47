"""Running dpc: where it is, what it answers, what it makes."""

import functools
import hashlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sysconfig

from . import cache
from .errors import CompileError

_PACKAGE = pathlib.Path(__file__).resolve().parent


@functools.lru_cache(maxsize=None)
def find_dpc():
    """The compiler: $DANSKIN_DPC, the one the wheel carries, the one that a
    checkout's build folder has, or what PATH knows.

    Raises:
        FileNotFoundError: there is none.
    """
    named = os.environ.get("DANSKIN_DPC")
    checkout = _PACKAGE.parents[2]
    places = [named] if named else [_PACKAGE / "bin/dpc", checkout / "build/bin/dpc", shutil.which("dpc")]
    for place in places:
        if place and os.access(place, os.X_OK):
            return pathlib.Path(place)
    raise FileNotFoundError(f"no dpc at {', '.join(str(place) for place in places if place)}; set DANSKIN_DPC to it")


@functools.lru_cache(maxsize=4)
def _digest(path, size, modified):
    """What tells one dpc from another: its contents."""
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


@functools.lru_cache(maxsize=None)
def _processor():
    """What `--target=cpu:native` depends on: the machine, and what its processor has."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    features = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return [platform.machine(), hashlib.blake2b(features.encode(), digest_size=8).hexdigest()]


def get_key(text, arguments):
    """The key of what dpc makes of a text: of the text, the options, the
    compiler and the machine."""
    dpc = find_dpc()
    status = dpc.stat()
    compiler = _digest(dpc, status.st_size, status.st_mtime_ns)
    parts = json.dumps([text, list(arguments), compiler, _processor()])
    return hashlib.blake2b(parts.encode(), digest_size=20).hexdigest()


def run_dpc(arguments, text, source):
    """dpc's standard output, with `text` as its standard input.

    Raises:
        CompileError: the program is refused.
        RuntimeError: dpc itself failed.
    """
    command = [find_dpc(), *arguments, "--diagnostics-format=json"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, env=_environment())
    if done.returncode == 0:
        return done.stdout.decode()
    complaint = done.stderr.decode(errors="replace")
    try:
        diagnostics = [json.loads(line) for line in complaint.splitlines() if line.startswith("{")]
    except ValueError:
        diagnostics = []
    if done.returncode == 1 and diagnostics:
        raise CompileError(diagnostics, text, source)
    reason = complaint.strip().removeprefix("dpc: error: ") or f"exit status {done.returncode}"
    if done.returncode == 1:
        raise ValueError(f"{source}: {reason}")
    raise RuntimeError(f"dpc failed on {source}: {reason}")


@functools.lru_cache(maxsize=None)
def _environment():
    """What dpc finds ptxas by: the package nvidia-cuda-nvcc, if there is no other."""
    if os.environ.get("CUDA_HOME") or os.environ.get("DANSKIN_PTXAS") or shutil.which("ptxas"):
        return None
    packages = pathlib.Path(sysconfig.get_path("purelib"), "nvidia")
    found = [each.parents[1] for each in packages.glob("*/bin/ptxas")]
    return {**os.environ, "CUDA_HOME": str(max(found))} if found else None


def describe(text, arguments, source):
    """The programs of a text, as `dpc check --json` describes them."""
    arguments = ["check", "-", "--json", *arguments]

    def make(folder):
        (folder / "programs.json").write_text(run_dpc(arguments, text, source))

    folder = cache.get(get_key(text, arguments), make)
    return json.loads((folder / "programs.json").read_text())["programs"]


def get_flags():
    """The options in $DANSKIN_FLAGS."""
    return os.environ.get("DANSKIN_FLAGS", "").split()


def build(text, arguments, source):
    """Compiles a library for this machine: (its path, its manifest). $DANSKIN_FLAGS
    has options in front of those of the program, which count where they contradict
    each other."""
    arguments = ["--target=cpu:native", *get_flags(), *arguments]

    def make(folder):
        run_dpc(["-", "-o", folder / "library.so", f"--emit-manifest={folder / 'manifest.json'}", *arguments],
                text, source)  # fmt: skip

    folder = cache.get(get_key(text, arguments), make)
    return folder / "library.so", json.loads((folder / "manifest.json").read_text())
