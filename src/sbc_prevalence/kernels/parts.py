"""Counts of people in parts that exclude each other: whole persons that sum exactly, the known as known."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def split_counts(counts: Counts, expected: Floats, rng: np.random.Generator) -> Counts:
    """Whole persons of a realised count by part.

    Given their number, independent Poisson persons fall into parts like a multinomial with the shares of the expected
    ones: the parts sum to the count, and the law of each is what it would be by itself.

    Parameters
    ----------
    counts : int array, shape (...)
        Realised persons.
    expected : array, shape (..., n_parts)
        Expected persons of each part. Where all are 0 the last part takes the count.
    rng : numpy.random.Generator

    Returns
    -------
    int array, shape (..., n_parts)
    """
    whole = expected.sum(-1, keepdims=True)
    last = np.zeros(expected.shape[-1])
    last[-1] = 1.0
    shares = np.where(whole > 0, expected / np.where(whole > 0, whole, 1.0), last)
    return np.asarray(rng.multinomial(counts, shares), dtype=np.int64)


def known_and_others(
    known: Counts, expected_known: Floats, expected_others: Floats, rng: np.random.Generator, *,
    frailty_shape: float | None = None,
) -> Counts:
    """Whole persons by part where one part is known: it enters as known, the others are drawn.

    Parameters
    ----------
    known : int array, broadcastable to (...)
        Persons of the known part.
    expected_known : array, shape (...)
        Expected persons of it.
    expected_others : array, shape (..., n_parts)
        Expected persons of each other part.
    rng : numpy.random.Generator
    frailty_shape : float, optional
        Shape q of a gamma frailty of mean 1 that all parts share. Given the known it is Gamma(q + known,
        q + expected_known); without it the known say nothing more of the others than the expected ones do.

    Returns
    -------
    int array, shape (..., 1 + n_parts)
        The known part first. Its sum is nowhere below `known`.
    """
    first = np.broadcast_to(np.asarray(known, dtype=np.int64), expected_known.shape)
    means = expected_others
    if frailty_shape is not None:
        means = means * rng.gamma(frailty_shape + first, 1.0 / (frailty_shape + expected_known))[..., None]
    return np.concatenate([first[..., None], rng.poisson(means)], axis=-1)
