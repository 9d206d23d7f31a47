"""JAX as a host: `Program.jax`.

`host` has what a person calls, `calls` says what a call is, `primitives` makes
JAX's primitives of it, `derivatives` and `batching` have their rules, `targets`
the functions that XLA calls.
"""

from . import batching, derivatives  # noqa: F401  their rules
from .host import JaxHost

__all__ = ["JaxHost"]
