"""Loading, compiling, showing and shipping programs."""

import copy
import functools
import json
import multiprocessing
import os
import pathlib
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

import danskin
from danskin import cache, compiler

ROOT = pathlib.Path(__file__).resolve().parents[4]
TEXT = """dp 1
program p {{
  size N >= 1
  input x : float[N]
  output y = sum {{ {factor} * x[i] for i in 0..N }}
}}
"""


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("DANSKIN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def count_runs(monkeypatch):
    runs = []
    run = compiler.run_dpc
    monkeypatch.setattr(compiler, "run_dpc", lambda arguments, *rest: runs.append(arguments) or run(arguments, *rest))
    return runs


def test_a_file_is_compiled_once(fresh, monkeypatch):
    runs = count_runs(monkeypatch)
    (fresh / "p.dp").write_text(TEXT.format(factor=3))
    for _ in range(2):
        assert danskin.load(fresh / "p.dp").numpy([1.0, 2.0]) == 9
        assert danskin.load(str(fresh / "p.dp")).numpy.grad([1.0, 2.0], wrt="x").tolist() == [3, 3]
    assert len(runs) == 3  # a description, a value, a gradient


def test_options_and_text_tell_libraries_apart(fresh, monkeypatch):
    runs = count_runs(monkeypatch)
    for factor in (1, 2):
        for options in ({}, {"reg": "entropy"}, {"sizes": {"N": 2}}, {"flags": ("-O0",)}):
            assert danskin.compile(TEXT.format(factor=factor), **options).numpy([1.0, 2.0]) == 3 * factor
    assert len(runs) == 16
    with pytest.raises(ValueError, match="`x`: axis 0 is 3"):
        danskin.compile(TEXT.format(factor=1), sizes={"N": 2}).numpy([1.0, 2.0, 3.0])


def test_what_fails_leaves_nothing(fresh):
    for _ in range(2):
        with pytest.raises(danskin.CompileError):
            danskin.compile("dp 1\nprogram p { output y = z }")
    assert not [path for path in (fresh / "cache").rglob("*") if path.is_file() and path.name != "lock"]


def race(number):
    return float(danskin.compile(TEXT.format(factor=7)).numpy([1.0]))


def test_processes_that_compile_the_same(fresh):
    with multiprocessing.get_context("fork").Pool(6) as pool:
        assert pool.map(race, range(12)) == [7.0] * 12
    kept = [path for path in (fresh / "cache").rglob("*") if path.name in ("library.so", "programs.json")]
    assert len(kept) == 2
    assert not list((fresh / "cache").rglob("making-*"))


def test_clearing(fresh):
    program = danskin.compile(TEXT.format(factor=5))
    assert program.numpy([1.0]) == 5
    cache.clear()
    assert program.numpy([2.0]) == 10
    assert danskin.compile(TEXT.format(factor=5)).numpy([1.0]) == 5


def test_compile_errors():
    with pytest.raises(danskin.CompileError) as caught:
        danskin.compile("dp 1\nprogram p {\n  output y = z\n}", source="mine.dp")
    lines = str(caught.value).splitlines()
    assert lines[0] == "mine.dp:3:14: error: the name `z` is not declared [E0201]"
    assert lines[1].index("z") == lines[2].index("^")
    assert caught.value.diagnostics[0]["code"] == "E0201"
    assert isinstance(caught.value, ValueError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(danskin.CompileError, match="there is no regularizer `foo`"):
        danskin.zoo.load("dtw", reg="foo")
    with pytest.raises(danskin.CompileError, match="no program called `q`"):
        danskin.compile(TEXT.format(factor=1), program="q")
    with pytest.raises(ValueError, match="unknown option `--nope`"):
        danskin.compile(TEXT.format(factor=1), flags=("--nope",))
    with pytest.raises(FileNotFoundError):
        danskin.load("absent.dp")


def test_without_a_compiler(monkeypatch):
    monkeypatch.setenv("DANSKIN_DPC", "/nowhere/dpc")
    compiler.find_dpc.cache_clear()
    try:
        with pytest.raises(FileNotFoundError, match="no dpc at /nowhere/dpc"):
            danskin.compile(TEXT.format(factor=1))
    finally:
        compiler.find_dpc.cache_clear()


def test_pickling():
    program = danskin.zoo.load("dtw", "l2")
    other = pickle.loads(pickle.dumps(program))
    assert other.reg == "l2" and other.digest == program.digest
    x = np.arange(6.0).reshape(3, 2)
    assert other.numpy(x, x[::-1]) == program.numpy(x, x[::-1])
    assert len(pickle.dumps(program)) < 3000


def test_another_process_needs_the_pickle_only():
    blob = pickle.dumps(danskin.zoo.load("dtw", "entropy"))
    code = "import pickle, sys; print(float(pickle.load(sys.stdin.buffer).numpy([[1.]], [[3.]])))"
    done = subprocess.run([sys.executable, "-c", code], input=blob, stdout=subprocess.PIPE, check=True)
    assert float(done.stdout) == 4


def unpickled_elsewhere(blob, code):
    """What a process of its own prints of what it loads as `made`."""
    code = f"import pickle, sys; made = pickle.load(sys.stdin.buffer); print({code})"
    return subprocess.run([sys.executable, "-c", code], input=blob, stdout=subprocess.PIPE, check=True).stdout.decode()


@pytest.mark.parametrize("module", ["numpy", "torch", "jax"])
def test_hosts_are_copied_and_pickled(module):
    host = getattr(danskin.zoo.load("dtw", "l2"), module)
    bound = functools.partial(host, gamma=0.5)
    x, y = np.arange(6.0, dtype="f4").reshape(3, 2), np.ones((2, 2), "f4")
    if module == "torch":
        import torch

        x, y = torch.from_numpy(x), torch.from_numpy(y)
    for way in (copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))):
        other = way(host)
        assert type(other) is type(host) and other.program.digest == host.program.digest
        assert other is other.program._get_host(module, type(host).__name__)
        assert float(way(bound)(x, y)) == float(bound(x, y))
        assert float(way(host.grad)(x, y, wrt="gamma")) == float(host.grad(x, y, wrt="gamma"))
    program, again = copy.deepcopy((host.program, host))
    assert again.program is program
    found = unpickled_elsewhere(pickle.dumps(host), f"made.program.reg, made is made.program.{module}")
    assert found == "l2 True\n"


def test_results_are_copied_and_pickled():
    text = """dp 1
    program class { input x : float[N]  input lambda : float[N]  size N
      output total = sum { x[i] * lambda[i] for i in 0..N }  output each[i in 0..N] = x[i] }"""
    x = np.arange(3.0)
    calls = [lambda host: host(x, x), lambda host: host.grad(x, x), lambda host: host.grad(x, x, wrt=["x"]),
             lambda host: host.hvp(x, x, direction=(x, x)), lambda host: host.value_and_grad(x, x)[0]]  # fmt: skip
    # Of programs that are compiled twice, too.
    results = [[call(danskin.compile(text).numpy) for call in calls] for _ in range(2)]
    for one, other in zip(*results):
        assert type(one) is type(other)
        for way in (copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))):
            assert type(way(one)) is type(one) and repr(way(one)) == repr(one)
    assert len({type(each) for each in results[0]}) == 4  # a value is a value
    assert results[0][1]._fields == ("x", "lambda_")
    found = unpickled_elsewhere(pickle.dumps(results[0][0]), "type(made).__name__, float(made.total), made.each")
    assert found == "class_ 5.0 [0. 1. 2.]\n"


def test_the_zoo():
    shipped = {path.stem: path.read_text() for path in ROOT.glob("examples/*/*.dp")}
    assert set(danskin.zoo.names()) == set(shipped) and {"dtw", "ctc", "cky"} <= set(dir(danskin.zoo))
    for name, text in shipped.items():
        assert getattr(danskin.zoo, name).text == text
    with pytest.raises(AttributeError, match="has no `nothing`; it has"):
        danskin.zoo.nothing  # noqa: B018


def test_hosts_are_imported_when_they_are_used():
    code = """import sys, danskin
program = danskin.zoo.dtw
assert not {"torch", "jax", "matplotlib"} & set(sys.modules)
program.numpy([[1.0]], [[2.0]])
assert not {"torch", "jax", "matplotlib"} & set(sys.modules)"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_description():
    about = danskin.zoo.ctc.description
    assert about.program_class == "chain" and about.float_inputs == ("logp",)
    assert [str(each) for each in about.sizes] == ["T", "L", "V >= 1"]
    assert [str(each) for each in about.inputs] == ["logp : float[T, V]", "y : int[L] in 1..V"]
    assert danskin.zoo.dtw.description.differentiable == ("x", "y", "d", "gamma")
    assert danskin.zoo.valueiter.description.signature == "valueiter(R, P, discount, K=, gamma=1.0, lengths={})"
    for name in danskin.zoo.names():
        program = getattr(danskin.zoo, name)
        checked = subprocess.run([os.environ["DANSKIN_DPC"], "check", "-"], input=program.text.encode(),
                                 stdout=subprocess.PIPE, check=True).stdout.decode()  # fmt: skip
        assert f"cost: {program.description.cost} candidates" in checked


def test_text():
    shown = repr(danskin.zoo.load("dtw", "entropy"))
    for part in ("dtw(x, y, gamma=1.0, lengths={})", "x : float[N, K]", "N >= 1", "entropy", "chain", "N*M", "x, y, d"):
        assert part in shown


def test_picture():
    from xml.etree import ElementTree

    for name in danskin.zoo.names():
        program = getattr(danskin.zoo, name)
        page = program._repr_html_()
        (picture,) = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
        words = " ".join(each.text or "" for each in ElementTree.fromstring(picture).iter())
        for each in (*program.description.inputs, *program.description.tables, *program.description.outputs):
            assert each.name in words
    hostile = danskin.compile(TEXT.format(factor=1) + "# <script>\n")
    assert "<script>" not in hostile._repr_html_()


def test_versions_agree():
    project = (ROOT / "runtime/python/pyproject.toml").read_text()
    assert f'version = "{danskin.__version__}"' in project
    dpc = subprocess.run([os.environ["DANSKIN_DPC"], "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert dpc == f"dpc {danskin.__version__}\n"
    (entry,) = [danskin.zoo.dtw.entry("value")]
    assert json.dumps(entry.manifest)


def test_ranges_are_what_is_tested():
    """The package takes what the tests run in, and nothing older; of PyTorch what they are run in by hand."""
    project = (ROOT / "runtime/python/pyproject.toml").read_text()
    tested = "".join((ROOT / "test/lib" / name).read_text() for name in ("requirements.txt", "hosts.txt"))
    by_hand = (ROOT / "test/runtime/python/torch/run_torch.py").read_text()
    (oldest,) = re.findall(r"\btorch==(\d+\.\d+)", by_hand)
    assert f'"torch>={oldest}"' in project
    for name in ("numpy", "matplotlib", "jax"):
        (version,) = re.findall(rf"^{name}[=>]=(\S+)$", tested, re.MULTILINE)
        assert f'"{name}>={version}"' in project
