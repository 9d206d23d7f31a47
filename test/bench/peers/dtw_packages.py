"""Packages for dynamic time warping."""

import numpy as np


def tslearn_forward(d, gamma):
    from tslearn.metrics.softdtw_variants import SoftDTW

    d = d.astype("f8")
    return lambda: {"value": [SoftDTW(each, gamma).compute() for each in d]}


def tslearn_gradient(d, gamma):
    from tslearn.metrics.softdtw_variants import SoftDTW

    d = d.astype("f8")

    def call():
        values, gradients = np.empty(len(d)), np.empty(d.shape)
        for b, each in enumerate(d):
            solver = SoftDTW(each, gamma)
            values[b], gradients[b] = solver.compute(), solver.grad()
        return {"value": values, "grad": gradients}

    return call


def tslearn_features(x, y, gamma):
    from tslearn.metrics.softdtw_variants import SoftDTW, SquaredEuclidean

    x, y = x.astype("f8"), y.astype("f8")

    def call():
        values, gx = np.empty(len(x)), np.empty(x.shape)
        for b in range(len(x)):
            cost = SquaredEuclidean(x[b], y[b])
            solver = SoftDTW(cost.compute(), gamma)
            values[b] = solver.compute()
            gx[b] = cost.jacobian_product(solver.grad())
        return {"value": values, "grad.x": gx}

    return call


def softdtw_forward(d, gamma):
    from sdtw import SoftDTW

    d = d.astype("f8")
    return lambda: {"value": [SoftDTW(each, gamma).compute() for each in d]}


def softdtw_gradient(d, gamma):
    from sdtw import SoftDTW

    d = d.astype("f8")

    def call():
        values, gradients = np.empty(len(d)), np.empty(d.shape)
        for b, each in enumerate(d):
            solver = SoftDTW(each, gamma)
            values[b], gradients[b] = solver.compute(), solver.grad()
        return {"value": values, "grad": gradients}

    return call


def dtaidistance_path(x, y):
    """Of series of numbers; its distance is the root of the sum of squares."""
    from dtaidistance import dtw

    x, y = x.astype("f8"), y.astype("f8")

    def call():
        values = np.empty(len(x))
        for b in range(len(x)):
            path, distance = dtw.warping_path_fast(x[b], y[b], include_distance=True)
            values[b] = distance**2
        return {"value": values}

    return call


def pydtw_path(x, y):
    from pydtw import dtw1d

    x, y = x.astype("f8"), y.astype("f8")

    def call():
        values = np.empty(len(x))
        for b in range(len(x)):
            cost, *_ = dtw1d(x[b], y[b])
            values[b] = np.asarray(cost)[-1, -1]
        return {"cost": values}

    return call
