#!/usr/bin/env python3
"""Installs into a folder, moves the folder, and builds the examples that embed
libraries against it: with make and pkg-config, with CMake, static and shared."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXAMPLES = ROOT / "examples"
sys.path.insert(0, str(ROOT / "test/lib"))

import driver  # noqa: E402
from oracle import example, interpret  # noqa: E402

X, Y = np.array([[0.0], [1], [3], [1], [0]]), np.array([[0.0], [0], [1], [2], [3], [1], [0]])
CHAIN = {"emit": np.array([[1.0, 0], [0, 2], [1, 1]]), "trans": np.array([[0.5, 0], [0, 0.25]]),
         "start": np.array([0, 0.5])}  # fmt: skip


def run(*command, **options):
    """Standard output; what fails raises with all that was said."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def parse(text):
    """{name: values} of lines `name value`."""
    found = {}
    for line in text.splitlines():
        name, value = line.split()
        found.setdefault(name, []).append(float(value))
    return found


def differences(text, expected):
    found = parse(text)
    if set(found) != set(expected):
        return f"it printed {sorted(found)}, expected {sorted(expected)}"
    wrong = [name for name in expected if not np.allclose(found[name], np.ravel(expected[name]), rtol=1e-12)]
    return "; ".join(f"{name} is {found[name]}, expected {np.ravel(expected[name])}" for name in wrong)


class Tests:
    def __init__(self, dpc, folder):
        self.dpc, self.folder = dpc, folder
        # Installed there, used here.
        run("cmake", "--install", dpc.parents[1], "--prefix", folder / "first", "--component", "danskin")
        self.prefix = folder / "moved" / "danskin"
        self.prefix.parent.mkdir()
        shutil.move(folder / "first", self.prefix)
        self.environment = {**os.environ, "PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}
        dtw = interpret(example("dtw"), ["value", "grad"], {"x": X, "y": Y}, "entropy", 0.5, dpc=dpc)
        self.dtw = {"cost": dtw["cost"], "grad.x": dtw["grad.x"]}
        self.viterbi = {}
        for name, reg in (("score", "entropy"), ("optimum", "hard")):
            self.viterbi[name] = interpret(example("viterbi"), ["value"], CHAIN, reg, 0.5, dpc=dpc)["score"]

    def is_relocated(self):
        """Nothing installed names the folder it was installed into, or the checkout."""
        named = [path for path in self.prefix.rglob("*") if path.is_file() and path.name != "dpc"
                 and any(str(each).encode() in path.read_bytes() for each in (self.folder / "first", ROOT))]  # fmt: skip
        return ", ".join(map(str, named))

    def embeds_in_c(self, static):
        copy = self.folder / f"embed-c-{static}"
        shutil.copytree(EXAMPLES / "embed-c", copy)
        flags = ["STATIC=1"] if static else []
        run("make", "-C", copy, *flags, f"SPEC={EXAMPLES / 'dtw/dtw.dp'}", env=self.environment)
        return differences(run(copy / "align"), self.dtw)

    def configure(self, source, build, *options):
        run("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}", *options)
        run("cmake", "--build", build)

    def embeds_in_cmake(self, shared):
        build = self.folder / f"embed-cmake-{shared}"
        self.configure(EXAMPLES / "embed-cmake", build, f"-DBUILD_SHARED_LIBS={shared}")
        assert (build / ("libmodels.so" if shared == "ON" else "libmodels.a")).exists()
        expected = {f"dtw.{name}": each for name, each in self.dtw.items()}
        expected.update((f"viterbi.{name}", each) for name, each in self.viterbi.items())
        return differences(run(build / "embed"), expected)

    def builds_again(self):
        """A changed program is compiled again, and nothing else is."""
        source, build = self.folder / "again", self.folder / "again-build"
        shutil.copytree(HERE / "two", source)
        self.configure(source, build)
        before = run(build / "two")
        if "no work to do" not in run("cmake", "--build", build):
            return "it is built again though nothing has changed"
        spec = source / "two.dp"
        spec.write_text(spec.read_text().replace("x[i] + 1", "x[i] + 2"))
        run("cmake", "--build", build)
        after = run(build / "two")
        return differences(before, {"one": 8.0, "other": 3.0}) or differences(after, {"one": 11.0, "other": 3.0})

    def installs_on(self):
        """A project's own install has its library and the header."""
        target = self.folder / "project"
        run("cmake", "--install", self.folder / "again-build", "--prefix", target)
        missing = [name for name in ("lib/libtwo_models.so", "include/two.h") if not (target / name).exists()]
        return ", ".join(missing)

    def refuses(self):
        """Faulty calls of danskin_add_library end configuring with a reason."""
        for k, (arguments, reason) in enumerate({"m": "no .dp file", "m a.dp STATIC SHARED": "either STATIC or",
                                                 "m a.dp b/a.dp": "two files are called a"}.items()):  # fmt: skip
            source = self.folder / f"faulty{k}"
            source.mkdir()
            (source / "CMakeLists.txt").write_text(
                "cmake_minimum_required(VERSION 3.20)\nproject(faulty LANGUAGES C)\n"
                f"find_package(danskin CONFIG REQUIRED)\ndanskin_add_library({arguments})\n"
            )
            try:
                self.configure(source, source / "build")
            except RuntimeError as error:
                if reason not in " ".join(str(error).split()):
                    return f"danskin_add_library({arguments}): {error}"
                continue
            return f"danskin_add_library({arguments}) is not refused"
        return ""

    def all(self):
        yield "relocated", self.is_relocated
        yield "embed-c.shared", lambda: self.embeds_in_c(False)
        yield "embed-c.static", lambda: self.embeds_in_c(True)
        yield "embed-cmake.shared", lambda: self.embeds_in_cmake("ON")
        yield "embed-cmake.static", lambda: self.embeds_in_cmake("OFF")
        yield "rebuild", self.builds_again
        yield "install of a project", self.installs_on
        yield "faulty", self.refuses


def results(dpc):
    with tempfile.TemporaryDirectory() as folder:
        for name, test in Tests(dpc, pathlib.Path(folder)).all():
            try:
                yield name, test()
            except (RuntimeError, AssertionError) as error:
                yield name, str(error) or "an assertion fails"


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
