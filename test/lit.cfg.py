"""lit: the tests under test/ that are one file with `RUN:` lines.

`dpc`, `dp-opt`, FileCheck, not, split-file and count are on the path.
Substitutions beyond lit's own: %examples (the folder of the examples) and
%python (an interpreter with numpy).
"""

import os
import pathlib
import subprocess
import sys

import lit.formats
import lit.util

root = pathlib.Path(__file__).resolve().parent.parent
build = pathlib.Path(lit_config.params.get("build", root / "build")).resolve()
llvm_tools = subprocess.check_output(["llvm-config-19", "--bindir"], text=True).strip()
venv_python = build / "venv" / "bin" / "python"

config.name = "danskin"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".dp", ".mlir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt"]
config.test_source_root = str(root / "test")
config.test_exec_root = str(build / "test")
config.environment["PATH"] = os.pathsep.join([str(build / "bin"), llvm_tools, os.environ["PATH"]])
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "CUDA_HOME"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
config.substitutions.append(("%examples", str(root / "examples")))
config.substitutions.append(("%python", str(venv_python if venv_python.exists() else sys.executable)))
