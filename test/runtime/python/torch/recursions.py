"""Programs of the zoo as plain PyTorch, one instance at a time: what autograd
makes of the textbook recursion is what kernels are held against."""

import torch


def softmin(values, gamma):
    return -gamma * torch.logsumexp(-torch.stack(values) / gamma, 0)


def dtw(x, y, gamma=1.0):
    """Soft-DTW of [N, K] and [M, K]."""
    cost = ((x[:, None] - y[None]) ** 2).sum(-1)
    table = {}
    for i in range(len(x)):
        for j in range(len(y)):
            before = [table[at] for at in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if at in table]
            table[i, j] = cost[i, j] + (softmin(before, gamma) if before else 0)
    return table[len(x) - 1, len(y) - 1]


def viterbi(emit, trans, start, gamma=1.0):
    """The log-partition function of a linear chain."""
    alpha = start + emit[0]
    for row in emit[1:]:
        alpha = gamma * torch.logsumexp((alpha[:, None] + trans) / gamma, 0) + row
    return gamma * torch.logsumexp(alpha / gamma, 0)
