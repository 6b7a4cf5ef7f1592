"""The structured basis of a map: laws that hold for any map."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from sbc_prevalence.kernels.neighbours import neighbour_matrix, structured_basis


@st.composite
def maps(draw):
    n = draw(st.integers(1, 12))
    pairs = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=25))
    return neighbour_matrix(n, np.array([p for p in pairs if p[0] != p[1]], dtype=np.int64).reshape(-1, 2))


@settings(max_examples=60, deadline=None)
@given(maps())
def test_effects_sum_to_zero_in_every_component_and_are_scaled_there(adjacency):
    basis, island = structured_basis(adjacency)
    _, label = connected_components(adjacency, directed=False)
    variance = (basis**2).sum(1)
    for component in np.unique(label):
        inside = label == component
        if inside.sum() == 1:
            assert island[inside].all()
            assert variance[inside] == 0
        else:
            assert not island[inside].any()
            np.testing.assert_allclose(basis[inside].sum(0), 0.0, atol=1e-9)
            np.testing.assert_allclose(np.exp(np.log(variance[inside]).mean()), 1.0, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(maps(), st.randoms(use_true_random=False))
def test_permuting_areas_permutes_the_covariance(adjacency, random):
    order = list(range(adjacency.shape[0]))
    random.shuffle(order)
    basis, _ = structured_basis(adjacency)
    moved, _ = structured_basis(adjacency[np.ix_(order, order)])
    np.testing.assert_allclose(moved @ moved.T, (basis @ basis.T)[np.ix_(order, order)], atol=1e-8)


def test_the_precision_is_the_laplacian_of_the_map():
    """Three areas in a row: the pseudo-inverse of the Laplacian, scaled."""
    basis, _ = structured_basis(neighbour_matrix(3, np.array([[0, 1], [1, 2]])))
    laplacian = np.array([[1.0, -1, 0], [-1, 2, -1], [0, -1, 1]])
    covariance = np.linalg.pinv(laplacian)
    scale = np.exp(np.log(np.diag(covariance)).mean())
    np.testing.assert_allclose(basis @ basis.T, covariance / scale, atol=1e-12)


def test_neighbours_are_more_alike_than_areas_far_apart():
    basis, _ = structured_basis(neighbour_matrix(6, np.array([[i, i + 1] for i in range(5)])))
    covariance = basis @ basis.T
    assert covariance[0, 1] > covariance[0, 2] > covariance[0, 5]
