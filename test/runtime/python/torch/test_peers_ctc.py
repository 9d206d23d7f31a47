"""CTC against torch.nn.functional.ctc_loss: value and gradient, on ragged batches
with empty targets, repeats and targets that do not fit."""

import pytest
import torch
import torch.nn.functional as F

import danskin

CTC = danskin.zoo.ctc


def loss(logits, targets, frames, labels):
    """The negative log-probability of each instance of [B, T, V], class 0 the blank."""
    return -CTC.torch(logits.log_softmax(-1), targets, lengths={"T": frames, "L": labels})


def peer(logits, targets, frames, labels, **options):
    return F.ctc_loss(logits.log_softmax(-1).transpose(0, 1), targets, frames, labels, reduction="none", **options)


def draw(seed, batch=12, most=14, labels=6, classes=5, dtype=torch.float64):
    random = torch.Generator().manual_seed(seed)

    def ints(low, high, shape):
        return torch.randint(low, high, shape, generator=random)

    logits = torch.randn(batch, most, classes, dtype=dtype, generator=random) * 2
    targets = ints(1, classes, (batch, labels))
    targets[::3] = targets[::3, :1]  # the same label again and again
    lengths = ints(0, labels + 1, (batch,))
    lengths[1] = 0
    # A repeat wants a blank between.
    repeats = (targets[:, 1:] == targets[:, :-1]).cumsum(1)
    least = torch.tensor([n + (int(r[n - 2]) if n > 1 else 0) for n, r in zip(lengths.tolist(), repeats)])
    frames = torch.minimum(least + ints(0, 5, (batch,)), torch.tensor(most))
    # One that does not fit by a single frame, no frames for labels, none for none.
    for b, (time, count) in enumerate(((labels - 1, labels), (0, 2), (0, 0)), 2):
        frames[b], lengths[b] = time, count
    return logits, targets, frames, lengths


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("dtype,tolerance", [(torch.float64, 1e-9), (torch.float32, 2e-5)])
def test_value_and_gradient(seed, dtype, tolerance):
    logits, targets, frames, labels = draw(seed, dtype=dtype)
    one, other = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    found, expected = loss(one, targets, frames, labels), peer(other, targets, frames, labels)
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
    assert found.isinf().sum() >= 2 and found[4] == 0
    weights = torch.linspace(-1, 1, len(frames), dtype=dtype)
    (grad,) = torch.autograd.grad(found, one, weights)
    # Where targets do not fit the peer's gradient is NaN, unless it is told otherwise.
    wanted = torch.autograd.grad(peer(other, targets, frames, labels, zero_infinity=True), other, weights)[0]
    torch.testing.assert_close(grad, wanted, rtol=tolerance, atol=tolerance)


def test_targets_that_do_not_fit():
    """The loss is infinite, as the peer's; the gradient is 0, as its with `zero_infinity`."""
    logits, targets = (each[:3] for each in draw(0)[:2])
    targets[:] = 2
    frames, labels = torch.tensor([5, 4, 3]), torch.tensor([3, 3, 3])
    found = loss(logits.requires_grad_(), targets, frames, labels)
    expected = peer(logits, targets, frames, labels)
    assert found.isinf().tolist() == expected.isinf().tolist() == [False, True, True]
    (grad,) = torch.autograd.grad(found.sum(), logits)
    assert torch.isfinite(grad).all()
    (wanted,) = torch.autograd.grad(peer(logits, targets, frames, labels, zero_infinity=True).sum(), logits)
    torch.testing.assert_close(grad[0], wanted[0], rtol=1e-9, atol=1e-9)
    assert (grad[1:] == 0).all() and (wanted[1:] == 0).all()


def test_the_best_alignment_is_one_of_the_labels():
    """Its labels without repeats and blanks are the target, its score the best of all alignments."""
    logits, targets, frames, labels = draw(3)
    logp = logits.log_softmax(-1)
    best = CTC.torch.argmax(logp, targets, lengths={"T": frames, "L": labels})
    for b, path in enumerate(best.path()):
        if best.value[b].isinf():
            assert b in (2, 3) and not path
            continue
        # Step of table Y at (t, l): frame t - 1 is label l; of B: it is a blank.
        classes = {s.index[0]: 0 if s.table == "B" else int(targets[b, s.index[1] - 1])
                   for s in path if s.table in "BY" and s.index[0]}  # fmt: skip
        assert sorted(classes) == list(range(1, int(frames[b]) + 1))
        spelled = [classes[t] for t in sorted(classes)]
        merged = [c for c, before in zip(spelled, [None, *spelled]) if c != before and c]
        assert merged == targets[b, : labels[b]].tolist()
        score = sum((logp[b, t - 1, c] for t, c in classes.items()), logp.new_zeros(()))
        torch.testing.assert_close(score, best.value[b], rtol=1e-12, atol=1e-12)
