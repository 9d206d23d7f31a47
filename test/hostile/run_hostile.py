#!/usr/bin/env python3
"""Hostile input: every file is answered in 10 seconds and 512 MB, by exit status
0 or by 1 and an error with a code; nothing crashes, and nothing is written but
what `-o` names."""

import pathlib
import re
import resource
import subprocess
import sys
import tempfile

import cases

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import driver  # noqa: E402

SECONDS = 10
MEGABYTES = 512
CODE = re.compile(r"\[[EWR]\d{4}\]")


def tree(folder):
    return {p.relative_to(folder) for p in folder.rglob("*")}


def sanitized(dpc):
    """AddressSanitizer reserves terabytes: such a build gets no memory limit."""
    return b"__asan_init" in dpc.read_bytes()


class Runner:
    def __init__(self, dpc):
        self.dpc = dpc
        self.limited = not sanitized(dpc)

    def limits(self):
        # Resident memory cannot be limited; data, which is what a program
        # allocates, can.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if self.limited:
            resource.setrlimit(resource.RLIMIT_DATA, (MEGABYTES << 20, MEGABYTES << 20))

    def run(self, arguments, folder):
        """(exit status, output), 124 after SECONDS."""
        try:
            done = subprocess.run([self.dpc, *arguments], cwd=folder, capture_output=True, stdin=subprocess.DEVNULL,
                                  timeout=SECONDS, preexec_fn=self.limits)  # fmt: skip
        except subprocess.TimeoutExpired:
            return 124, ""
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def judge(self, case, folder):
        """Why the answer to a case is wrong; empty where it is right."""
        file = folder / case.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(case.content)
        for name, content in case.beside.items():
            (folder / name).write_bytes(content)
        before = tree(folder)
        for arguments in case.commands:
            status, output = self.run([a.replace("FILE", case.file) for a in arguments], folder)
            if status == 124:
                return f"no answer in {SECONDS} s to {' '.join(arguments)}"
            if status not in (0, 1):
                return f"exit status {status} for {' '.join(arguments)}: {output[-300:]}"
            if status == 1 and "error" not in output.lower():
                return f"failed without an error message: {' '.join(arguments)}"
            if case.code and not (status == 1 and f"[{case.code}]" in output):
                return f"expected {case.code}, found status {status}, {CODE.findall(output)}"
            if case.accepted and status:
                return f"refused: {output[:300]}"
            if case.writes is not None:
                written = {str(p) for p in tree(folder) - before}
                if not written <= set(case.writes):
                    return f"wrote {sorted(written - set(case.writes))}"
        return ""


def results(options):
    runner = Runner(options.dpc)
    for case in cases.all_cases():
        if options.only not in case.name:
            continue
        with tempfile.TemporaryDirectory() as outer:
            # A level down, so that `..` has somewhere to go that is looked at.
            folder = pathlib.Path(outer, "inner")
            folder.mkdir()
            why = runner.judge(case, folder)
            stray = tree(pathlib.Path(outer)) - {pathlib.Path("inner", p) for p in tree(folder)} - {pathlib.Path("inner")}
            if not why and stray:
                why = f"wrote {sorted(map(str, stray))} outside of its folder"
        yield case.name, why


def main():
    parser = driver.make_parser(__doc__)
    parser.add_argument("--only", default="", help="a part of the names of the cases to run")
    return driver.run(results(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
