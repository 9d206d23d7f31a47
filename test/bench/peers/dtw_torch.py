"""Soft-DTW as one writes it with torch: anti-diagonals as vectors, a batch at a
time, derivatives by autograd."""

import torch


def skew(d):
    """(B, N, M) -> N + M - 1 times (B, N): the cells (i, s - i) of each s. All at once:
    taken one by one, autograd would add up as many matrices."""
    batch, n, m = d.shape
    padded = torch.nn.functional.pad(d, (0, n), value=0.0)
    return padded.reshape(batch, -1)[:, : n * (n + m - 1)].reshape(batch, n, n + m - 1).unbind(2)


def value(d, gamma):
    batch, n, m = d.shape
    rows = skew(d)
    far = torch.full((batch, n), 1e10, dtype=d.dtype)
    i = torch.arange(n)
    before, last = far, torch.where(i == 0, rows[0], far)
    for s in range(1, n + m - 1):
        diagonal = torch.nn.functional.pad(before[:, :-1], (1, 0), value=1e10)
        down = torch.nn.functional.pad(last[:, :-1], (1, 0), value=1e10)
        soft = -gamma * torch.logsumexp(torch.stack((diagonal, down, last)) / -gamma, 0)
        inside = (i <= s) & (i > s - m)
        before, last = last, torch.where(inside, rows[s] + soft, far)
    return last[:, n - 1]


def prepare_forward(d, gamma):
    d = torch.from_numpy(d)

    def call():
        with torch.no_grad():
            return {"value": value(d, gamma).numpy()}

    return call


def prepare_gradient(d, gamma):
    d = torch.from_numpy(d).requires_grad_()

    def call():
        found = value(d, gamma)
        (gradient,) = torch.autograd.grad(found.sum(), d)
        return {"value": found.detach().numpy(), "grad": gradient.numpy()}

    return call


def prepare_product(d, z, gamma):
    d, z = torch.from_numpy(d).requires_grad_(), torch.from_numpy(z)

    def call():
        (gradient,) = torch.autograd.grad(value(d, gamma).sum(), d, create_graph=True)
        along = (gradient * z).sum((1, 2))
        (product,) = torch.autograd.grad(along.sum(), d)
        return {"jvp": along.detach().numpy(), "hvp": product.numpy()}

    return call


def prepare_features(x, y, gamma):
    x, y = torch.from_numpy(x).requires_grad_(), torch.from_numpy(y).requires_grad_()

    def call():
        squares = (x * x).sum(-1)[:, :, None] + (y * y).sum(-1)[:, None, :]
        found = value(squares - 2 * x @ y.transpose(1, 2), gamma)
        gx, gy = torch.autograd.grad(found.sum(), (x, y))
        return {"value": found.detach().numpy(), "grad.x": gx.numpy(), "grad.y": gy.numpy()}

    return call
