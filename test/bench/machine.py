"""What a result was measured on."""

import importlib.metadata
import os
import platform
import subprocess

from ours import DPC, ROOT

PEERS = ["numba", "torch", "tslearn", "soft-dtw", "torch-struct", "pytorch-crf", "dtaidistance", "pydtw", "parasail",
         "scipy", "numpy"]  # fmt: skip


def processor():
    with open("/proc/cpuinfo") as file:
        pairs = (line.partition(":") for line in file)
        return {name.strip(): text.strip() for name, _, text in pairs}


def isa():
    flags = processor().get("flags", "").split()
    return "avx512" if "avx512f" in flags else "avx2" if "avx2" in flags else "baseline"


def name():
    """Short, for files: amd-epyc-7b13-avx2."""
    found = processor()
    words = found.get("model name", platform.machine()).lower().replace("(r)", "").split()
    model = [w for w in words if w not in ("processor", "cpu", "@") and not w.endswith("ghz")]
    return "-".join([*model, f"family{found.get('cpu family', '')}", isa()])


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def describe():
    commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {"processor": processor().get("model name", platform.machine()), "isa": isa(), "cores": os.cpu_count(),
            "system": platform.platform(), "python": platform.python_version(), "commit": commit.stdout.strip(),
            "dpc": subprocess.run([DPC[0], "--version"], capture_output=True, text=True).stdout.strip(),
            "peers": {peer: version(peer) for peer in PEERS}, "load": os.getloadavg()[0]}  # fmt: skip
