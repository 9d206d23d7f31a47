#!/usr/bin/env python3
"""Calls as hosts make them: batches that fill lanes of vectors and leave a
remainder, lengths, layouts, threads, inputs for all instances at once, and
numbers that are ties, absent, huge, tiny or no numbers.

What a call gives for an instance must have the bits that it has alone. What it
has alone is compared with the reference interpreter.
"""

import concurrent.futures
import functools
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "lib"))
import driver  # noqa: E402
from kernels import NAMES, Program  # noqa: E402
from subjects import SUBJECTS, program  # noqa: E402

# Lanes are 4, 8 or 16: batches below, at and above, with a remainder.
BATCHES = (1, 2, 3, 7, 17, 40)
THREADS = (1, 2, 7)
BUILDS = (("hard", "f32"), ("entropy", "f32"), ("entropy", "f64"), ("l2", "f64"))
# As a share of the largest magnitude of a result. Kernels of f32 under entropy compute in single precision.
TOLERANCE = {"f32": 2e-5, "f64": 1e-9}
UNTOUCHED = 77


def odd(array):
    """The same values, backwards in memory and with gaps that hold UNTOUCHED."""
    if not array.ndim:
        return array
    around = np.full([2 * n + 1 for n in array.shape], UNTOUCHED, array.dtype)
    view = around[tuple(slice(1, 2 * n + 1, 2) for n in array.shape)][::-1]
    view[...] = array
    return view


def gaps_untouched(view):
    if view.base is None:
        return True
    values = view.copy()
    view[...] = UNTOUCHED
    untouched = (view.base == UNTOUCHED).all()
    view[...] = values
    return untouched


def garbage(shape, dtype):
    return np.full(shape, UNTOUCHED, dtype)


class Kernels:
    """The entries of a subject in one build, and how to call them."""

    def __init__(self, subject, dpc, reg, dtype, flags=("-O1",)):
        self.subject, self.reg, self.dtype = subject, reg, dtype
        self.wrt = (f"--wrt={subject.wrt}",) if subject.wrt else ()
        self.regularizer = (f"--reg={reg}",) if reg != "own" else ()
        self.library = Program(subject.path, dpc=dpc, flags=(*flags, *self.wrt, *self.regularizer), float=dtype)
        self.entries = list(self.library.entries)
        # hvp takes whatever the other entries take.
        self.inputs = {each["name"]: each for each in self.library.entries["hvp"]["inputs"]}
        self.shared = [name for name, each in self.inputs.items() if each["shared"]]
        self.free = [n for n in subject.sizes if not any(n in " ".join(e["shape"]) for e in self.inputs.values()
                                                         if not e["name"].startswith(("ct.", "dir.")))]  # fmt: skip

    def instance(self, draw, sizes):
        """Inputs of one instance, cotangents, directions and gamma among them."""
        made = self.subject.make(draw, sizes)
        for name, each in self.inputs.items():
            shape = [eval(extent, {}, sizes) for extent in each["shape"]]
            if name == "gamma":
                made[name] = np.exp(0.5 * draw.normal())
            elif name not in made:
                made[name] = draw.normal(size=shape)
            made[name] = np.asarray(made[name], NAMES[each["type"]]).reshape(shape)
        return made

    def call(self, entry, inputs, sizes, **options):
        """{output: array} of one call; its workspace begins as NaNs and is not left."""
        given = {name: sizes[name] for name in self.free}
        prepared = self.library.prepare(entry, inputs, given, empty=options.pop("empty", garbage), **options)
        prepared.memory[:] = 0xFF
        outputs = prepared()
        assert (prepared.memory[prepared.call.workspace_bytes :] == 0xFF).all(), "writes behind the workspace"
        return outputs

    def alone(self, entry, instances, sizes):
        return [self.call(entry, each, sizes) for each in instances]


def stacked(instances, same=()):
    """A batch; the inputs in `same` stand once for all instances."""
    return {name: instances[0][name] if name in same else np.stack([each[name] for each in instances])
            for name in instances[0]}  # fmt: skip


def same_bits(batch, singles, summed=()):
    """The outputs in which an instance of a batch differs from the instance alone."""

    def same(name):
        pairs = zip(batch[name], singles, strict=True)
        return all(np.array_equal(one, alone[name], equal_nan=True) for one, alone in pairs)

    return [name for name in batch if name not in summed and not same(name)]


def difference(found, expected, tolerance, scale):
    """By how much two arrays differ, where it is too much; otherwise None. NaNs and infinities have to agree."""
    found, expected = np.asarray(found, "f8"), np.asarray(expected, "f8")
    finite = np.isfinite(expected)
    if not np.array_equal(found[~finite], expected[~finite], equal_nan=True):
        return "not finite elsewhere"
    gap = np.abs(found[finite] - expected[finite]).max(initial=0)
    largest = max(scale, np.abs(expected[finite]).max(initial=0))
    return None if gap <= tolerance * largest else f"{gap:.3g} of {largest:.3g}"


# --------------------------------------------------------------------- checks
#
# Each takes Kernels and a random generator and yields (name, why it fails or "").


def batches(k, draw):
    """Every batch has the bits of its instances, in any company, on any threads and in any layout."""
    sizes = k.subject.largest()
    instances = [k.instance(draw, sizes) for _ in range(max(BATCHES))]
    order = draw.permutation(max(BATCHES))[:17]
    for entry in k.entries:
        singles = k.alone(entry, instances, sizes)
        for count in BATCHES:
            found = k.call(entry, stacked(instances[:count]), sizes)
            yield f"{entry}.batch-{count}", ", ".join(same_bits(found, singles[:count]))
        found = k.call(entry, stacked([instances[b] for b in order]), sizes)
        yield f"{entry}.company", ", ".join(same_bits(found, [singles[b] for b in order]))
        for threads in THREADS:
            found = k.call(entry, stacked(instances), sizes, threads=threads)
            yield f"{entry}.threads-{threads}", ", ".join(same_bits(found, singles))
        layout = {name: odd(a.astype("i4") if a.dtype.kind == "i" else a) for name, a in stacked(instances).items()}
        found = k.call(entry, layout, sizes, threads=2, empty=lambda s, d: odd(garbage(s, d)))
        yield f"{entry}.layout", ", ".join(same_bits(found, singles))
        yield f"{entry}.gaps", ", ".join(name for name, view in found.items() if not gaps_untouched(view))
        repeated = {name: np.broadcast_to(a, (19, *a.shape)) for name, a in instances[0].items()}
        yield f"{entry}.stride-0", ", ".join(same_bits(k.call(entry, repeated, sizes), singles[:1] * 19))


def shared(k, draw):
    """Gradients in an input that stands once are sums over the batch, in one order for all threads."""
    names = k.shared or [name for name in k.inputs if name in k.subject.make(draw, k.subject.largest())][-1:]
    names += [name for name in ("gamma",) if f"dir.{name}" in k.inputs]
    names = [*names, *(f"dir.{name}" for name in names)]
    sizes = k.subject.largest()
    instances = [k.instance(draw, sizes) for _ in range(40)]
    for each in instances[1:]:
        each.update((name, instances[0][name]) for name in names if name in each)
    for entry in k.entries:
        singles = k.alone(entry, instances, sizes)
        summed = [o["name"] for o in k.library.entries[entry]["outputs"] if o.get("batched_like") in names]
        for count in (3, 17, 40):
            calls = [k.call(entry, stacked(instances[:count], names), sizes, threads=t) for t in THREADS]
            yield f"{entry}.shared-{count}", ", ".join(same_bits(calls[0], singles[:count], summed))
            apart = [name for name in calls[0] if any(not np.array_equal(calls[0][name], c[name]) for c in calls)]
            yield f"{entry}.shared-{count}.threads", ", ".join(apart)
            for name in summed:
                parts = np.array([each[name] for each in singles[:count]], "f8")
                why = difference(calls[0][name], parts.sum(0), TOLERANCE[k.dtype], np.abs(parts).sum(0).max(initial=0))
                yield f"{entry}.shared-{count}.{name}", why or ""


def ragged(k, draw):
    """Padding, whatever it holds, changes nothing, and its results are exactly 0."""
    most = k.subject.largest()
    lengths = [k.subject.draw_sizes(draw) for _ in range(18)] + [most]
    instances = [k.instance(draw, sizes) for sizes in lengths]
    padded = []
    for each in instances:
        padded.append({})
        for name, array in each.items():
            shape = [eval(extent, {}, most) for extent in k.inputs[name]["shape"]]
            padded[-1][name] = np.full(shape, 10**6 if array.dtype.kind == "i" else np.nan, array.dtype)
            padded[-1][name][tuple(map(slice, array.shape))] = array
    limits = {name: np.array([sizes[name] for sizes in lengths]) for name in most}
    for entry in k.entries:
        found = k.call(entry, stacked(padded), most, lengths=limits, threads=2)
        wrong = set()
        for b, (each, sizes) in enumerate(zip(instances, lengths)):
            for name, expected in k.call(entry, each, sizes).items():
                room = np.array(found[name][b])
                if name == "argmax":
                    # Rows that a path has not are marked as such.
                    expected = expected[: found["argmax.length"][b]]
                    room = room[: len(expected)]
                inside = tuple(map(slice, expected.shape))
                if not np.array_equal(room[inside], expected, equal_nan=True):
                    wrong.add(name)
                room[inside] = 0
                if room.any():
                    wrong.add(f"{name} in the padding")
        yield f"{entry}.ragged", ", ".join(sorted(wrong))


def cotangents(k, draw):
    """Twice the cotangent is twice the gradient, to the bit."""
    sizes = k.subject.largest()
    instances = [k.instance(draw, sizes) for _ in range(9)]
    scaled = [{name: -4 * a if name.startswith("ct.") else a for name, a in each.items()} for each in instances]
    for entry in ("value_grad", "hvp"):
        before, after = (k.call(entry, stacked(each), sizes) for each in (instances, scaled))
        wrong = [name for name in before if name.startswith({"value_grad": "grad.", "hvp": "hvp."}[entry])
                 and not np.array_equal(-4 * before[name], after[name])]  # fmt: skip
        yield f"{entry}.cotangent", ", ".join(wrong)


def poisoned(k, draw):
    """A NaN in one instance leaves the others of its batch as they are."""
    sizes = k.subject.largest()
    instances = [k.instance(draw, sizes) for _ in range(17)]
    sick = [dict(each) for each in instances]
    name = next(name for name, each in k.inputs.items() if each["type"] == k.dtype)
    sick[5][name] = np.full_like(sick[5][name], np.nan)
    for entry in k.entries:
        healthy, found = ({name: np.delete(a, 5, 0) for name, a in k.call(entry, stacked(each), sizes).items()}
                          for each in (instances, sick))  # fmt: skip
        wrong = [name for name in found if not np.array_equal(healthy[name], found[name])]
        yield f"{entry}.poison", ", ".join(wrong)


def special(k, draw):
    """{name: an instance} whose numbers are ordinary, tied, absent, huge or tiny."""
    sizes = k.subject.largest()
    made = {}
    for name in ("plain", "ties", "mask-0.3", "mask-0.9", "huge", "tiny"):
        each = made[name] = k.instance(draw, sizes)
        for weight in k.subject.linear:
            value = each[weight]
            if name.startswith("mask"):
                value = np.where(draw.uniform(size=value.shape) < float(name[5:]), k.subject.zero, value)
            elif name == "ties":
                value = np.round(value)
            elif name != "plain":
                value = value * (1e30 if name == "huge" else 1e-39 if k.dtype == "f32" else 1e-310)
            each[weight] = value.astype(NAMES[k.dtype])
    return made if k.subject.linear else {"plain": made["plain"]}


def interpreted(dpc, k, batch, gamma, sizes, entries):
    """{output: array} of `dpc eval`."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [f"{name}={sizes[name]}" for name in k.free]
        for name, array in batch.items():
            if name != "gamma":
                np.save(f"{folder}/{name}.npy", array.astype("f8") if array.dtype.kind == "f" else array)
                key = name.replace("ct.", "ct:").replace("dir.", "dir:")
                arguments.append(f"{key}={folder}/{name}.npy")
        entries = ",".join(entry.replace("value_grad", "grad") for entry in entries)
        done = subprocess.run([dpc, "eval", k.subject.path, *arguments, *k.wrt, *k.regularizer, f"--gamma={gamma}",
                               "--float=f64", f"--entry={entries}", "-o", f"{folder}/out"],
                              capture_output=True, text=True)  # fmt: skip
        assert not done.returncode, done.stderr
        return {path.stem: np.load(path) for path in pathlib.Path(folder, "out").glob("*.npy")}


def numbers(k, draw, dpc):
    """The kernels agree with the interpreter on numbers of every kind."""
    sizes, gamma = k.subject.largest(), 0.75
    made = special(k, draw)
    for each in made.values():
        each["gamma"] = np.array(gamma)
    # dpc has one gamma for all, so the derivative in it is a sum.
    batch = stacked(list(made.values()), ("gamma", "dir.gamma"))
    expected = interpreted(dpc, k, batch, gamma, sizes, k.entries)
    for entry in k.entries:
        found = k.call(entry, batch, sizes)
        for b, kind in enumerate(made):
            # Where l2 is not smooth its second derivative hangs on the last bit.
            if kind == "ties" and k.reg == "l2" and entry == "hvp":
                continue
            wrong = []
            # The path is that of the hard program, and so is its value.
            compared = [name for name in found if entry != "argmax" or k.reg == "hard" or name.startswith("argmax")]
            for name in compared:
                scale = 0 if k.reg == "hard" and kind == "tiny" else 1
                at = (...) if name.endswith(".gamma") else (b,)
                if name == "argmax":
                    at = (b, slice(expected["argmax.length"][b]))
                why = difference(found[name][at], expected[name][at], TOLERANCE[k.dtype], scale)
                wrong += [f"{name}: {why}"] if why else []
            yield f"{entry}.{kind}", "; ".join(wrong)


def long(k, draw, dpc):
    """Sizes about the widths of vectors and of blocks."""
    first, gamma = next(iter(k.subject.sizes)), 0.75
    for n in (1, 15, 16, 17, 1023, 1024, 1025):
        sizes = {**k.subject.largest(), first: n}
        instances = [k.instance(draw, sizes) for _ in range(9)]
        for entry in ("value", "value_grad"):
            found = k.call(entry, stacked(instances), sizes, threads=2)
            yield f"{entry}.{first}-{n}", ", ".join(same_bits(found, k.alone(entry, instances, sizes)))
        batch = stacked([{**each, "gamma": np.array(gamma)} for each in instances[:3]])
        found, expected = k.call("value", batch, sizes), interpreted(dpc, k, batch, gamma, sizes, ["value"])
        wrong = [difference(found[name], expected[name], TOLERANCE[k.dtype], 1) for name in found]
        yield f"{first}-{n}", ", ".join(filter(None, wrong))


def unread(k, draw):
    """A NaN poisons what reads it and nothing else."""
    sizes = k.subject.largest()
    each = k.instance(draw, sizes)
    sick = {**each, "w": each["w"].copy()}
    sick["w"][2, 1] = np.nan
    for entry, outputs in (("value", ("best",)), ("value_grad", ("best", "grad.w")), ("hvp", ("best", "hvp.w"))):
        healthy, found = (k.call(entry, i, sizes) for i in (each, sick))
        wrong = [name for name in outputs if not np.array_equal(healthy[name][..., ::2], found[name][..., ::2])]
        yield f"{entry}.unread", ", ".join(wrong + ([] if np.isnan(found["best"][1]) else ["best[1] is a number"]))


def examine(subject, dpc, reg, dtype):
    """[(name, why)] of all checks of one subject in one build."""
    k = Kernels(subject, dpc, reg, dtype)
    checks = [batches, shared, ragged, cotangents, poisoned, functools.partial(numbers, dpc=dpc)]
    if subject.name in ("viterbi", "columns", "band"):
        checks.append(functools.partial(long, dpc=dpc))
    if subject.path == program("columns"):
        checks.append(unread)
    results = []
    for check in checks:
        try:
            results += check(k, np.random.default_rng(7))
        except (ValueError, AssertionError) as error:
            results.append((getattr(check, "func", check).__name__, str(error)))
    return [(f"{subject.name}.{reg}.{dtype}.{name}", why) for name, why in results]


def results(options):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [pool.submit(examine, subject, options.dpc, *build) for subject in SUBJECTS
                 if options.only in subject.name
                 for build in (*BUILDS, *((("own", "f32"), ("own", "f64")) if subject.own else ()))]  # fmt: skip
        for task in tasks:
            yield from task.result()


def main():
    parser = driver.make_parser(__doc__)
    parser.add_argument("--only", default="", help="a part of the names of the programs to call")
    return driver.run(results(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
