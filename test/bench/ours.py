"""Our kernels, compiled once a compiler and option list into the build folder."""

import hashlib
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/lib"))

import kernels  # noqa: E402

from case import Contender  # noqa: E402

BUILD = ROOT / "build"
PROGRAMS = pathlib.Path(__file__).parent / "programs"
DPC = [BUILD / "bin/dpc"]


def find(program):
    """The .dp file of a name: of the examples, or of this folder."""
    example = ROOT / "examples" / program / f"{program}.dp"
    return example if example.exists() else PROGRAMS / f"{program}.dp"


def library(program, **options):
    path, dpc = find(program), DPC[0]
    options.setdefault("float", "f32")
    # As the hosts compile, and as numba and the kernels written by hand do.
    options.setdefault("target", "cpu:native")
    state = f"{path} {path.read_text()} {dpc} {dpc.stat().st_mtime_ns} {sorted(options.items())}"
    target = BUILD / "bench" / f"{program}-{hashlib.sha256(state.encode()).hexdigest()[:16]}.so"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        flags = [f"--{key}={value}" for key, value in options.items()]
        subprocess.run([dpc, path, "-o", target, f"--emit-manifest={target}.json", *flags],
                       check=True, capture_output=True)  # fmt: skip
    return kernels.Library(target)


def prepare(program, entry, inputs, results=None, threads=1, sizes=None, **options):
    """A call; `results` maps the names that contenders share to outputs."""
    entry = {"grad": "value_grad"}.get(entry, entry)
    wanted = {"value_grad": "value,grad"}.get(entry, entry)
    prepared = library(program, entry=wanted, **options).prepare(entry, inputs, threads=threads, sizes=sizes)

    def call():
        outputs = prepared()
        return {name: outputs[own] for name, own in results.items()} if results is not None else outputs

    return call


def ours(program, entry, inputs, results=None, name="danskin", role="ours", note="", cells=None, **options):
    return Contender(name, lambda: prepare(program, entry, inputs, results, **options), role, cells, note)


def truth(program, entry, inputs, results=None, **options):
    """Our own kernel in f64, where no peer gives a better one: the reference
    interpreter of the test suites has compared it."""
    options["float"] = "f64"
    return ours(program, entry, inputs, results, name="danskin f64", role="truth", **options)
