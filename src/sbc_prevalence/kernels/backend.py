"""One formula, two engines: the array namespace in which a kernel is written, here for NumPy."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Namespace = Any
"""A namespace with the functions of `NUMPY`; the model passes one made of PyTensor's."""

Array = Any
"""An array of the namespace in use: ``numpy.ndarray`` or a symbolic tensor."""


def _generalised_gamma(z: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    from sbc_prevalence.kernels.generalised_gamma import hazards_of_draws

    lead = np.broadcast_shapes(z.shape[:-1], np.shape(q))
    rows = np.ascontiguousarray(np.broadcast_to(z, (*lead, z.shape[-1])), dtype=float).reshape(-1, z.shape[-1])
    shapes = np.ascontiguousarray(np.broadcast_to(q, lead), dtype=float).reshape(-1)
    return np.asarray(hazards_of_draws(rows, shapes)).reshape(*lead, z.shape[-1])


NUMPY = SimpleNamespace(
    exp=np.exp,
    log=np.log,
    log1p=np.log1p,
    expm1=np.expm1,
    sqrt=np.sqrt,
    maximum=np.maximum,
    where=np.where,
    cumsum=np.cumsum,
    concatenate=np.concatenate,
    stack=np.stack,
    zeros_like=np.zeros_like,
    ones_like=np.ones_like,
    sum=np.sum,
    prod=np.prod,
    gammaln=special.gammaln,
    sigmoid=special.expit,
    logsumexp=lambda x, axis: special.logsumexp(x, axis=axis),
    convolve=None,
    generalised_gamma=_generalised_gamma,
    unflatten=lambda x, shape: x.reshape(*x.shape[:-1], *shape),
)
