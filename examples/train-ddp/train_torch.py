"""Trains a small network with a generated CTC loss under DistributedDataParallel.

    torchrun --nproc-per-node 2 examples/train-ddp/train_torch.py
    torchrun --nnodes 4 --nproc-per-node 8 ... examples/train-ddp/train_torch.py --backend nccl

`--check` compares the gradient of all processes with that of one alone.
"""

import argparse
import os
import pathlib
import time

import torch
import torch.distributed as dist
from data import CLASSES, FEATURES, get_share, make_batch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import danskin

ctc = danskin.load(pathlib.Path(__file__).parents[1] / "ctc" / "ctc.dp")


def load(numbers, dtype):
    frames, labels, lengths = make_batch(numbers)
    return torch.tensor(frames, dtype=dtype), torch.tensor(labels), {k: torch.tensor(n) for k, n in lengths.items()}


def get_loss(model, batch, device):
    """The mean loss of a batch. The network is where `device` says, the loss on the CPU."""
    frames, labels, lengths = batch
    scores = model(frames.to(device)).log_softmax(-1).cpu()
    return -ctc.torch(scores, labels, lengths=lengths).mean()


def add_up(values, device):
    """The sum over all processes; NCCL adds what lies on GPUs."""
    total = values.detach().to(device)
    dist.all_reduce(total)
    return total


def get_curvature(model, batch, device):
    """The curvature of the mean loss along its own gradient by the scores.

    DistributedDataParallel has no double backward: its reductions hang on the first
    one. The Hessian-product is an operator of its own, so each process takes its
    share and the processes add them up.
    """
    frames, labels, lengths = batch
    with torch.no_grad():
        scores = model(frames.to(device)).log_softmax(-1).cpu()
        along = ctc.torch.grad(scores, labels, lengths=lengths, wrt="logp")
        product = ctc.torch.hvp(scores, labels, lengths=lengths, wrt="logp", direction=along)
        total = torch.stack([(along * product).sum(), torch.tensor(float(len(labels)), dtype=scores.dtype)])
    total = add_up(total, device)
    return (total[0] / total[1]).item()


def check(model, step, options, dtype, device):
    """The largest difference between the gradient that DDP made and that of one
    process for the whole batch, and the same of the curvature."""
    own = [each.grad.clone() for each in model.parameters()]
    curvature = get_curvature(model.module, load(get_share(step, options.batch, dist.get_rank(), dist.get_world_size()),
                                                 dtype), device)  # fmt: skip
    whole = load(get_share(step, options.batch, 0, 1), dtype)
    alone = torch.autograd.grad(get_loss(model.module, whole, device), list(model.parameters()))
    worst = max((one - other).abs().max().item() for one, other in zip(own, alone))
    with torch.no_grad():
        scores = model.module(whole[0].to(device)).log_softmax(-1).cpu()
    along = ctc.torch.grad(scores, whole[1], lengths=whole[2], wrt="logp")
    product = ctc.torch.hvp(scores, whole[1], lengths=whole[2], wrt="logp", direction=along)
    expected = (along * product).sum().item() / options.batch
    return worst, abs(curvature - expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=("gloo", "nccl"), default="gloo")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=16, help="instances a step, all processes together")
    parser.add_argument("--float64", action="store_true")
    parser.add_argument("--check", action="store_true", help="compare with one process")
    options = parser.parse_args()
    if options.backend == "nccl" and not torch.cuda.is_available():
        parser.error("--backend nccl wants a GPU for each process, but PyTorch finds none here")
    dist.init_process_group(options.backend)
    rank, ranks = dist.get_rank(), dist.get_world_size()
    if options.batch % ranks:
        parser.error(f"--batch {options.batch} is not a multiple of {ranks} processes")
    device = torch.device("cpu")
    if options.backend == "nccl":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dtype = torch.float64 if options.float64 else torch.float32

    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(FEATURES, 32), nn.Tanh(), nn.Linear(32, CLASSES)).to(device, dtype)
    model = DistributedDataParallel(network)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for step in range(options.steps):
        optimizer.zero_grad()
        loss = get_loss(model, load(get_share(step, options.batch, rank, ranks), dtype), device)
        loss.backward()
        if options.check:
            gradient, curvature = check(model, step, options, dtype, device)
            if rank == 0:
                print(f"step {step}: gradient differs by {gradient:.2e}, curvature by {curvature:.2e}")
        optimizer.step()
        total = add_up(loss, device)
        if rank == 0 and (step % 10 == 0 or step == options.steps - 1):
            print(f"step {step}: loss {total.item() / ranks:.6f}", flush=True)
    # gloo's threads take the GIL to let go of reductions that are over; the group's
    # end, which has it, would wait for them (pytorch#56297).
    dist.barrier()
    time.sleep(1)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
