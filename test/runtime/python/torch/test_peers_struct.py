"""Chains, segments and trees against torch-struct, and against enumerations of
every solution, which its releases do not carry."""

import itertools

import pytest
import torch
import torch_struct

import danskin

SEEDS = range(4)


def close(found, expected, tolerance=1e-5):
    torch.testing.assert_close(found.float(), expected.float(), rtol=tolerance, atol=tolerance)


def grads_close(found, expected, inputs):
    weights = torch.linspace(0.5, 2, len(found))
    for one, other in zip(torch.autograd.grad((weights * found).sum(), inputs),
                          torch.autograd.grad((weights * expected).sum(), inputs)):  # fmt: skip
        close(one, other)


@pytest.mark.parametrize("seed", SEEDS)
def test_linear_chain(seed):
    torch.manual_seed(seed)
    batch, time, states = 5, 6, 3
    emit = torch.randn(batch, time, states, requires_grad=True)
    trans, start = torch.randn(states, states, requires_grad=True), torch.randn(states, requires_grad=True)
    lengths = torch.tensor([time, *torch.randint(2, time + 1, (batch - 1,)).tolist()])
    # Of the peer: [batch, time - 1, to, from], what happens at both ends of an edge.
    edges = emit[:, 1:, :, None] + trans.t()[None, None]
    first = torch.zeros(time - 1)
    first[0] = 1
    edges = edges + first[:, None, None] * (emit[:, :1, None, :] + start)
    expected = torch_struct.LinearChainCRF(edges, lengths).partition
    found = danskin.zoo.load("viterbi", "entropy").torch(emit, trans, start, lengths={"T": lengths})
    close(found, expected)
    grads_close(found, expected, (emit, trans, start))


@pytest.mark.parametrize("seed", SEEDS)
def test_enumeration_of_a_linear_chain(seed):
    torch.manual_seed(seed)
    emit, trans, start = torch.randn(2, 4, 3), torch.randn(3, 3), torch.randn(3)
    found = danskin.zoo.load("viterbi", "entropy").torch(emit, trans, start)
    for b in range(2):
        scores = [start[path[0]] + sum(emit[b, t, s] for t, s in enumerate(path))
                  + sum(trans[r, s] for r, s in zip(path, path[1:]))
                  for path in itertools.product(range(3), repeat=4)]  # fmt: skip
        close(found[b], torch.logsumexp(torch.stack(scores), 0))


def segments(batch, time, width, states):
    """seg[t, d-1, s] and trans, and the peer's [batch, time, width + 1, to, from] of them."""
    seg = torch.randn(batch, time, width, states, requires_grad=True)
    trans = torch.randn(states, states, requires_grad=True)
    # The peer's edge at t of length d leads from the segment that ends at t to the
    # one in front of it; the state at the very beginning is scored by nothing.
    padded = torch.cat([torch.full((batch, time, 1, states), -1e9), seg], 2)
    edges = padded[..., :, None] + trans.t()[None, None, None]
    return seg, trans, edges


@pytest.mark.parametrize("seed", SEEDS)
def test_semi_markov(seed):
    torch.manual_seed(seed)
    batch, time, width, states = 4, 5, 3, 2
    seg, trans, edges = segments(batch, time, width, states)
    lengths = torch.tensor([time + 1, *torch.randint(2, time + 2, (batch - 1,)).tolist()])
    # One by one: in a batch of different lengths the peer leaves segments out.
    expected = torch.cat([torch_struct.SemiMarkovCRF(edges[b : b + 1, : n - 1], torch.tensor([n])).partition
                          for b, n in enumerate(lengths.tolist())])  # fmt: skip
    # The peer's first state is free: one more segment, of no score, in front.
    text = """dp 1
    program segments {
      reg entropy
      size T >= 1, S, W
      input        seg   : float[T, W, S]
      shared input trans : float[S, S]
      table A[t in 0..=T, s in 0..S]
      A[0, s] = 0
      A[t, s] otherwise = max { A[t-d, r]? + trans[r, s] + seg[t-d, d-1, s] for d in 1..=W, r in 0..S }
      output score = max { A[T, s] for s in 0..S }
    }"""
    found = danskin.compile(text).torch(seg, trans, lengths={"T": lengths - 1})
    close(found, expected, 1e-4)
    grads_close(found, expected, (seg, trans))


@pytest.mark.parametrize("seed", SEEDS)
def test_enumeration_of_segments(seed):
    torch.manual_seed(seed)
    seg, trans = torch.randn(1, 4, 3, 2), torch.randn(2, 2)
    # The zoo's program has no state in front of the first segment.
    found = danskin.zoo.load("semimarkov", "entropy").torch(seg, trans)

    def complete(t, state):
        if t == 4:
            return [torch.zeros(())]
        return [seg[0, t, d - 1, s] + (trans[state, s] if t else 0) + rest
                for d in range(1, min(3, 4 - t) + 1) for s in range(2) for rest in complete(t + d, s)]  # fmt: skip

    close(found[0], torch.logsumexp(torch.stack(complete(0, 0)), 0))


@pytest.mark.parametrize("seed", SEEDS)
def test_cky(seed):
    torch.manual_seed(seed)
    batch, words, symbols = 4, 5, 3
    lex = torch.randn(batch, words, symbols, requires_grad=True)
    rule, root = torch.randn(symbols, symbols, symbols, requires_grad=True), torch.randn(symbols, requires_grad=True)
    lengths = torch.tensor([words, *torch.randint(2, words + 1, (batch - 1,)).tolist()])
    # The peer has symbols that yield words and symbols that yield pairs; every
    # symbol of ours is both.
    low = -1e9
    terms = lex
    rules = torch.full((batch, symbols, 2 * symbols, 2 * symbols), low)
    rules = torch.cat([torch.cat([rule, rule], 2), torch.cat([rule, rule], 2)], 1)[None].expand(batch, -1, -1, -1)
    expected = torch_struct.SentCFG((terms, rules, root[None].expand(batch, -1)), lengths).partition
    found = danskin.zoo.load("cky", "entropy").torch(lex, rule, root, lengths={"N": lengths})
    close(found, expected, 1e-4)
    grads_close(found, expected, (lex, rule, root))


@pytest.mark.parametrize("seed", SEEDS)
def test_enumeration_of_trees(seed):
    torch.manual_seed(seed)
    words, symbols = 4, 2
    lex, rule, root = torch.randn(words, symbols), torch.randn(symbols, symbols, symbols), torch.randn(symbols)

    def trees(i, j, a):
        if j == i + 1:
            return [lex[i, a]]
        return [rule[a, b, c] + left + right for k in range(i + 1, j) for b in range(symbols) for c in range(symbols)
                for left in trees(i, k, b) for right in trees(k, j, c)]  # fmt: skip

    scores = [root[a] + tree for a in range(symbols) for tree in trees(0, words, a)]
    assert len(scores) == 5 * symbols ** (2 * words - 1)  # binary trees of four leaves, a symbol at each node
    close(danskin.zoo.load("cky", "entropy").torch(lex, rule, root), torch.logsumexp(torch.stack(scores), 0))
    close(danskin.zoo.load("cky", "hard").torch(lex, rule, root), torch.stack(scores).max())
