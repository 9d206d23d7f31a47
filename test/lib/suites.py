#!/usr/bin/env python3
"""Runs the suites of test/ and adds up what they report.

A suite is a function from options, what it skips and where it writes to an
iterable of Tally. Drivers are programs named test/**/run_*.py: they take
`--dpc PATH`, print what fails as `FAIL: name`, and end in `N passed, N failed`.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time
from shutil import which

import cuda
from driver import SUMMARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEST = ROOT / "test"
SKIPS = TEST / "skips.txt"


class Tally:
    """Passed and failed tests of one suite, and the names of the failed."""

    def __init__(self, passed=0, failed=0, names=()):
        self.passed, self.failed, self.names = passed, failed, list(names)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.names += other.names


def read_skips():
    """{suite: {name: reason}} of test/skips.txt."""
    skips = {}
    for line in SKIPS.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        test, _, reason = line.partition(" ")
        suite, _, name = test.partition(":")
        if not name or not reason.strip():
            sys.exit(f"{SKIPS}: `{line}` is not `SUITE:NAME  reason`")
        skips.setdefault(suite, {})[name] = reason.strip()
    return skips


def googletest(name, program, report, skips, environment=(), folder=None):
    """One GoogleTest program, run once. A test that skips itself has to stand in
    `skips`, like one that is not run."""
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    environment = dict(os.environ, **dict(environment), GTEST_OUTPUT=f"json:{report}", GTEST_BRIEF="1")
    if skips:
        environment["GTEST_FILTER"] = "-" + ":".join(skips)
    status = subprocess.run([program], env=environment, cwd=folder).returncode
    if not report.exists():
        return Tally(0, 1, [f"{name}: exit status {status}, no report"])
    results = json.loads(report.read_text())
    failed, disabled = [], results.get("disabled", 0)
    for suite in results["testsuites"]:
        for case in suite["testsuite"]:
            test = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                failed.append(test)
            elif case.get("skipped") or case.get("result") == "SKIPPED":
                failed.append(f"{test}: skipped, and not in {SKIPS.name}")
    if status and not failed:
        failed = [f"{name}: exit status {status}"]
    return Tally(max(0, results["tests"] - len(failed) - disabled), len(failed), failed)


def unit(options, skips, write):
    """GoogleTest programs that ctest knows, each run once."""
    listing = subprocess.run(["ctest", "--test-dir", options.build, "--show-only=json-v1"],
                             check=True, capture_output=True, text=True).stdout  # fmt: skip
    commands = {}
    for test in json.loads(listing)["tests"]:
        if "command" in test:
            commands.setdefault(test["command"][0], test)
        else:
            yield Tally(0, 1, [f"{test['name']}: not built"])
    for program, test in commands.items():
        name = pathlib.Path(program).name
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        yield googletest(name, program, options.build / "test" / f"{name}.json", skips,
                         folder=properties.get("WORKING_DIRECTORY"))  # fmt: skip


def lit(options, skips, write):
    """The files with RUN: lines."""
    prefix = subprocess.check_output(["llvm-config-19", "--prefix"], text=True).strip()
    packaged = pathlib.Path(prefix, "build/utils/lit/lit.py")
    runner = [packaged] if packaged.exists() else ["-m", "lit.main"]
    folders = [f for f in ("frontend", "dialects", "analysis", "schedule", "transforms", "conversion", "target",
                           "stages", "diagnostics", "hostile", "tools") if (TEST / f).is_dir()]  # fmt: skip
    report = options.build / "test" / "lit.json"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    subprocess.run([sys.executable, *runner, "-q", "-v", f"-j{options.jobs}", "--timeout=120", "--allow-empty-runs",
                    "--param", f"build={options.build}", "-o", report, *(TEST / f for f in folders)],
                   stderr=subprocess.STDOUT)  # fmt: skip
    if not report.exists():
        yield Tally(0, 1, ["lit did not run"])
        return
    for test in json.loads(report.read_text())["tests"]:
        name = test["name"].removeprefix("danskin :: ")
        if name in skips:
            continue
        good = test["code"] in ("PASS", "XFAIL")
        skipped = test["code"] in ("UNSUPPORTED", "EXCLUDED")
        yield Tally(good, not good, [] if good else [f"{name}: skipped, and not in {SKIPS.name}" if skipped else name])


# How kernels are compiled for each sanitizer. A group of lanes is one task, and
# batches of `dpc test` are no larger: threads meet without lanes.
INSTRUMENTED = {"asan": ["--sanitize=address", "--lanes=2"], "tsan": ["--sanitize=thread", "--lanes=1"]}
# The compiler, which the sanitizer's runtime joins at its start, keeps some memory
# to the end; the runtime must leave nothing behind.
RUNTIME_OPTIONS = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
KERNEL_OPTIONS = {"ASAN_OPTIONS": "detect_leaks=0"}


def sanitizers(options, skips, write):
    """The runtime under AddressSanitizer, UBSan and ThreadSanitizer, and kernels under the first and the last."""
    for preset, instrument in INSTRUMENTED.items():
        folder = ROOT / f"build-{preset}"
        launchers = [f"-DCMAKE_{language}_COMPILER_LAUNCHER=ccache" for language in ("C", "CXX")]
        subprocess.run(["cmake", "--preset", preset, "--log-level=WARNING", *(launchers if which("ccache") else [])],
                       cwd=ROOT, stdout=subprocess.DEVNULL)  # fmt: skip
        write(f"building build-{preset}\n")
        subprocess.run(["ninja", "-C", folder, "-k0", "RuntimeTests"], stdout=subprocess.DEVNULL)
        skipped = [name.removeprefix(f"{preset}.") for name in skips if name.startswith(f"{preset}.")]
        program = folder / "bin" / "RuntimeTests"
        if program.exists():
            tally = googletest("RuntimeTests", program, folder / "test" / "RuntimeTests.json", skipped, RUNTIME_OPTIONS)
            yield Tally(tally.passed, tally.failed, [f"{preset}.{test}" for test in tally.names])
        else:
            yield Tally(0, 1, [f"{preset}.RuntimeTests: not built"])
        environment = {**KERNEL_OPTIONS, "LD_PRELOAD": library_of(preset)}
        dpc = options.build / "bin" / "dpc"
        paths = [path for path in sorted(ROOT.glob("examples/*/*.dp")) if path.stem not in skipped]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            yield from pool.map(lambda path: sanitized_kernels(f"{preset}.{path.stem}", dpc, path, instrument, environment),
                                paths)  # fmt: skip


def library_of(preset):
    """The path of GCC's lib{preset}.so."""
    return subprocess.check_output(["gcc", f"-print-file-name=lib{preset}.so"], text=True).strip()


def sanitized_kernels(name, dpc, path, instrument, environment):
    """`dpc test` of a program, its kernels instrumented."""
    done = subprocess.run([dpc, "test", path, "-O1", "--instances=4", "--reg=entropy", *instrument],
                          env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)  # fmt: skip
    if done.returncode:
        print(f"{name}:", done.stdout[-4000:], sep="\n")
    return Tally(done.returncode == 0, done.returncode != 0, [name] if done.returncode else [])


def driver(path):
    """The suite that one run_*.py is."""

    def run(options, skips, write):
        command = [sys.executable, path, "--dpc", options.build / "bin" / "dpc"]
        tally = None
        names = []
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                found = SUMMARY.match(line)
                if found:
                    tally = Tally(int(found[1]), int(found[2]))
                    continue
                write(line)
                if line.startswith("FAIL: "):
                    names.append(line[6:].strip())
        # What stands after the name is the reason.
        skipped = [name for name in names if name.partition(": ")[0] in skips]
        names = [name for name in names if name not in skipped]
        if tally is None:
            yield Tally(0, 1, names or [f"exit status {process.returncode}"])
            return
        if process.returncode and not tally.failed:
            tally.failed += 1
            names.append(f"exit status {process.returncode}")
        yield Tally(tally.passed, tally.failed - len(skipped), names)

    run.__doc__ = f"{path.relative_to(ROOT)}"
    return run


# What says soonest that something is wrong, one after the other, before all else.
FIRST = ("style", "unit", "lit")
# What keeps all cores busy by itself, or watches how long things take: nothing
# runs beside it. Of the others there are as many as cores.
ALONE = ("calls", "devices", "growth", "mutants", "ptx", "random", "sanitizers", "slots")


def all_suites():
    """{name: suite} in the order in which they start."""
    drivers = {path.stem.removeprefix("run_"): driver(path) for path in sorted(TEST.glob("**/run_*.py"))}
    suites = {"unit": unit, "lit": lit, "sanitizers": sanitizers, **drivers}
    others = [name for name in drivers if name not in FIRST + ALONE]
    return {name: suites[name] for name in (*FIRST, *others, *ALONE)}


def write_now(text):
    print(text, end="", flush=True)


def run_suite(name, suite, options, skips, write):
    """Runs a suite. Returns its Tally."""
    write(f"\n--- {name}\n")
    started = time.monotonic()
    tally = Tally()
    for part in suite(options, skips.get(name, {}), write):
        tally.add(part)
    write(f"--- {name}: {tally.passed} passed, {tally.failed} failed [{time.monotonic() - started:.0f}s]\n")
    return Tally(tally.passed, tally.failed, [f"{name}:{test}" for test in tally.names])


def run_beside(name, suite, options, skips):
    """Runs a suite while others run: what it writes appears at its end."""
    lines = []
    tally = run_suite(name, suite, options, skips, lines.append)
    write_now("".join(lines))
    return tally


def run_suites(suites, options, skips):
    """Yields the Tally of each suite."""
    for name in FIRST:
        if name in suites:
            yield run_suite(name, suites.pop(name), options, skips, write_now)
    alone = {name: suites.pop(name) for name in ALONE if name in suites}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tasks = [pool.submit(run_beside, name, suite, options, skips) for name, suite in suites.items()]
        for task in concurrent.futures.as_completed(tasks):
            yield task.result()
    for name, suite in alone.items():
        yield run_suite(name, suite, options, skips, write_now)


def main():
    suites = all_suites()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=lambda p: pathlib.Path(p).resolve(), default=ROOT / "build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="name the suites and stop")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="default: all")
    options = parser.parse_args()
    if options.list:
        for name, suite in suites.items():
            print(f"{name:18} {suite.__doc__.splitlines()[0]}")
        return 0
    unknown = set(options.suites) - set(suites)
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(suites)}")

    if toolkit := cuda.find_toolkit():
        os.environ["CUDA_HOME"] = str(toolkit)
    skips = read_skips()
    total = Tally()
    for tally in run_suites({name: suites[name] for name in options.suites or suites}, options, skips):
        total.add(tally)
    print("\nskipped (test/skips.txt):", "none" if not skips else "")
    for suite, tests in skips.items():
        for test, reason in tests.items():
            print(f"  {suite}:{test}  {reason}")
    if total.names:
        print("\nfailed:", *(f"  {name}" for name in total.names), sep="\n")
    print(f"\n{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
