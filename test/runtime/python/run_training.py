#!/usr/bin/env python3
"""examples/train-ddp on several processes and devices: gradients are those of one
process, and the loss falls."""

import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "test/lib"))
import driver  # noqa: E402

EXAMPLE = ROOT / "examples/train-ddp"
DIFFERENCE = re.compile(r"^step \d+: gradient differs by (\S+?)(?:, curvature by (\S+))?$", re.M)
LOSS = re.compile(r"^step \d+: loss (\S+)$", re.M)
STEPS = 31
TOLERANCE = 1e-6
# Of one training: a busy machine takes minutes, and what hangs does so for ever.
LIMIT = 900
FOUR = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}


def get_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def judge(text):
    """What is wrong with the output of a trainer."""
    differences = [float(each) for found in DIFFERENCE.findall(text) for each in found if each]
    losses = [float(each) for each in LOSS.findall(text)]
    if len(DIFFERENCE.findall(text)) != STEPS or len(losses) < 2:
        return f"it printed {text[-1000:]}"
    if not max(differences) <= TOLERANCE:
        return f"gradients or curvatures differ by {max(differences)}"
    return "" if losses[-1] < 0.5 * losses[0] else f"the loss went from {losses[0]} to {losses[-1]}"


def end(process):
    """torchrun ends its workers when it is asked to end, not when it is killed."""
    process.terminate()
    try:
        return process.communicate(timeout=60)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


def run(commands, environment):
    """Runs commands side by side; judges what the first says."""
    deadline = time.monotonic() + LIMIT
    processes = [subprocess.Popen([*map(str, command)], env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True) for command in commands]  # fmt: skip
    try:
        texts = [process.communicate(timeout=max(0, deadline - time.monotonic()))[0] for process in processes]
    except subprocess.TimeoutExpired:
        return f"it does not end in {LIMIT} s: " + "; ".join(end(process)[-1000:] for process in processes)
    failed = [text[-1500:] for process, text in zip(processes, texts) if process.returncode]
    return failed[0] if failed else judge(texts[0])


def trainings():
    """(name, commands, environment)."""
    options = ["--steps", STEPS, "--check", "--float64"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2]
    yield "torch.2 processes", [[*torchrun, EXAMPLE / "train_torch.py", *options]], {}
    jax = [sys.executable, EXAMPLE / "train_jax.py", *options]
    for way in ("jit", "shard_map"):
        yield f"jax.4 devices.{way}", [[*jax, "--way", way]], FOUR
    port = get_port()
    many = [[*jax, "--coordinator", f"127.0.0.1:{port}", "--processes", 2, "--process", k] for k in range(2)]
    yield "jax.2 processes", many, {}


def refusals():
    """(name, command, environment, what it must say)."""
    command = [sys.executable, EXAMPLE / "train_torch.py"]
    none = "--backend nccl wants a GPU for each process, but PyTorch finds none here"
    yield "nccl without a GPU", [*command, "--backend", "nccl"], {"CUDA_VISIBLE_DEVICES": ""}, none
    alone = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(get_port())}
    yield "no batch", [*command, "--batch", "0"], alone, "--batch 0 is not a positive multiple of 1 processes"


def refuse(command, environment, message):
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, timeout=LIMIT)
    return "" if done.returncode == 2 and message in done.stderr else f"{done.returncode}: {done.stderr[-1000:]}"


def results(dpc):
    with tempfile.TemporaryDirectory() as cache:
        common = {**os.environ, "DANSKIN_DPC": str(dpc), "DANSKIN_CACHE": cache,
                  "PYTHONPATH": str(ROOT / "runtime/python"), "OMP_NUM_THREADS": "1"}  # fmt: skip
        for name, commands, environment in trainings():
            yield name, run(commands, {**common, **environment})
        for name, command, environment, message in refusals():
            yield f"torch.{name}", refuse(command, {**common, **environment}, message)


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
