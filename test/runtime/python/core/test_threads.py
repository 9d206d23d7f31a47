"""One long instance computed by several threads."""

import danskin
import numpy as np
import pytest

LONG = {
    "dtw": {"x": (700, 2), "y": (513, 2)},
    "viterbi": {"emit": (40, 130), "trans": (130, 130), "start": (130,)},
}



@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("reg", ["hard", "entropy"])
def test_threads_give_the_same_bits(draw, name, reg):
    program = danskin.zoo.load(name, reg)
    inputs = [draw.normal(size=shape).astype("f4") for shape in LONG[name].values()]
    before = danskin.get_num_threads()
    try:
        results = []
        for count in (1, 2, 7):
            danskin.set_num_threads(count)
            results.append([program.numpy(*inputs), *program.numpy.grad(*inputs)])
    finally:
        danskin.set_num_threads(before)
    for each in results[1:]:
        for mine, alone in zip(each, results[0], strict=True):
            np.testing.assert_array_equal(mine, alone)
