"""What holds of lists that overlap whatever their counts are."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.estimators.capture_recapture import all_pairs, chapman, log_linear
from sbc_prevalence.estimators.decomposable_average import average_over_graphs
from sbc_prevalence.estimators.dependent_lists import lists_with_dependence
from sbc_prevalence.evidence.priors import DependencePrior
from sbc_prevalence.kernels.capture_histories import dependence_terms, effect_design, histories

counts = st.integers(1, 400)
few = settings(max_examples=15, deadline=None)
many = settings(max_examples=60, deadline=None)


def frame(words, values):
    return pd.DataFrame({"history": words, "count": values})


def words_of(n_lists):
    return ["".join(map(str, row)) for row in histories(n_lists)[1:]]


@many
@given(st.integers(2, 5), st.data())
def test_probabilities_of_histories_sum_to_one_and_have_the_odds_ratios_that_they_were_given(n_lists, data):
    design = effect_design(n_lists)
    size = design.shape[1]
    values = np.array(data.draw(st.lists(st.floats(-2, 2), min_size=size, max_size=size)))
    values[n_lists:][[len(t) > 2 for t in dependence_terms(n_lists)]] = 0.0
    p = np.exp(design @ values)
    p = p / p.sum()
    for position, (j, k) in enumerate(itertools.combinations(range(n_lists), 2)):
        for others in itertools.product((0, 1), repeat=n_lists - 2):
            cell = {}
            for a, b in itertools.product((0, 1), repeat=2):
                word = list(others)
                word.insert(j, a)
                word.insert(k, b)
                cell[a, b] = p[int("".join(map(str, word)), 2)]
            ratio = cell[1, 1] * cell[0, 0] / (cell[0, 1] * cell[1, 0])
            assert np.log(ratio) == pytest.approx(values[n_lists + position], abs=1e-9)


@many
@given(st.integers(3, 5), st.data())
def test_the_dependence_of_all_lists_together_is_never_there(n_lists, data):
    design = effect_design(n_lists)
    values = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=design.shape[1], max_size=design.shape[1])))
    signs = (-1.0) ** histories(n_lists).sum(1)
    assert signs @ (design @ values) == pytest.approx(0.0, abs=1e-9)


@few
@given(st.lists(counts, min_size=7, max_size=7), st.permutations(range(3)))
def test_lists_in_another_order_give_the_same_total(values, order):
    words = words_of(3)
    turned = ["".join(word[j] for j in order) for word in words]
    place = {old: new + 1 for new, old in enumerate(order)}
    one = log_linear(frame(words, values), interactions=[(1, 2)])
    other = log_linear(frame(turned, values), interactions=[(place[0], place[1])])
    assert other.total == pytest.approx(one.total, rel=1e-6)
    assert other.upper == pytest.approx(one.upper, rel=1e-4)
    averaged = [average_over_graphs(frame(w, values)).mean for w in (words, turned)]
    assert averaged[0] == pytest.approx(averaged[1], rel=1e-9)


@few
@given(counts, counts, counts)
def test_two_independent_lists_give_the_product_of_the_lists_over_those_on_both(only_one, only_two, both):
    found = log_linear(frame(["10", "01", "11"], [only_one, only_two, both]))
    assert found.total == pytest.approx((only_one + both) * (only_two + both) / both, rel=1e-6)
    assert found.lower <= found.total <= found.upper
    less = chapman(frame(["10", "01", "11"], [only_one, only_two, both]))
    assert found.listed <= less.total <= found.total + 1


@few
@given(counts, counts, counts)
def test_margins_say_the_same_as_cells(only_one, only_two, both):
    cells = frame(["10", "01", "11"], [only_one, only_two, both])
    margins = frame(["1x", "x1", "xx"], [only_one + both, only_two + both, only_one + only_two + both])
    mixed = frame(["11", "x1", "1X"], [both, only_two + both, only_one + both])
    assert chapman(mixed) == chapman(cells)
    assert chapman(margins) == chapman(cells)
    with pytest.raises(EvidenceError, match="E-LISTS-CELLS"):
        chapman(margins.iloc[:2])


@few
@given(st.lists(counts, min_size=7, max_size=7))
def test_every_pair_dependent_fits_three_lists_exactly(values):
    found = log_linear(frame(words_of(3), values), interactions=all_pairs(3))
    assert found.residual_df == 0
    assert found.deviance == pytest.approx(0.0, abs=1e-6)
    even = [v for word, v in zip(words_of(3), values, strict=True) if word.count("1") % 2 == 0]
    odd = [v for word, v in zip(words_of(3), values, strict=True) if word.count("1") % 2 == 1]
    assert found.unlisted == pytest.approx(np.prod(odd, dtype=float) / np.prod(even, dtype=float), rel=1e-5)


@few
@given(st.lists(st.integers(20, 300), min_size=3, max_size=3), st.floats(0.5, 4.0))
def test_the_more_lists_are_believed_to_depend_the_more_people_are_on_neither(values, ratio):
    table = frame(["10", "01", "11"], values)
    totals = [lists_with_dependence(table, dependence=DependencePrior(r, r / 2, r * 2), draws=8000).median
              for r in (ratio, ratio * 3)]
    assert totals[0] < totals[1]


@few
@given(st.lists(st.integers(5, 300), min_size=7, max_size=7))
def test_probabilities_of_models_and_of_totals_sum_to_one(values):
    found = average_over_graphs(frame(words_of(3), values))
    assert found.models["probability"].sum() == pytest.approx(1)
    assert found.probability.sum() == pytest.approx(1)
    assert found.listed <= found.lower <= found.median <= found.upper
