"""Between the flat vector in which NUTS moves and the random variables of the model."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.model.parameters import HALF, ZERO_SUM, ParameterSet

Floats = NDArray[np.float64]

JITTER = 1.0
"""Chains start within this distance of the centre of every coordinate."""


@dataclass(frozen=True)
class Coordinates:
    """Blocks of standard noise, in the order of the flat vector.

    Parameters
    ----------
    shapes : mapping of block name to tuple of int
        Of the random variables, in order.
    """

    shapes: Mapping[str, tuple[int, ...]]

    @property
    def free(self) -> dict[str, tuple[int, ...]]:
        """Shape of every block on the unbounded scale: one that sums to zero has one coordinate less in its last axis."""
        return {name: (*shape[:-1], shape[-1] - 1) if name.startswith(ZERO_SUM) else shape
                for name, shape in self.shapes.items()}

    @property
    def n(self) -> int:
        """Length of the flat vector."""
        return sum(int(np.prod(shape)) for shape in self.free.values())

    def blocks(self, points: Floats) -> dict[str, Floats]:
        """Random variables of points on the unbounded scale.

        Parameters
        ----------
        points : array, shape (..., n)

        Returns
        -------
        dict of block name to array, shape (..., *shape of the block)
        """
        free = self.free
        cuts = np.cumsum([int(np.prod(shape)) for shape in free.values()])[:-1]
        return {name: _bounded(name, piece.reshape(*points.shape[:-1], *free[name]))
                for name, piece in zip(free, np.split(points, cuts, axis=-1), strict=True)}

    def start(self, seed: int) -> Floats:
        """A place for a chain to begin, shape (n,): the centre and a uniform step in every coordinate."""
        return np.random.default_rng(seed).uniform(-JITTER, JITTER, self.n)


def coordinates(parameters: ParameterSet) -> Coordinates:
    """Coordinates of the sampled parameters of a model."""
    return Coordinates({name: members[0].shape if name.startswith(ZERO_SUM) else (sum(p.size for p in members),)
                        for name, members in parameters.noise_blocks().items()})


def _bounded(name: str, free: Floats) -> Floats:
    """Values of a block: PyMC's log transform of what is positive, its projection of what sums to zero."""
    if name == HALF:
        return np.exp(free)
    if not name.startswith(ZERO_SUM):
        return free
    n = free.shape[-1] + 1
    total = free.sum(-1, keepdims=True)
    shift = total / (np.sqrt(n) + n)
    return np.concatenate([free, shift - total / np.sqrt(n)], axis=-1) - shift
