"""torch-struct and pytorch-crf."""

import torch


def struct_chain(w, what):
    """Full potentials by torch-struct: its chain of T + 1 positions."""
    from torch_struct import LinearChainCRF

    w = torch.from_numpy(w)

    def call():
        if what == "forward":
            return {"value": LinearChainCRF(w).partition.detach().numpy()}
        if what == "path":
            parts = LinearChainCRF(w).argmax
            return {"value": (parts * w).sum((1, 2, 3)).detach().numpy()}
        chain = LinearChainCRF(w.clone().requires_grad_())
        value = chain.partition
        return {"value": value.detach().numpy(), "grad": chain.marginals.detach().numpy()}

    return call


def crf(emit, trans, start, what):
    """Shared transitions by pytorch-crf, which is time-major inside."""
    from torchcrf import CRF

    states = emit.shape[2]
    model = CRF(states, batch_first=False)
    with torch.no_grad():
        model.transitions.copy_(torch.from_numpy(trans))
        model.start_transitions.copy_(torch.from_numpy(start))
        model.end_transitions.zero_()
    emissions = torch.from_numpy(emit).transpose(0, 1).contiguous()
    mask = torch.ones(emissions.shape[:2], dtype=torch.bool)

    def call():
        if what == "forward":
            with torch.no_grad():
                return {"value": model._compute_normalizer(emissions, mask).numpy()}
        if what == "path":
            return {"path": model.decode(emissions, mask)}
        x = emissions.detach().requires_grad_()
        value = model._compute_normalizer(x, mask)
        by_emit, by_trans = torch.autograd.grad(value.sum(), (x, model.transitions))
        return {"value": value.detach().numpy(), "grad.emit": by_emit.transpose(0, 1).numpy(),
                "grad.trans": by_trans.numpy()}  # fmt: skip

    return call
