#!/usr/bin/env python3
"""What ptxas makes of the kernels of every example, for two GPUs: it takes them,
keeps no more on a thread's stack than a few words, and its registers let a block
of the size that the runtime asks for run. Needs ptxas, but no GPU."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "lib"))
import cuda  # noqa: E402
import driver  # noqa: E402

ARCHS = ("sm_80", "sm_90")
REGISTERS = 65536 // 256  # of a multiprocessor, for the threads of one block
# ptxas gives registers up so that more blocks run at once, which is faster.
STACK = 256  # bytes a thread
SPILLS = 1024  # bytes a thread that all stores and loads in the code move


def assemble(dpc, ptxas, program, arch):
    """(what failed, ptxas' report)"""
    try:
        texts = cuda.compile_ptx(dpc, program, arch, "--float=f32,f64")
    except RuntimeError as error:
        return str(error), ""
    with tempfile.TemporaryDirectory() as folder:
        ptx = pathlib.Path(folder, "kernels.ptx")
        report = ""
        for text in texts:
            ptx.write_text(text)
            done = subprocess.run([ptxas, "-v", f"-arch={arch}", ptx, "-o", os.devnull], capture_output=True, text=True)
            if done.returncode:
                return done.stderr or done.stdout, ""
            report += done.stderr + done.stdout
        return "", report


def read_kernels(report):
    """(kernel, registers, bytes on the stack, bytes spilled)"""
    for part in report.split("Compiling entry function ")[1:]:
        name = part.split("'")[1]
        stack, stores, loads = map(int, re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, "
                                                  r"(\d+) bytes spill loads", part).groups())  # fmt: skip
        yield name, int(re.search(r"Used (\d+) registers", part)[1]), stack, stores + loads


def results(dpc):
    ptxas = cuda.find_ptxas()
    if not ptxas:
        yield "ptxas", "it is not there; test/lib/hosts.txt brings it"
        return
    cases = [(program, arch) for program in sorted(ROOT.glob("examples/*/*.dp")) for arch in ARCHS]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [pool.submit(assemble, dpc, ptxas, *case) for case in cases]
        for (program, arch), task in zip(cases, tasks):
            wrong, report = task.result()
            kernels = list(read_kernels(report))
            if wrong or not kernels:
                yield f"{program.stem} {arch}", wrong[-1500:] or "no kernels"
            for name, registers, stack, spilled in kernels:
                why = f"{registers} registers" if registers > REGISTERS else ""
                if spilled > SPILLS or stack > STACK:
                    why = f"{stack} bytes on the stack, {spilled} spilled"
                yield f"{name} {arch}", why


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
