#!/usr/bin/env python3
"""Kernels on a GPU: are they right, and how fast are they?

    gpu.py prepare FOLDER    compiles, and asks the reference interpreter; needs dpc
    gpu.py run FOLDER        checks and times on this machine's GPU; needs PyTorch

The two may be different machines: FOLDER has all that `run` needs besides the
Python package. `prepare` needs no GPU.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import pickle
import shutil
import statistics
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "runtime" / "python"), str(ROOT / "test" / "lib"), str(ROOT / "test" / "semantics")]

import oracle  # noqa: E402
import subjects  # noqa: E402

# What the CPU does is not looked at.
FLAGS = ("-O0", "--lanes=1")
REGS = {"hard": ("value", "grad", "hvp", "argmax"), "entropy": ("value", "grad", "hvp"), "l2": ("value", "grad", "hvp")}
GROWTH = {"N": 5, "M": 5, "T": 7, "K": 2, "S": 3, "V": 5, "E": 6, "L": 3, "U": 5}
RAGGED = {"N", "M", "T", "L", "U"}
BATCH = 4


class Case:
    """One program with a batch of inputs of its own."""

    def __init__(self, subject):
        draw = np.random.default_rng(7)
        self.subject = subject
        self.path, self.name = subject.path, subject.path.stem
        graph = "E" in subject.sizes
        sizes = {name: most if self.name == "cky" else most * GROWTH.get(name, 1)
                 for name, (most, _) in subject.sizes.items()}  # fmt: skip
        parts = [subject.make(draw, sizes) for _ in range(BATCH)]
        self.inputs = {name: np.stack([np.asarray(part[name]) for part in parts]) for name in parts[0]}
        self.inputs = {name: array.astype("f4").astype("f8") if array.dtype.kind == "f" else array
                       for name, array in self.inputs.items()}  # fmt: skip
        self.lengths = {} if graph else {
            name: np.array([sizes[name], *draw.integers(max(1, least), sizes[name] + 1, BATCH - 1)])
            for name, (_, least) in subject.sizes.items() if name in RAGGED}  # fmt: skip
        known = {name: array.shape for name, array in self.inputs.items()}
        self.sizes = {"H": sizes["H"]} if "H" in sizes else {"K": sizes["K"]} if self.name == "valueiter" else {}
        if self.name == "band":
            self.sizes = {"W": sizes["W"]}
        self.directions = {f"dir.{name}": draw.normal(size=shape).astype("f4").astype("f8")
                           for name, shape in known.items() if self.inputs[name].dtype.kind == "f"}  # fmt: skip

    def expect(self, reg, query, dpc):
        given = {**self.inputs, **oracle.prefixed("len", self.lengths)}
        if query == "hvp":
            given.update(self.directions)
        wrt = [name.removeprefix("dir.") for name in self.directions]
        return oracle.interpret(self.path, [query], given, reg=reg, gamma=0.7, wrt=wrt, sizes=self.sizes, dpc=dpc)

    def program(self, reg):
        import danskin

        return danskin.load(self.path, reg=reg, flags=FLAGS)

    def entry(self, reg, query, dtype, target):
        return self.program(reg).entry(query, dtype, tuple(name.removeprefix("dir.") for name in self.directions),
                                       target)  # fmt: skip


def combinations():
    for reg, queries in REGS.items():
        for query in queries:
            yield reg, query, "f32"
            if reg == "entropy":
                yield reg, query, "f64"


def set_cache(folder):
    os.environ["DANSKIN_CACHE"] = str(folder / "cache")
    os.environ["DANSKIN_DPC"] = str(folder / "dpc")


def prepare(folder, target):
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(os.environ.get("DANSKIN_DPC", ROOT / "build" / "bin" / "dpc"), folder / "dpc")
    set_cache(folder)
    expected = {}

    def prepare_case(subject):
        case, begun = Case(subject), time.monotonic()
        for reg, query, dtype in combinations():
            if query not in case.program(reg).description.entries:
                continue
            key = case.name, reg, query
            if key not in expected:
                expected[key] = case.expect(reg, query, str(folder / "dpc"))
            case.entry(reg, query, dtype, target)
        print(f"{case.name}: {time.monotonic() - begun:.0f} s", flush=True)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(prepare_case, subjects.SUBJECTS))
    prepare_torch(target)
    for name, bench in BENCHES.items():
        for query in bench["queries"]:
            bench_entry(bench, query, target)
        print(name, flush=True)
    (folder / "expected.pickle").write_bytes(pickle.dumps(expected))


# ---- Is it right? ----------------------------------------------------------------------------------------------


def call(entry, arrays, lengths, sizes, gamma, dtype, device="cuda"):
    """{output: array} of an entry on the GPU, or by the CPU's kernels."""
    import torch
    from danskin.torch.kernels import run

    def send(name):
        if name == "gamma":
            return torch.tensor(gamma, dtype=torch.float64)
        array = arrays.get(name)
        if array is None:
            return None
        kind = {"f32": torch.float32, "f64": torch.float64}[dtype] if array.dtype.kind == "f" else torch.int64
        return torch.tensor(array, dtype=kind, device=device)

    tensors = [send(name) for name in entry.input_names]
    tensors += [torch.tensor(lengths[name], device=device) if name in lengths else None for name in entry.size_names]
    results = run(entry, tensors, tuple(sizes.get(name) for name in entry.size_names))
    return {name: each.cpu().numpy() for name, each in zip(entry.output_names, results)}


def compare(found, expected, dtype):
    """The largest error, relative to the largest element; infinite for another shape."""
    worst = 0.0
    for name, right in expected.items():
        mine = found[name]
        if mine.shape != right.shape:
            return float("inf")
        if mine.dtype.kind == "i":
            worst = max(worst, float(np.any(mine != right)))
            continue
        finite = np.isfinite(right)
        if not np.array_equal(mine[~finite], right[~finite].astype(mine.dtype), equal_nan=True):
            return float("inf")
        scale = max(1.0, np.abs(right[finite]).max(initial=0))
        worst = max(worst, float(np.abs(mine[finite] - right[finite]).max(initial=0)) / scale)
    return worst


def check(folder, target):
    expected = pickle.loads((folder / "expected.pickle").read_bytes())
    passed, failed, worst = 0, [], {"f32": 0.0, "f64": 0.0}
    for subject in subjects.SUBJECTS:
        case = Case(subject)
        for reg, query, dtype in combinations():
            right = expected.get((case.name, reg, query))
            if right is None:
                continue
            label = f"{case.name} {reg} {query} {dtype}"
            try:
                given = {**case.inputs, **(case.directions if query == "hvp" else {})}
                entry = case.entry(reg, query, dtype, target)
                found = call(entry, given, case.lengths, case.sizes, 0.7, dtype)
                if query == "argmax":
                    # Of paths that tie in this precision, the one that the CPU takes.
                    right = call(entry, given, case.lengths, case.sizes, 0.7, dtype, "cpu")
                error = compare(found, right, dtype)
            except Exception as problem:
                failed.append(f"{label}: {problem}")
                continue
            if error <= {"f32": 1e-4, "f64": 1e-9}[dtype]:
                passed += 1
                worst[dtype] = max(worst[dtype], error)
            else:
                failed.append(f"{label}: error {error:.3g}")
    failed += [*check_torch(target), *check_ints(target)]
    for line in failed:
        print("FAIL:", line)
    print(f"{passed} right, {len(failed)} wrong; "
          f"worst {worst['f32']:.2g} in f32, {worst['f64']:.2g} in f64", flush=True)  # fmt: skip
    return failed


# ---- Does PyTorch work with it? --------------------------------------------------------------------------------


def torch_program():
    import danskin

    return danskin.load(oracle.example("dtw"), reg="entropy", flags=FLAGS)


def prepare_torch(target):
    for query, wrt in (("value", ()), ("grad", ("x", "y")), ("hvp", ("x", "y"))):
        for each in ("", target):
            torch_program().entry(query, "f32", wrt, each)


def check_torch(target):
    """Yields what is wrong with derivatives, streams, graphs and errors."""
    import torch

    program = torch_program()
    torch.manual_seed(0)
    x, y = torch.randn(3, 20, 2), torch.randn(3, 17, 2)
    vx, vy = torch.randn_like(x), torch.randn_like(y)
    lengths = {"N": torch.tensor([20, 5, 1]), "M": torch.tensor([17, 17, 3])}

    def derive(device):
        a, b = (each.to(device).requires_grad_() for each in (x, y))
        cost = program.torch(a, b, gamma=0.5, lengths=lengths)
        first = torch.autograd.grad(cost.sum(), (a, b), create_graph=True)
        along = sum((g * v.to(device)).sum() for g, v in zip(first, (vx, vy)))
        return [cost, *first, *torch.autograd.grad(along, (a, b))]

    def differ(these, those):
        return max(float((a - b.to(a.device)).detach().abs().max()) for a, b in zip(these, those))

    on_cpu = derive("cpu")
    if differ(derive("cuda"), on_cpu) > 1e-4:
        yield "torch: derivatives differ from the CPU's"
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        found = derive("cuda")
    stream.synchronize()
    if differ(found, on_cpu) > 1e-4:
        yield "torch: derivatives on a side stream differ from the CPU's"

    a, b = x.cuda(), y.cuda()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        cost = program.torch(a, b, gamma=0.5)
    a.copy_(vx)
    graph.replay()
    torch.cuda.synchronize()
    if differ([cost], [program.torch(vx, y, gamma=0.5)]) > 1e-4:
        yield "torch: a replayed CUDA graph differs from the CPU"
    try:
        program.torch(a, y)
        yield "torch: tensors of two devices are taken"
    except ValueError as error:
        if "input `y` is on cpu" not in str(error):
            yield f"torch: two devices: {error}"
    long = program.torch(a, b, gamma=0.5, lengths={"N": torch.tensor([20, 21, 5])}).cpu()
    if not (long.isnan() == torch.tensor([False, True, False])).all():
        yield f"torch: a length beyond what is padded gives {long.tolist()}"


def check_ints(target):
    """Labels outside their range make their instance NaN and leave the others."""
    import torch

    case = next(Case(each) for each in subjects.SUBJECTS if each.path.stem == "ctc")
    entry = case.entry("entropy", "value", "f32", target)
    inputs = {name: array.copy() for name, array in case.inputs.items()}
    inputs["y"][1, 0] = 1 << 40
    found = call(entry, inputs, {}, {}, 1.0, "f32")["logprob"]
    if not np.array_equal(np.isnan(found), [False, True, False, False]):
        yield f"ctc: a label out of range gives {found.tolist()}"
    torch.cuda.synchronize()


# ---- How fast is it? -------------------------------------------------------------------------------------------

BENCH_PROGRAMS = ROOT / "test" / "bench" / "programs"
BENCHES = {
    "soft-DTW, costs given": dict(path=BENCH_PROGRAMS / "softdtw.dp", queries=("value", "grad", "hvp"), reg="entropy",
                                  shapes=[(64, {"N": 256, "M": 256}), (64, {"N": 1024, "M": 1024}),
                                          (1, {"N": 2048, "M": 2048}), (1024, {"N": 256, "M": 256})],
                                  cells=lambda n: n["N"] * n["M"]),
    "soft-DTW, features": dict(path=oracle.example("dtw"), queries=("value", "grad", "hvp"), reg="entropy",
                               shapes=[(64, {"N": 256, "M": 256, "K": 1}), (64, {"N": 1024, "M": 1024, "K": 8})],
                               cells=lambda n: n["N"] * n["M"]),
    "hard DTW and path": dict(path=oracle.example("dtw"), queries=("argmax",), reg="hard",
                              shapes=[(64, {"N": 256, "M": 256, "K": 1})], cells=lambda n: n["N"] * n["M"]),
    "CRF, shared transitions": dict(path=oracle.example("viterbi"), queries=("value", "grad"), reg="entropy",
                                    shapes=[(64, {"T": 512, "S": 32}), (1024, {"T": 512, "S": 32}),
                                            (64, {"T": 512, "S": 128})],
                                    cells=lambda n: n["T"] * n["S"] ** 2),
    "CRF, full potentials": dict(path=BENCH_PROGRAMS / "potentials.dp", queries=("value", "grad"), reg="entropy",
                                 shapes=[(64, {"T": 512, "S": 32})], cells=lambda n: n["T"] * n["S"] ** 2),
    "CTC": dict(path=oracle.example("ctc"), queries=("value", "grad"), reg="entropy",
                shapes=[(32, {"T": 150, "L": 40, "V": 28})], cells=lambda n: n["T"] * (2 * n["L"] + 1)),
    "Smith-Waterman": dict(path=oracle.example("sw"), queries=("value", "grad"), reg="hard",
                           shapes=[(256, {"N": 512, "M": 512, "Q": 24})], cells=lambda n: n["N"] * n["M"]),
    "CKY": dict(path=oracle.example("cky"), queries=("value", "grad"), reg="entropy",
                shapes=[(16, {"N": 40, "G": 16})], cells=lambda n: n["N"] ** 3 // 6 * n["G"] ** 3),
}  # fmt: skip


def bench_entry(bench, query, target):
    import danskin

    return danskin.load(bench["path"], reg=bench["reg"], flags=FLAGS).entry(query, "f32", None, target)


def random_inputs(entry, batch, sizes):
    import torch
    from danskin import extents

    torch.manual_seed(0)
    tensors = []
    for each in entry.inputs:
        shape = [extents.evaluate(text, sizes) for text in each["shape"]]
        if each["name"] == "gamma":
            tensors.append(torch.tensor(1.0, dtype=torch.float64))
        elif each["name"].startswith("ct."):
            tensors.append(None)
        elif each["type"] == "i64":
            top = sizes.get("V", sizes.get("Q", 2))
            tensors.append(torch.randint(1, top, (batch, *shape), device="cuda"))
        else:
            own = () if each["name"].removeprefix("dir.") in ("trans", "start", "sub", "open", "ext", "rule") else (batch,)
            tensors.append(torch.randn((*own, *shape), device="cuda"))
    return tensors + [None] * len(entry.sizes)


def median_time(function, repeats=20):
    """Seconds of a call on the GPU, by events."""
    import torch

    for _ in range(3):
        function()
    times = []
    for _ in range(repeats):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        function()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
        if sum(times) > 2:
            break
    return statistics.median(times)


def bench(target):
    from danskin.torch.kernels import run

    rows = []
    for name, each in BENCHES.items():
        for batch, sizes in each["shapes"]:
            for query in each["queries"]:
                entry = bench_entry(each, query, target)
                tensors = random_inputs(entry, batch, sizes)
                nothing = (None,) * len(entry.sizes)
                try:
                    seconds = median_time(lambda: run(entry, tensors, nothing))
                except Exception as problem:
                    print(f"{name} {query} B={batch} {sizes}: {problem}")
                    continue
                rate = batch * each["cells"](sizes) / seconds
                rows.append(dict(kernel=name, entry=query, batch=batch, sizes=sizes, seconds=seconds, cells_per_s=rate))
                shape = " ".join(f"{key}={size}" for key, size in sizes.items())
                print(f"{name:26} {query:7} B={batch:<5} {shape:20} {seconds * 1e3:9.3f} ms {rate:9.3g} cells/s",
                      flush=True)  # fmt: skip
    return rows


def peers():
    """What PyTorch has, in the same run."""
    import torch

    rows = []
    logp = torch.randn(150, 32, 28, device="cuda").log_softmax(-1).requires_grad_()
    labels = torch.randint(1, 28, (32, 40), device="cuda")
    limits = torch.full((32,), 150, device="cuda"), torch.full((32,), 40, device="cuda")

    def ctc():
        return torch.nn.functional.ctc_loss(logp, labels, *limits, reduction="sum")

    def scan(emit, trans):
        state = emit[:, 0]
        for t in range(1, emit.shape[1]):
            state = torch.logsumexp(state[:, :, None] + trans, 1) + emit[:, t]
        return torch.logsumexp(state, 1).sum()

    emit = torch.randn(64, 512, 32, device="cuda", requires_grad=True)
    trans = torch.randn(32, 32, device="cuda", requires_grad=True)
    big = torch.empty(1 << 29, dtype=torch.uint8, device="cuda")
    other = torch.empty_like(big)
    for name, function in {
        "torch ctc_loss, value": ctc,
        "torch ctc_loss, gradient": lambda: torch.autograd.grad(ctc(), logp),
        "torch scan, CRF S=32 B=64 T=512, value": lambda: scan(emit, trans),
        "torch scan, CRF S=32 B=64 T=512, gradient": lambda: torch.autograd.grad(scan(emit, trans), (emit, trans)),
        "a copy of 512 MiB": lambda: other.copy_(big),
    }.items():
        seconds = median_time(function, 10)
        rows.append(dict(kernel=name, seconds=seconds))
        print(f"{name:45} {seconds * 1e3:9.3f} ms", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("prepare", "run"))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--arch", default="sm_90")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="where the numbers go, as JSON")
    options = parser.parse_args()
    folder, target = options.folder.resolve(), f"cuda:{options.arch}"
    if options.command == "prepare":
        return prepare(folder, target)
    set_cache(folder)
    import torch

    print(torch.cuda.get_device_name(), "torch", torch.__version__, flush=True)
    failed = check(folder, target)
    rows = bench(target) + peers()
    if options.output:
        text = dict(device=torch.cuda.get_device_name(), date=time.strftime("%Y-%m-%d"), wrong=failed, rows=rows)
        options.output.write_text(json.dumps(text, indent=1) + "\n")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
