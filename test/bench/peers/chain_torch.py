"""Linear chains as one writes them with torch: a loop over time, a batch and all
states at once, derivatives by autograd. `compiled` compiles the step."""

import torch


def soft_step(v, w):
    return torch.logsumexp(w + v[:, None, :], 2)


def hard_step(v, w):
    return (w + v[:, None, :]).max(2)


def sparsemax(x):
    """max over p of <p, x> - (|p|^2 - 1) / 2 along the last axis. Scores are taken from their maximum, as entmax has
    it: their sums would lose the digits of the weights."""
    top = x.detach().amax(-1, keepdim=True)
    x = x - top
    ordered = x.sort(-1, descending=True).values
    total = ordered.cumsum(-1) - 1
    count = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    support = (ordered * count > total).sum(-1, keepdim=True)
    p = (x - total.gather(-1, support - 1) / support).clamp(min=0)
    return top[..., 0] + (p * x).sum(-1) - 0.5 * (p * p).sum(-1)


def sparse_step(v, w):
    return sparsemax(w + v[:, None, :])


def value(w, step, last):
    v = torch.zeros(w.shape[0], w.shape[2], dtype=w.dtype)
    for each in w.unbind(1):  # at once: autograd adds up what is taken one by one
        v = step(v, each)
    return last(v)


def logsumexp(v):
    return torch.logsumexp(v, 1)


def stepper(step, compiled):
    if not compiled:
        return step
    torch._dynamo.reset()  # one case after the other: none is a recompilation
    return torch.compile(step, dynamic=False)


def prepare_forward(w, compiled=False):
    w, step = torch.from_numpy(w), stepper(soft_step, compiled)

    def call():
        with torch.no_grad():
            return {"value": value(w, step, logsumexp).numpy()}

    return call


def prepare_gradient(w, compiled=False, sparse=False):
    w = torch.from_numpy(w).requires_grad_()
    step = stepper(sparse_step if sparse else soft_step, compiled)

    def call():
        found = value(w, step, sparsemax if sparse else logsumexp)
        (gradient,) = torch.autograd.grad(found.sum(), w)
        return {"value": found.detach().numpy(), "grad": gradient.numpy()}

    return call


def prepare_path(w, compiled=False):
    w, step = torch.from_numpy(w), stepper(hard_step, compiled)

    def call():
        with torch.no_grad():
            v, winners = torch.zeros(w.shape[0], w.shape[2]), []
            for t in range(w.shape[1]):
                v, winner = step(v, w[:, t])
                winners.append(winner)
            best, state = v.max(1)
            path = [state]
            for winner in reversed(winners):
                state = winner.gather(1, state[:, None])[:, 0]
                path.append(state)
            return {"value": best.numpy(), "path": torch.stack(path[::-1], 1).numpy()}

    return call


def prepare_product_scan(emit, trans, start):
    """Shared transitions in the exponential domain: a matrix product a step."""
    emit, trans, start = map(torch.from_numpy, (emit, trans, start))

    def call():
        with torch.no_grad():
            factor = trans.exp()
            v, total = start + emit[:, 0], 0
            for t in range(1, emit.shape[1]):
                high = v.max(1, keepdim=True).values
                total = total + high[:, 0]
                v = ((v - high).exp() @ factor).log() + emit[:, t]
            return {"value": (torch.logsumexp(v, 1) + total).numpy()}

    return call
