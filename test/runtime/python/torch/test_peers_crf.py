"""The linear chain against pytorch-crf: normalizer, decoding and gradients."""

import pytest
import torch
import torchcrf

import danskin

BATCH, TIME, TAGS = 7, 6, 4


@pytest.fixture(params=range(5))
def case(request):
    torch.manual_seed(request.param)
    crf = torchcrf.CRF(TAGS, batch_first=True).double()
    for each in crf.parameters():
        torch.nn.init.normal_(each)
    lengths = torch.randint(1, TIME + 1, (BATCH,))
    lengths[0] = TIME
    emissions = torch.randn(BATCH, TIME, TAGS, dtype=torch.float64, requires_grad=True)
    return crf, emissions, lengths, torch.arange(TIME) < lengths[:, None]


def with_end(crf, emissions, lengths):
    """The chain of the zoo scores no last state: its score goes to the last emission."""
    last = torch.nn.functional.one_hot(lengths - 1, TIME).double()
    return emissions + last[..., None] * crf.end_transitions


def test_normalizer_and_gradients(case):
    crf, emissions, lengths, mask = case
    program = danskin.zoo.load("viterbi", "entropy")
    found = program.torch(with_end(crf, emissions, lengths), crf.transitions, crf.start_transitions,
                          lengths={"T": lengths})  # fmt: skip
    tags = torch.randint(0, TAGS, (BATCH, TIME))
    parameters = [emissions, *crf.parameters()]
    # What the peer answers is the likelihood: a score less the normalizer.
    likelihood = crf(emissions, tags, mask, reduction="none")
    score = crf._compute_score(emissions.transpose(0, 1), tags.t(), mask.t())
    expected = score - likelihood
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    weights = torch.linspace(0.5, 2, BATCH, dtype=torch.float64)
    for one, other in zip(torch.autograd.grad((weights * found).sum(), parameters),
                          torch.autograd.grad((weights * expected).sum(), parameters)):  # fmt: skip
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_decoding(case):
    crf, emissions, lengths, mask = case
    program = danskin.zoo.load("viterbi", "hard")
    best = program.torch.argmax(with_end(crf, emissions, lengths), crf.transitions, crf.start_transitions,
                                lengths={"T": lengths})  # fmt: skip
    paths = [[step.index[1] for step in reversed(path) if step.table == "A"] for path in best.path()]
    assert paths == crf.decode(emissions, mask)
