"""PyTorch as a host: `Program.torch`.

Three layers. `kernels` calls an entry on tensors as they lie in memory. `ops`
makes of each entry an operator of torch.library, with shapes for tracing and a
rule for vmap. `functions` has the derivatives: value, gradient, Hessian-product,
and then an error.
"""

from .host import TorchHost

__all__ = ["TorchHost"]
