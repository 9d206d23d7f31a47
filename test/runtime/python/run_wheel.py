#!/usr/bin/env python3
"""The wheel: built, installed into a fresh virtual environment outside of the
tree, and used there without anything of this checkout; and an editable install."""

import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "test/lib"))
import driver  # noqa: E402

PACKAGE = ROOT / "runtime/python"

# Run in the new environment; asserts are the tests.
USE = """
import pathlib, sys
import numpy as np
import danskin
from danskin import compiler

package = pathlib.Path(danskin.__file__).parent
assert package.is_relative_to(sys.prefix), package
assert compiler.find_dpc() == package / "bin/dpc"
x, y = np.zeros((3, 1)), np.zeros((3, 1))
dtw = danskin.zoo.load("dtw", "entropy")
# Without costs the value counts warpings: a Delannoy number.
assert abs(np.exp(-dtw.numpy(x, y)) - 13) < 1e-9
assert dtw.numpy.grad(x, y, wrt="d").shape == (3, 3)
assert {"ctc", "cky", "dtw"} <= set(danskin.zoo.names())
assert (package / "include/dp/call.h").exists() and (package / "py.typed").exists()
"""
# The oldest NumPy that the package takes; Python 3.13 has wheels of later ones alone.
OLDEST = "1.26.4" if sys.version_info < (3, 13) else "2.1.0"
USE_OLDEST = """
import sys
import numpy as np
import danskin

assert np.__version__ == sys.argv[1], np.__version__
dtw = danskin.zoo.load("dtw", "entropy")
x, y = np.zeros((3, 1)), np.zeros((3, 1), "f4")
value, gradient = dtw.numpy.value_and_grad(x, y, wrt="d", lengths={"N": np.array(3)})
assert abs(np.exp(-value) - 13) < 1e-9
assert gradient[0, 0] == 1 and gradient.shape == (3, 3)
assert dtw.numpy.argmax(x, y).path()[-1].index == (0, 0)

class Foreign:
    def __init__(self, array):
        self.array = array
    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()
    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

assert dtw.numpy(Foreign(x), y) == dtw.numpy(x, y)
"""
# What may come from outside of the package: the C and C++ libraries.
SYSTEM = ("linux-vdso", "libc.so", "libm.so", "libstdc++", "libgcc_s", "ld-linux", "libdl", "librt", "libpthread")


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise AssertionError(f"{command[0]}: {done.stdout[-3000:]}")
    return done.stdout


class Wheel:
    """Checks in order; each builds on those before."""

    def __init__(self, folder, dpc):
        self.folder, self.dpc = folder, dpc
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith(("DANSKIN_", "PYTHON"))}  # fmt: skip
        self.environment["DANSKIN_CACHE"] = str(folder / "cache")
        self.python = folder / "venv/bin/python"

    def pip(self, *arguments, python=None):
        run(sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--python", python or self.python,
            *arguments, cwd=self.folder, env=self.environment)  # fmt: skip

    def builds(self):
        run(sys.executable, "-m", "venv", "--without-pip", self.folder / "venv")
        # Where the dpc of the build folder is tested, the wheel builds it itself, which is no work then.
        given = () if self.dpc == ROOT / "build/bin/dpc" else ("-C", f"cmake.define.DANSKIN_DPC={self.dpc}")
        self.pip("wheel", "--no-deps", "-w", self.folder, PACKAGE, *given)
        (self.wheel,) = self.folder.glob("*.whl")

    def is_for_every_python_3(self):
        assert "-py3-none-linux_" in self.wheel.name, self.wheel.name

    def carries_no_tests_and_no_caches(self):
        names = zipfile.ZipFile(self.wheel).namelist()
        assert not [name for name in names if "__pycache__" in name or "test" in pathlib.PurePath(name).parts]

    def is_used_outside_of_the_tree(self):
        self.pip("install", self.wheel)
        run(self.python, "-c", USE, cwd=self.folder, env=self.environment)

    def takes_the_oldest_numpy(self):
        run(sys.executable, "-m", "venv", "--without-pip", self.folder / "oldest")
        python = self.folder / "oldest/bin/python"
        self.pip("install", self.wheel, f"numpy=={OLDEST}", python=python)
        run(python, "-c", USE_OLDEST, OLDEST, cwd=self.folder, env=self.environment)

    def finds_its_libraries_by_origin(self):
        """Every library but the system's comes from the package, also those of libraries."""
        (dpc,) = self.folder.glob("venv/lib/python*/site-packages/danskin/bin/dpc")
        resolved = [line.split() for line in run("ldd", dpc, env=self.environment).splitlines()]
        foreign = [words for words in resolved if not pathlib.PurePath(words[0]).name.startswith(SYSTEM)
                   and not (len(words) > 2 and pathlib.Path(words[2]).resolve().is_relative_to(dpc.parents[1].resolve()))]
        assert not foreign, foreign

    def gives_way_to_an_editable_install(self):
        self.pip("uninstall", "-y", "danskin")
        self.pip("install", "-e", PACKAGE)
        environment = dict(self.environment, DANSKIN_DPC=str(self.dpc))
        found = run(self.python, "-c", "import danskin; print(danskin.__file__); danskin.zoo.dtw.numpy([[1.0]], [[2.0]])",
                    cwd=self.folder, env=environment)  # fmt: skip
        assert pathlib.Path(found.splitlines()[0]) == PACKAGE / "danskin/__init__.py", found


def results(dpc):
    with tempfile.TemporaryDirectory() as folder:
        wheel = Wheel(pathlib.Path(folder), dpc)
        for check in (wheel.builds, wheel.is_for_every_python_3, wheel.carries_no_tests_and_no_caches,
                      wheel.is_used_outside_of_the_tree, wheel.takes_the_oldest_numpy,
                      wheel.finds_its_libraries_by_origin,
                      wheel.gives_way_to_an_editable_install):  # fmt: skip
            try:
                check()
                yield check.__name__, ""
            except (AssertionError, OSError, ValueError) as reason:
                yield check.__name__, str(reason) or "an assertion fails"


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
