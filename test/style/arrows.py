"""Which folder may include which: the arrows of the architecture.

tools -> pipeline -> {frontend, transforms, conversion, target, reference}
      -> {analysis -> schedule} -> dialects -> MLIR

Besides, `reference` reads the tree that `frontend` builds and nothing of MLIR,
code that makes or runs kernels includes the ABI they share with the runtime,
and the runtime includes the C library only.
"""

import re

from sources import ROOT, files

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)

ANALYSES = {"analysis", "schedule", "dialects"}
STAGES = {"frontend", "transforms", "conversion", "target", "reference"}
ALLOWED = {
    "dialects": set(),
    "schedule": {"dialects"},
    "analysis": {"schedule", "dialects"},
    "frontend": ANALYSES,
    "transforms": ANALYSES,
    "conversion": ANALYSES | {"abi"},
    "target": ANALYSES | {"abi"},
    "reference": {"frontend"},
    "pipeline": STAGES | ANALYSES | {"abi"},
    "tools": {"pipeline", "abi"} | STAGES | ANALYSES,
    "runtime": {"abi"},
}
FOREIGN = ("mlir/", "llvm/", "llvm-c/", "mlir-c/", "lld/")


def layer(path):
    """The layer of a file of this repository, or None outside of the layers."""
    parts = path.split("/")
    if parts[0] == "compiler" and len(parts) > 2:
        return parts[1]
    if path.startswith("runtime/include/"):
        return "abi"
    return parts[0] if parts[0] in ("dialects", "runtime") else None


def fault(path, bracket, header):
    """Why `path` may not include `header`, or None."""
    source = layer(path)
    if source == "abi":
        source = "runtime"
    if source is None:
        return None
    if source == "runtime":
        beside = (ROOT / path).parent / header
        if bracket == "<":
            c_header = re.fullmatch(r"[a-z0-9_]+(/[a-z0-9_]+)*\.h", header)
            return None if c_header and not header.startswith(FOREIGN) else "the runtime includes libc only"
        if beside.exists() or (ROOT / "runtime/include" / header).exists() or layer(header) in ("runtime", "abi"):
            return None
        return "the runtime includes itself and libc only"
    if source == "reference" and header.startswith("mlir/"):
        return "the interpreter shares nothing with MLIR"
    target = layer(header)
    if target is None and header.startswith("dp/") and bracket == '"':
        target = "abi"
    if target in (None, source) or target in ALLOWED[source]:
        return None
    return f"`{source}` may not include `{target}`"


def check():
    """(number of files, faults)."""
    paths = files(".h", ".cpp", ".c")
    faults = []
    for path in map(str, paths):
        text = (ROOT / path).read_text(errors="replace")
        for found in INCLUDE.finditer(text):
            why = fault(path, found[1], found[2])
            if why:
                line = text.count("\n", 0, found.start(2)) + 1
                faults.append(f"{path}:{line}: includes {found[2]}: {why}")
    return len(paths), faults
