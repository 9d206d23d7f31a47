"""Recursions as one writes them with torch: whole rows, columns or diagonals at a
time, derivatives by autograd."""

import numpy as np
import torch


def ctc(logp, labels):
    """torch's own loss, value and gradient; `logp` is (B, T, V)."""
    given = torch.from_numpy(logp).transpose(0, 1).contiguous()
    batch, steps = logp.shape[:2]
    targets = torch.from_numpy(labels)
    lengths = torch.full((batch,), steps), torch.full((batch,), labels.shape[1])

    def call():
        x = given.detach().requires_grad_()
        loss = torch.nn.functional.ctc_loss(x, targets, *lengths, reduction="none")
        torch.autograd.grad(loss.sum(), x)
        return {"value": -loss.detach().numpy()}

    return call


def inside_value(lex, rule, root):
    """Span by width: all spans of a width are a batch."""
    n, g = lex.shape
    chart = {1: lex}  # width -> (spans, G)
    for width in range(2, n + 1):
        spans = n - width + 1
        pairs = torch.stack([chart[k][:spans, :, None] + chart[width - k][k : k + spans, None, :]
                             for k in range(1, width)])  # fmt: skip
        both = torch.logsumexp(pairs, 0).reshape(spans, g * g)
        high = both.max(1, keepdim=True).values
        chart[width] = ((both - high).exp() @ rule.reshape(g, g * g).exp().T).log() + high
    return torch.logsumexp(root + chart[n][0], 0)


def inside(lex, rule, root, gradient):
    lex, rule, root = (torch.from_numpy(a) for a in (lex, rule, root))

    def call():
        if not gradient:
            with torch.no_grad():
                return {"value": [float(inside_value(x, rule, root)) for x in lex]}
        x, r = lex.detach().requires_grad_(), rule.detach().requires_grad_()
        values = torch.stack([inside_value(each, r, root) for each in x])
        by_lex, by_rule = torch.autograd.grad(values.sum(), (x, r))
        return {"value": values.detach().numpy(), "grad.lex": by_lex.numpy(), "grad.rule": by_rule.numpy()}

    return call


def semimarkov_value(segment, trans):
    """(B, T, W, S): a step looks at the last W positions at once."""
    batch, steps, longest, states = segment.shape
    rows = segment.unbind(1)
    a = []
    for t in range(1, steps + 1):
        reach = range(1, min(longest, t - 1) + 1)
        scores = [rows[0][:, t - 1]] if t <= longest else []
        if reach:
            before = torch.stack([a[t - d - 1] for d in reach], 1)
            entered = torch.logsumexp(before[:, :, :, None] + trans, 2)
            scores.append(torch.logsumexp(entered + torch.stack([rows[t - d][:, d - 1] for d in reach], 1), 1))
        a.append(torch.logsumexp(torch.stack(scores), 0))
    return torch.logsumexp(a[-1], 1)


def semimarkov(segment, trans, gradient):
    segment, trans = torch.from_numpy(segment), torch.from_numpy(trans)

    def call():
        if not gradient:
            with torch.no_grad():
                return {"value": semimarkov_value(segment, trans).numpy()}
        x, y = segment.detach().requires_grad_(), trans.detach().requires_grad_()
        values = semimarkov_value(x, y)
        by_segment, by_trans = torch.autograd.grad(values.sum(), (x, y))
        return {"value": values.detach().numpy(), "grad.seg": by_segment.numpy(), "grad.trans": by_trans.numpy()}

    return call


def nussinov(s, pair):
    """By diagonals: all splits of a span are a vector."""
    weights = torch.from_numpy(pair)[torch.from_numpy(s)[:, :, None], torch.from_numpy(s)[:, None, :]]

    def solve(w):
        n = len(w)
        p = torch.zeros(n + 2, n + 2)
        for i in range(n - 1, -1, -1):
            for j in range(i + 1, n + 1):
                p[i, j] = p[i + 1, j]
                if j > i + 1:
                    split = p[i + 1, i + 1 : j] + w[i, i + 1 : j] + p[i + 2 : j + 1, j]
                    p[i, j] = torch.maximum(p[i, j], split.max())
        return p[0, n]

    def call():
        with torch.no_grad():
            return {"value": [float(solve(w)) for w in weights]}

    return call


def value_iteration(reward, chance, discount, steps):
    reward, chance = torch.from_numpy(reward), torch.from_numpy(chance)

    def call():
        with torch.no_grad():
            v = torch.zeros(reward.shape[0])
            for _ in range(steps):
                v = (reward + discount * (chance @ v)).max(1).values
            return {"value": v.numpy()}

    return call


def value_iteration_numpy(reward, chance, discount, steps):
    def call():
        v = np.zeros(len(reward), reward.dtype)
        for _ in range(steps):
            v = (reward + discount * (chance @ v)).max(1)
        return {"value": v}

    return call
