"""Trains a small network with a generated CTC loss under DistributedDataParallel.

    torchrun --nproc-per-node 2 examples/train-ddp/train_torch.py
    torchrun --nnodes 4 --nproc-per-node 8 ... examples/train-ddp/train_torch.py --backend nccl

`--check` compares the gradient of all processes with that of one alone.
"""

import argparse
import gc
import os
import pathlib

import torch
import torch.distributed as dist
from data import CLASSES, FEATURES, get_share, make_batch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import danskin

ctc = danskin.load(pathlib.Path(__file__).parents[1] / "ctc" / "ctc.dp")


def load(numbers, dtype, device):
    frames, labels, lengths = make_batch(numbers)
    return (torch.tensor(frames, dtype=dtype, device=device), torch.tensor(labels, device=device),
            {name: torch.tensor(each, device=device) for name, each in lengths.items()})  # fmt: skip


def get_loss(model, batch):
    """The mean loss of a batch, computed where the batch is."""
    frames, labels, lengths = batch
    return -ctc.torch(model(frames).log_softmax(-1), labels, lengths=lengths).mean()


def add_up(values):
    """The sum over all processes."""
    total = values.detach().clone()
    dist.all_reduce(total)
    return total


def get_curvature(model, batch):
    """The curvature of the loss along its own gradient by the scores, summed over the
    instances of a batch."""
    frames, labels, lengths = batch
    with torch.no_grad():
        scores = model(frames).log_softmax(-1)
        along = ctc.torch.grad(scores, labels, lengths=lengths, wrt="logp")
        return (along * ctc.torch.hvp(scores, labels, lengths=lengths, wrt="logp", direction=along)).sum()


def check(model, own, whole, count):
    """The largest difference between the gradient that DDP made and that of one
    process for the whole batch, and the same of the curvature.

    DistributedDataParallel has no double backward: its reductions hang on the first
    one. The Hessian-product is an operator of its own, so each process takes its
    share and the processes add them up.
    """
    gradients = [each.grad.clone() for each in model.parameters()]
    curvature = add_up(get_curvature(model.module, own))
    alone = torch.autograd.grad(get_loss(model.module, whole), list(model.parameters()))
    worst = max((one - other).abs().max().item() for one, other in zip(gradients, alone))
    return worst, (curvature - get_curvature(model.module, whole)).abs().item() / count


def train(options, device):
    rank, ranks = dist.get_rank(), dist.get_world_size()
    dtype = torch.float64 if options.float64 else torch.float32
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(FEATURES, 32), nn.Tanh(), nn.Linear(32, CLASSES)).to(device, dtype)
    model = DistributedDataParallel(network)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for step in range(options.steps):
        own = load(get_share(step, options.batch, rank, ranks), dtype, device)
        optimizer.zero_grad()
        loss = get_loss(model, own)
        loss.backward()
        if options.check:
            whole = load(get_share(step, options.batch, 0, 1), dtype, device)
            gradient, curvature = check(model, own, whole, options.batch)
            if rank == 0:
                print(f"step {step}: gradient differs by {gradient:.2e}, curvature by {curvature:.2e}")
        optimizer.step()
        total = add_up(loss)
        if rank == 0 and (step % 10 == 0 or step == options.steps - 1):
            print(f"step {step}: loss {total.item() / ranks:.6f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=("gloo", "nccl"), default="gloo")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=16, help="instances a step, all processes together")
    parser.add_argument("--float64", action="store_true")
    parser.add_argument("--check", action="store_true", help="compare with one process")
    options = parser.parse_args()
    device = torch.device("cpu")
    if options.backend == "nccl":
        number, count = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
        if number >= count:
            parser.error(f"--backend nccl wants a GPU for each process, but PyTorch finds {count or 'none'} here")
        device = torch.device("cuda", number)
        torch.cuda.set_device(device)
    dist.init_process_group(options.backend)
    if options.batch < 1 or options.batch % dist.get_world_size():
        parser.error(f"--batch {options.batch} is not a positive multiple of {dist.get_world_size()} processes")
    train(options, device)
    # What DistributedDataParallel keeps of the group has to go first: were it the
    # last to let go, it would wait for gloo's threads with the GIL in its hand, which
    # these want (pytorch#56297).
    gc.collect()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
