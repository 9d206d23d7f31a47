"""A generator of each test's own. run_python.py runs these tests."""

import numpy as np
import pytest


@pytest.fixture
def draw(request):
    return np.random.default_rng(sum(map(ord, request.node.name)))
