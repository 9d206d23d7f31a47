"""What the tests share."""

import numpy as np
import pytest


@pytest.fixture
def draw(request):
    """A random generator of each test's own."""
    return np.random.default_rng(sum(map(ord, request.node.name)))
