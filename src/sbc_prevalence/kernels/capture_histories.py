"""Histories of people on several lists, the log-linear terms of their dependence, and decomposable graphs."""

import itertools
from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Lists = tuple[int, ...]


@cache
def histories(n_lists: int) -> NDArray[np.int64]:
    """Every history, shape (2^n_lists, n_lists): 1 where a person is on the list.

    In the order of binary numbers, the first list the highest digit, so that nobody's history (on no list) comes
    first: 000, 001, 010, 011, ...
    """
    return np.array(list(itertools.product((0, 1), repeat=n_lists)), dtype=np.int64)


@cache
def dependence_terms(n_lists: int) -> tuple[Lists, ...]:
    """Sets of two or more lists whose dependence can be told from counts: all but that of all lists together.

    With two lists there is none left, so the single pair is kept: it must be stated.
    """
    largest = max(n_lists - 1, 2)
    return tuple(
        lists for size in range(2, largest + 1) for lists in itertools.combinations(range(n_lists), size)
    )


@cache
def effect_design(n_lists: int) -> Floats:
    """Design of the log probability of a history, shape (2^n_lists, n_lists + n_terms).

    Columns are those of the lists, then of :func:`dependence_terms`, each the product of +1/2 (on the list) and
    -1/2. The coefficient of a list is then the log odds to be on it, and that of a pair the log odds ratio of the
    two, both midway between the states of all other lists; a higher term is the change of the one below.
    """
    signs = histories(n_lists) - 0.5
    sets = [(j,) for j in range(n_lists)] + list(dependence_terms(n_lists))
    return np.column_stack([signs[:, list(lists)].prod(axis=1) for lists in sets])


@dataclass(frozen=True)
class DecomposableGraphs:
    """All decomposable graphs on some lists: which pairs depend on each other, given the rest.

    Parameters
    ----------
    edges : tuple of tuple of pair
        Joined lists of each graph.
    sets : tuple of tuple of int
        Sets of lists that occur as clique or separator, the empty set among them.
    coefficients : array, shape (n_graphs, n_sets)
        How often each set counts: once for a clique, minus once for a separator. The log marginal likelihood of a
        graph is the sum of coefficient times that of the set.
    """

    edges: tuple[tuple[Lists, ...], ...]
    sets: tuple[Lists, ...]
    coefficients: NDArray[np.int64]


@cache
def decomposable_graphs(n_lists: int) -> DecomposableGraphs:
    """Every decomposable graph on ``n_lists`` lists: 2, 8, 61 and 822 of them for 2, 3, 4 and 5 lists."""
    pairs = list(itertools.combinations(range(n_lists), 2))
    found: list[tuple[tuple[Lists, ...], Counter[Lists]]] = []
    for size in range(len(pairs) + 1):
        for edges in itertools.combinations(pairs, size):
            counted = _cliques_less_separators(n_lists, edges)
            if counted is not None:
                found.append((edges, counted))
    sets = tuple(sorted({s for _, counted in found for s in counted}, key=lambda s: (len(s), s)))
    table = np.array([[counted[s] for s in sets] for _, counted in found], dtype=np.int64)
    return DecomposableGraphs(tuple(edges for edges, _ in found), sets, table)


def _cliques_less_separators(n_lists: int, edges: tuple[Lists, ...]) -> Counter[Lists] | None:
    """Cliques minus separators by a search of greatest cardinality; None if the graph is not decomposable.

    Each list in turn is joined to its earlier neighbours, which must all be joined: it brings the set with itself
    and takes away the set without.
    """
    near = {j: {a if b == j else b for a, b in edges if j in (a, b)} for j in range(n_lists)}
    counted: Counter[Lists] = Counter()
    seen: set[int] = set()
    while len(seen) < n_lists:
        j = max((j for j in range(n_lists) if j not in seen), key=lambda j: (len(near[j] & seen), -j))
        earlier = near[j] & seen
        if any(b not in near[a] for a, b in itertools.combinations(earlier, 2)):
            return None
        counted[tuple(sorted(earlier | {j}))] += 1
        counted[tuple(sorted(earlier))] -= 1
        seen.add(j)
    return counted
