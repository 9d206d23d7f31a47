"""What a person may call says what it takes, what it gives and what it raises."""

import ast
import inspect
import re
import textwrap

import pytest

import danskin
from danskin import cache, plot, zoo
from danskin.host import Host
from danskin.jax import JaxHost
from danskin.numpy import NumpyHost
from danskin.paths import Argmax, Step
from danskin.torch import TorchHost

HOSTS = [Host, NumpyHost, TorchHost, JaxHost]
# Said once, for all of them.
EVERYWHERE = {plot: {"axes"}}
# Made by a person; hosts and solutions are made by calls.
MADE = (danskin.Program, danskin.CompileError)


def is_public(name, owner):
    return not name.startswith("_") or name == "__call__" or name == "__init__" and owner in MADE


def find_public():
    """{name: (object, what says more about it)}."""
    found = {f"danskin.{name}": (getattr(danskin, name), danskin) for name in danskin.__all__}
    for module in (cache, plot, zoo):
        for name, each in vars(module).items():
            if inspect.isfunction(each) and each.__module__ == module.__name__ and is_public(name, None):
                found[f"{module.__name__}.{name}"] = each, module
    for each in (*HOSTS, Argmax, Step, danskin.Program, danskin.CompileError):
        found[each.__name__] = each, None
        for name, member in vars(each).items():
            member = member.fget if isinstance(member, property) else member
            if inspect.isfunction(member) and is_public(name, each):
                found[f"{each.__name__}.{name}"] = member, each
    return found


PUBLIC = find_public()
FUNCTIONS = [name for name, (each, _) in PUBLIC.items() if inspect.isfunction(each)]


def text_of(name):
    """Its docstring, that of what it belongs to, and those that it refers to."""
    each, owner = PUBLIC[name]
    texts = [inspect.getdoc(each), inspect.getdoc(owner)]
    # A Program is made as `compile` makes it.
    texts.append(name == "Program.__init__" and text_of("danskin.compile"))
    for other in re.findall(r"as of `(\w+)`", texts[0] or ""):
        other = f"{name.rpartition('.')[0]}.{other}"
        texts.append(other in PUBLIC and inspect.getdoc(PUBLIC[other][0]))
    return "\n".join(filter(None, texts))


@pytest.mark.parametrize("name", PUBLIC)
def test_says_something(name):
    if not name.endswith(".__init__"):
        text = inspect.getdoc(PUBLIC[name][0])
        assert text and text[0].isupper() or text[0] in "({`", name
        assert text.rstrip()[-1] in ".:`", f"{name}: {text!r} does not end"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_its_parameters(name):
    """A parameter is explained there, in the class or the module, or in the function
    that the text refers to."""
    each, owner = PUBLIC[name]
    text = text_of(name)
    known = EVERYWHERE.get(owner, set()) | {"self", "inputs", "named_inputs"}
    missing = [parameter for parameter in inspect.signature(each).parameters
               if parameter not in known and not re.search(rf"\b{parameter}\b", text)]  # fmt: skip
    assert not missing, f"{name} does not say what {', '.join(missing)} is"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_says_what_it_raises(name):
    each, owner = PUBLIC[name]
    tree = ast.parse(textwrap.dedent(inspect.getsource(each)))
    kinds = {node.exc.func.id for node in ast.walk(tree)
             if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)}  # fmt: skip
    missing = [kind for kind in kinds if not re.search(rf"\bRaises:.*\b{kind}\b", text_of(name), re.DOTALL)]
    assert not missing, f"{name} does not say that it raises {', '.join(missing)}"


@pytest.mark.parametrize("host", HOSTS, ids=lambda each: each.__name__)
def test_hosts_say_shapes_units_and_errors(host):
    text = inspect.getdoc(host)
    words = ("gamma", "batch", "Raises:", "TypeError", "ValueError", *(() if host is Host else ("Shapes:", "Units:")))
    missing = [word for word in words if word not in text]
    assert not missing, f"{host.__name__} does not say {', '.join(missing)}"
