"""JAX's primitives, each with one parameter, a `Call`:

    value_p  x                f(x); also the path of `argmax`
    grad_p   x, c             d<c, f>/dx, and f(x) where it is asked for
    hvp_p    x, c, v          H v of <c, f>, and df/dx v, in any choice

with x the inputs of the entry `value` and lengths, c cotangents, v directions.
"""

import functools
import itertools

import jax
import numpy as np
from jax import numpy as jnp
from jax._src import core, dispatch
from jax._src.custom_partitioning_sharding_rule import sdy_sharding_rule_to_mlir, str_to_sdy_sharding_rule
from jax._src.lib.mlir import ir
from jax._src.lib.mlir.dialects import hlo
from jax.interpreters import mlir

from .calls import LENGTH, infer_results
from .targets import get_entry, get_target

_NAMES = {"float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64"}
_DTYPES = {"f32": np.dtype("f4"), "f64": np.dtype("f8"), "i32": np.dtype("i4"), "i64": np.dtype("i8")}


def _declared_types(call):
    """The types that the entry has for the operands; None: any int."""
    types = {each["name"]: each["type"] for each in call.entry.inputs}
    return [None if types.get(name, "i64") == "i64" else types[name] for name in call.names]


def _result_type(call, name, kind, types):
    """A derivative has the type of what it is taken by; ints the widest there is."""
    base = name.partition(".")[2]
    if name.startswith(("grad.", "hvp.")) and base in types:
        return types[base]
    return jax.dtypes.canonicalize_dtype(_DTYPES[kind])


def _abstract_eval(*avals, call):
    varying = core.standard_vma_rule("danskin", *avals)
    declared = _declared_types(call)
    types = tuple(kind or _NAMES[aval.dtype.name] for kind, aval in zip(declared, avals))
    found = infer_results(call, tuple(aval.shape for aval in avals), types)
    own = {name: aval.dtype for name, aval in zip(call.names, avals)}
    results = []
    for name, (shape, kind) in zip(call.results, found):
        made = core.ShapedArray(shape, _result_type(call, name, kind, own), sharding=core.get_cur_mesh_sharding())
        results.append(made.update(manual_axis_type=core.ManualAxisType(varying=varying)) if varying else made)
    return tuple(results)


def _convert(ctx, operand, aval, dtype):
    """(operand, aval) with elements of this type, whatever jax_enable_x64 says."""
    if aval.dtype == dtype:
        return operand, aval
    aval = core.ShapedArray(aval.shape, dtype)
    return hlo.convert(mlir.aval_to_ir_type(ctx.module_context, aval), operand), aval


def _attributes(call, entry, platform):
    """What runtime/src/xla_ffi.c reads."""
    count = len(entry.inputs) + len(entry.sizes)
    places = {name: k for k, name in enumerate(entry.input_names)}
    places.update((LENGTH + name, count + k) for k, name in enumerate(entry.size_names))
    attributes = {"binding": [places[name] for name in call.names]}
    if call.sizes:
        attributes["sizes"] = [dict(call.sizes).get(name, -1) for name in entry.size_names]
    if call.spread:
        attributes["spread"] = [places[name] for name in call.spread]
    if call.threads:
        attributes["threads"] = [call.threads]
    if platform == "cuda":
        attributes["gpu"] = [1]
    return {key: np.array(each, np.int64) for key, each in attributes.items()}


def _lower(primitive, platform, ctx, *operands, call):
    shapes = tuple(aval.shape for aval in ctx.avals_in)
    if not call.partitionable and call.find_batch(shapes) is not None and _is_partitioned(ctx):
        spread_out = functools.partial(_bind_partitionable, primitive, call)
        return mlir.lower_fun(spread_out, multiple_results=True)(ctx, *operands)
    entry = get_entry(call, platform)
    declared = [kind and _DTYPES[kind] for kind in _declared_types(call)]
    pairs = [_convert(ctx, operand, aval, dtype or aval.dtype)
             for operand, aval, dtype in zip(operands, ctx.avals_in, declared)]  # fmt: skip
    operands, avals_in = zip(*pairs)
    everything = call.replace(results=entry.output_names)
    types = tuple(_NAMES[aval.dtype.name] for aval in avals_in)
    avals = [core.ShapedArray(shape, _DTYPES[kind]) for shape, kind in infer_results(everything, shapes, types)]
    make = jax.ffi.build_ffi_lowering_function(get_target(entry, call.partitionable, platform))
    made = make(ctx.replace(avals_in=avals_in, avals_out=avals), *operands, **_attributes(call, entry, platform))
    if call.partitionable:
        # The first is for Shardy, which decides, the second for what then splits the call.
        made.attributes["sdy.sharding_rule"] = _sharding_rule(made)
        made.attributes["mhlo.frontend_attributes"] = ir.DictAttr.get({"num_batch_dims": ir.StringAttr.get("1")})
    found = dict(zip(entry.output_names, zip(made.results, avals)))
    return [_convert(ctx, *found[name], aval.dtype)[0] for name, aval in zip(call.results, ctx.avals_out)]


def _sharding_rule(operation):
    """What Shardy wants to know: the first axes go together, the others are whole."""
    numbers = itertools.count()

    def to_text(values):
        ranks = [len(each.type.shape) for each in values]
        return ", ".join(" ".join(["b", *(f"f{next(numbers)}" for _ in range(rank - 1))]) for rank in ranks)

    rule = f"{to_text(operation.operands)} -> {to_text(operation.results)}"
    whole = tuple(f"f{k}" for k in range(next(numbers)))
    rule = str_to_sdy_sharding_rule(rule, need_replication_factors=whole)
    types = [[each.type for each in values] for values in (operation.operands, operation.results)]
    return sdy_sharding_rule_to_mlir(rule, *types)


def _is_partitioned(ctx):
    """Whether XLA's partitioner will see the call; under shard_map and pmap it does
    not, for each device has a call of its own there."""
    context = ctx.module_context.axis_context
    return isinstance(context, mlir.ShardingContext) and context.num_devices > 1


def _bind_partitionable(primitive, call, *operands):
    """The same with the batch in every operand and result: XLA gathers what it does
    not know to split (jax#32098). Sums over the batch are then XLA's."""
    shapes = tuple(each.shape for each in operands)
    batch = call.find_batch(shapes)
    spread = [each if each.ndim > rank else jnp.broadcast_to(each, (batch, *each.shape))
              for each, rank in zip(operands, call.ranks)]  # fmt: skip
    results = primitive.bind(*spread, call=call.replace(spread=(), partitionable=True))
    return [each if name is None or call.is_batched(name, shapes) else each.sum(0)
            for name, each in zip(call.followed, results)]  # fmt: skip


def _make(name):
    primitive = core.Primitive(f"danskin_{name}")
    primitive.multiple_results = True
    primitive.def_impl(functools.partial(dispatch.apply_primitive, primitive))
    primitive.def_abstract_eval(_abstract_eval)
    for platform in ("cpu", "cuda"):
        mlir.register_lowering(primitive, functools.partial(_lower, primitive, platform), platform=platform)
    return primitive


value_p = _make("value")
grad_p = _make("grad")
hvp_p = _make("hvp")


def bind(primitive, call, operands):
    """The results, by name. Cotangents that the entry does not take are left out: those
    of outputs that nothing of `wrt` reaches. Under shard_map operands that devices
    share are marked as used by each; the transpose of that sums their gradients over
    the devices."""
    known = call.entry.position
    taken = [(name, each) for name, each in zip(call.names, operands) if name in known or not name.startswith("ct.")]
    if len(taken) < len(operands):
        names, operands = zip(*taken)
        call = call.replace(names=names)
    results = primitive.bind(*core.auto_insert_reshard(*operands), call=call)
    return dict(zip(call.results, results))
