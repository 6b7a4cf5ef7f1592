"""Areas that resemble their neighbours: an intrinsic conditional autoregression on the components of a map."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components


def neighbour_matrix(n_areas: int, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Symmetric adjacency of areas.

    Parameters
    ----------
    n_areas : int
    pairs : int array, shape (n_pairs, 2)
        Places of two neighbours; the order within a pair and repetitions do not matter.

    Returns
    -------
    array, shape (n_areas, n_areas)
        1 between neighbours, 0 elsewhere and on the diagonal.
    """
    matrix = np.zeros((n_areas, n_areas))
    if pairs.size:
        matrix[pairs[:, 0], pairs[:, 1]] = matrix[pairs[:, 1], pairs[:, 0]] = 1.0
    np.fill_diagonal(matrix, 0.0)
    return matrix


def structured_basis(adjacency: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Basis of the scaled intrinsic autoregression, component by component.

    Within each connected component of two or more areas the effects sum to zero and the geometric mean of their
    variances is 1, so that one spread means the same in every component. A single island has no structured effect.

    Parameters
    ----------
    adjacency : array, shape (n_areas, n_areas)

    Returns
    -------
    basis : array, shape (n_areas, n_areas - n_components)
        ``basis @ z`` with standard normal z is one draw.
    is_island : bool array, shape (n_areas,)

    References
    ----------
    Riebler et al. (2016), doi:10.1177/0962280216660421; Freni-Sterrantino, Ventrucci, Rue (2018),
    doi:10.1016/j.sste.2018.04.002.
    """
    n = adjacency.shape[0]
    n_components, label = connected_components(adjacency, directed=False)
    pieces = []
    for component in range(n_components):
        inside = np.flatnonzero(label == component)
        if inside.size == 1:
            continue
        block = adjacency[np.ix_(inside, inside)]
        values, vectors = np.linalg.eigh(np.diag(block.sum(1)) - block)
        basis = vectors[:, 1:] / np.sqrt(values[1:])
        basis /= np.exp(np.mean(np.log((basis**2).sum(1)))) ** 0.5
        placed = np.zeros((n, inside.size - 1))
        placed[inside] = basis
        pieces.append(placed)
    basis = np.concatenate(pieces, axis=1) if pieces else np.zeros((n, 0))
    return basis, np.bincount(label, minlength=n_components)[label] == 1
