"""Trains the same network with JAX, on the devices of one process or of many.

    XLA_FLAGS=--xla_force_host_platform_device_count=4 python examples/train-ddp/train_jax.py
    python examples/train-ddp/train_jax.py --coordinator HOST:PORT --processes 2 --process 0

`--way jit` leaves splitting to XLA, `--way shard_map` writes it down; `--check`
compares the gradient with that of one device.
"""

import argparse
import pathlib

import jax
import numpy as np
from data import CLASSES, FEATURES, get_share, make_batch
from jax import numpy as jnp
from jax.experimental import multihost_utils
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

import danskin

ctc = danskin.load(pathlib.Path(__file__).parents[1] / "ctc" / "ctc.dp")


def make_parameters(dtype):
    draw = np.random.default_rng(0)
    return {"hidden": 0.3 * draw.normal(size=(FEATURES, 32)).astype(dtype), "shift": np.zeros(32, dtype),
            "scores": 0.3 * draw.normal(size=(32, CLASSES)).astype(dtype), "bias": np.zeros(CLASSES, dtype)}  # fmt: skip


def get_losses(parameters, frames, labels, lengths):
    """One an instance."""
    hidden = jnp.tanh(frames @ parameters["hidden"] + parameters["shift"])
    scores = jax.nn.log_softmax(hidden @ parameters["scores"] + parameters["bias"])
    return -ctc.jax(scores, labels, lengths=lengths)


def get_mean(parameters, *batch):
    return get_losses(parameters, *batch).mean()


def make_gradient(way, mesh):
    """(parameters, batch) to (loss, gradient), for a batch split over the mesh."""
    if way == "jit":
        return jax.jit(jax.value_and_grad(get_mean))

    def local(parameters, *batch):
        # All devices have equal shares. The parameters are what they have in common,
        # so JAX sums the gradients by them over the devices.
        total = lambda parameters: jax.lax.pmean(get_mean(parameters, *batch), "batch")  # noqa: E731
        return jax.value_and_grad(total)(parameters)

    return jax.jit(jax.shard_map(local, mesh=mesh, in_specs=(P(), P("batch"), P("batch"), P("batch")), out_specs=P()))


def check(gradient, parameters, numbers, dtype):
    """The largest difference to the gradient on one device."""
    alone = jax.grad(get_mean)(jax.tree.map(np.asarray, parameters), *make_batch(numbers, dtype))
    return max(np.abs(np.asarray(one) - np.asarray(other)).max()
               for one, other in zip(jax.tree.leaves(gradient), jax.tree.leaves(alone)))  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--way", choices=("jit", "shard_map"), default="shard_map")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=16, help="instances a step, all devices together")
    parser.add_argument("--float64", action="store_true")
    parser.add_argument("--check", action="store_true", help="compare with one device")
    parser.add_argument("--coordinator", help="HOST:PORT of process 0, where there are several")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--process", type=int, default=0)
    options = parser.parse_args()
    if options.coordinator:
        jax.distributed.initialize(options.coordinator, options.processes, options.process)
    jax.config.update("jax_enable_x64", options.float64)
    dtype = "f8" if options.float64 else "f4"
    if options.batch < 1 or options.batch % jax.device_count():
        parser.error(f"--batch {options.batch} is not a positive multiple of {jax.device_count()} devices")

    mesh = jax.make_mesh((jax.device_count(),), ("batch",), axis_types=(AxisType.Auto,))
    whole, split = NamedSharding(mesh, P()), NamedSharding(mesh, P("batch"))
    gradient = make_gradient(options.way, mesh)
    update = jax.jit(lambda p, g: jax.tree.map(lambda p, g: p - 0.1 * g, p, g), donate_argnums=0)
    parameters = jax.tree.map(lambda each: jax.make_array_from_process_local_data(whole, each), make_parameters(dtype))
    for step in range(options.steps):
        own = make_batch(get_share(step, options.batch, jax.process_index(), jax.process_count()), dtype)
        batch = jax.tree.map(lambda each: jax.make_array_from_process_local_data(split, each), own)
        loss, found = gradient(parameters, *batch)
        if options.check:
            worst = check(found, parameters, get_share(step, options.batch, 0, 1), dtype)
            if jax.process_index() == 0:
                print(f"step {step}: gradient differs by {worst:.2e}")
        parameters = update(parameters, found)
        if jax.process_index() == 0 and (step % 10 == 0 or step == options.steps - 1):
            print(f"step {step}: loss {float(loss):.6f}", flush=True)
    multihost_utils.sync_global_devices("done")


if __name__ == "__main__":
    main()
