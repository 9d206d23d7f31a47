"""Derivatives: value -> hvp, whose transpose is grad -> hvp, its own transpose.

With f the outputs, x the inputs, c cotangents, u and v directions, dashes for
tangents:

    value(x)         moves by  J(x) x'
    grad(x, c)       moves by  H(x, c) x' + grad(x, c')
    J(x) v           moves by  J(x) v' + <v, H(x, e) x'> for each element e of f
    H(x, c) v        moves by  H(x, c) v'; other than by v it is a third derivative,
                     which raises

J v is linear in v with the transpose grad(x, .), grad is linear in c with the
transpose J, H is symmetric.
"""

import jax
import numpy as np
from jax import numpy as jnp
from jax.interpreters import ad

from .primitives import bind, grad_p, hvp_p, value_p


def _is_zero(each):
    return type(each) is ad.Zero


def _moved(call, tangents, prefix=""):
    """{name: tangent} of operands called prefix + name that have one."""
    return {name.removeprefix(prefix): each for name, each in zip(call.names, tangents)
            if name.startswith(prefix) and not _is_zero(each)}  # fmt: skip


def _get_shapes(operands):
    """Of arrays, of plain numbers, and of what is linear and so has no value."""
    return tuple(each.aval.shape if ad.is_undefined_primal(each) else np.shape(each) for each in operands)


def _select(call, operands, names):
    given = dict(zip(call.names, operands))
    return [given[name] for name in names]


def _cotangent_names(call):
    return tuple(name for name in call.names if name.startswith("ct."))


def _outputs(call):
    return tuple(each.name for each in call.program.description.outputs)


def _takes_cotangent(call, query, wrt, output):
    """Whether anything of `wrt` reaches that output."""
    return f"ct.{output}" in call.replace(query=query, wrt=call.order(wrt)).entry.position


def _apply_hessian(call, operands, directions, results, spread=None):
    """{result: array} of `hvp` along {name: direction}; `call` has the operands that
    it shares with it."""
    by = {each.partition(".")[2] for each in results if each.startswith("hvp.")}
    kept = call.base + (_cotangent_names(call) if by else ())
    wrt = call.order({*by, *directions})
    along = [name for name in wrt if name in directions]
    made = call.replace(query="hvp", wrt=wrt, names=kept + tuple(f"dir.{name}" for name in along),
                        results=tuple(results), spread=call.spread if spread is None else spread)  # fmt: skip
    return bind(hvp_p, made, [*_select(call, operands, kept), *(directions[name] for name in along)])


def _apply_gradient(call, operands, cotangents, names, spread=None):
    """{name: array} of the gradients by `names` for {output: cotangent}."""
    wrt = call.order(names)
    made = call.replace(query="grad", wrt=wrt, results=tuple(f"grad.{name}" for name in wrt),
                        names=call.base + tuple(f"ct.{name}" for name in cotangents),
                        spread=call.spread if spread is None else spread)  # fmt: skip
    found = bind(grad_p, made, [*_select(call, operands, call.base), *cotangents.values()])
    return {name: found[f"grad.{name}"] for name in wrt}


def _add(one, other):
    return other if one is None else one if other is None else one + other


def _finish(call, primals, tangents):
    """Tangents of `primals`, which are results, from {name: tangent}."""
    return [ad.Zero.from_primal_value(each) if tangents.get(name) is None else tangents[name]
            for name, each in zip(call.results, primals)]  # fmt: skip


def _value_jvp(operands, tangents, *, call):
    results = value_p.bind(*operands, call=call)
    moved = _moved(call, tangents)
    if not moved or call.query == "argmax":
        return results, _finish(call, results, {})
    found = _apply_hessian(call, operands, moved, [f"jvp.{name}" for name in call.results])
    return results, _finish(call, results, {name: found[f"jvp.{name}"] for name in call.results})


def _grad_jvp(operands, tangents, *, call):
    results = grad_p.bind(*operands, call=call)
    base = {name: each for name, each in _moved(call, tangents).items() if name in call.base}
    total = dict.fromkeys(call.results)
    if base:
        derived = {name: name.replace("grad.", "hvp.") if name.startswith("grad.") else f"jvp.{name}"
                   for name in call.results}  # fmt: skip
        found = _apply_hessian(call, operands, base, derived.values())
        total = {name: found[derived[name]] for name in call.results}
    cotangents = _moved(call, tangents, "ct.")
    if cotangents:
        cotangents = {name: cotangents[name] if name in cotangents else jnp.zeros_like(given)
                      for name, given in _moved(call, operands, "ct.").items()}  # fmt: skip
        for name, more in _apply_gradient(call, operands, cotangents, call.wrt).items():
            if f"grad.{name}" in total:
                total[f"grad.{name}"] = _add(total[f"grad.{name}"], more)
    return results, _finish(call, results, total)


def _hvp_jvp(operands, tangents, *, call):
    results = hvp_p.bind(*operands, call=call)
    total = dict.fromkeys(call.results)
    directions = _moved(call, tangents, "dir.")
    if directions:
        total = _apply_hessian(call, operands, directions, call.results)
    others = {name: each for name, each in _moved(call, tangents).items() if not name.startswith("dir.")}
    if others:
        if any(name.startswith("hvp.") for name in call.results):
            raise NotImplementedError(f"{call.program.name}: third derivatives are not defined")
        for name, more in _move_twice(call, operands, others).items():
            total[name] = _add(total[name], more)
    return results, _finish(call, results, total)


def _move_twice(call, operands, others):
    """{jvp.<output>: <v, H u>}, an element of the outputs at a time: v the directions
    of the call, u the others."""
    directions = _moved(call, operands, "dir.")
    shapes = _get_shapes(operands)
    batch = call.find_batch(shapes)
    lead = () if batch is None else (batch,)
    alone = {*call.spread, *(name for name in directions if name in call.base and not call.is_batched(name, shapes))}
    spread = tuple(name for name in call.base if name in alone) if lead else ()
    plain = call.replace(query="value", wrt=(), names=call.base, results=_outputs(call))
    avals = jax.eval_shape(lambda *each: value_p.bind(*each, call=plain), *_select(call, operands, call.base))
    avals = {name: jax.ShapeDtypeStruct((*lead, *aval.shape[call.find_batch(shapes[: len(call.base)]) is not None :]),
                                        aval.dtype) for name, aval in zip(plain.results, avals)}  # fmt: skip

    def along(name, element):
        cotangents = {each: jnp.zeros(aval.shape, aval.dtype) for each, aval in avals.items()}
        cotangents[name] = jnp.broadcast_to(element, avals[name].shape)
        made = call.replace(names=call.base + tuple(f"ct.{each}" for each in cotangents))
        given = [*_select(call, operands, call.base), *cotangents.values()]
        found = _apply_hessian(made, given, others, [f"hvp.{each}" for each in directions], spread)
        terms = [(found[f"hvp.{each}"] * v).reshape(*lead, -1).sum(-1) for each, v in directions.items()]
        return sum(terms[1:], terms[0]).astype(avals[name].dtype)

    moved = {}
    for result in call.results:
        name = result.removeprefix("jvp.")
        shape, dtype = avals[name].shape[len(lead) :], avals[name].dtype
        if not _takes_cotangent(call, "hvp", {*directions, *others}, name):
            moved[result] = jnp.zeros(avals[name].shape, dtype)
            continue
        if not shape:
            moved[result] = along(name, jnp.ones((), dtype))
            continue
        count = avals[name].size // max(1, batch if lead else 1)
        elements = jnp.eye(count, dtype=dtype).reshape(count, *shape)
        found = jax.vmap(lambda element, name=name: along(name, element))(elements)
        moved[result] = jnp.moveaxis(found, 0, -1).reshape(avals[name].shape)
    return moved


def _fit(call, operands, found):
    """What is linear in a direction has a cotangent of its shape: sums those over the
    batch that has the input and not the direction, and repeats those that are the same
    for each instance. {operand's name: array}."""
    shapes = dict(zip(call.names, _get_shapes(operands)))
    fitted = {}
    for name, each in found.items():
        wanted = shapes[f"dir.{name}"]
        fitted[f"dir.{name}"] = each.sum(0) if each.ndim > len(wanted) else jnp.broadcast_to(each, wanted)
    return [fitted.get(name) for name in call.names]


def _hvp_transpose(cotangents, *operands, call):
    linear = {name.removeprefix("dir.") for name, each in zip(call.names, operands)
              if ad.is_undefined_primal(each)}  # fmt: skip
    given = {name: each for name, each in zip(call.results, cotangents) if not _is_zero(each)}
    # A batch that a direction has and its input has not is seen in the input.
    shapes = _get_shapes(operands)
    alone = {*call.spread, *(name for name in linear if name in call.base and call.is_batched(f"dir.{name}", shapes)
                             and not call.is_batched(name, shapes))}  # fmt: skip
    spread = tuple(name for name in call.base if name in alone)
    found = {}
    directions = {name.removeprefix("hvp."): each for name, each in given.items() if name.startswith("hvp.")}
    if directions:
        hvps = _apply_hessian(call, operands, directions, [f"hvp.{name}" for name in call.order(linear)], spread)
        found = {name.removeprefix("hvp."): each for name, each in hvps.items()}
    weights = {name.removeprefix("jvp."): each for name, each in given.items() if name.startswith("jvp.")}
    weights = {name: each for name, each in weights.items() if _takes_cotangent(call, "grad", linear, name)}
    if weights:
        weights = _fill(call, operands, weights)
        for name, more in _apply_gradient(call, operands, weights, linear, spread).items():
            found[name] = _add(found.get(name), more)
    return _fit(call, operands, found)


def _fill(call, operands, cotangents):
    """With zeros for the other outputs, for whose cotangents kernels would take 1."""
    names = _outputs(call)
    if len(cotangents) == len(names):
        return {name: cotangents[name] for name in names}
    plain = call.replace(query="value", wrt=(), names=call.base, results=names)
    avals = jax.eval_shape(lambda *each: value_p.bind(*each, call=plain), *_select(call, operands, call.base))
    return {name: cotangents[name] if name in cotangents else jnp.zeros(aval.shape, aval.dtype)
            for name, aval in zip(names, avals)}  # fmt: skip


def _grad_transpose(cotangents, *operands, call):
    directions = {name.removeprefix("grad."): each for name, each in zip(call.results, cotangents)
                  if not _is_zero(each)}  # fmt: skip
    linear = [name.removeprefix("ct.") for name, each in zip(call.names, operands) if ad.is_undefined_primal(each)]
    if not directions:
        return [None] * len(operands)
    found = _apply_hessian(call, operands, directions, [f"jvp.{name}" for name in linear])
    return [found.get(name.replace("ct.", "jvp.")) if ad.is_undefined_primal(each) else None
            for name, each in zip(call.names, operands)]  # fmt: skip


ad.primitive_jvps[value_p] = _value_jvp
ad.primitive_jvps[grad_p] = _grad_jvp
ad.primitive_jvps[hvp_p] = _hvp_jvp
ad.primitive_transposes[grad_p] = _grad_transpose
ad.primitive_transposes[hvp_p] = _hvp_transpose
