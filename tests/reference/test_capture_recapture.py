"""Capture-recapture to the printed digits of Rcapture, dga and the publications; no code of theirs is used."""

import itertools

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.estimators.capture_recapture import all_pairs, chao_lower_bound, chapman, log_linear
from sbc_prevalence.estimators.decomposable_average import GammaPoissonPrior, average_over_graphs
from sbc_prevalence.kernels.capture_histories import decomposable_graphs

ROME = {
    "1110": 3, "1101": 1, "1100": 33, "1010": 20, "1001": 6, "1000": 403, "0111": 3, "0110": 35, "0101": 10,
    "0100": 545, "0011": 11, "0010": 621, "0001": 205, "1111": 0, "1011": 0}
"""HIV in Rome, four lists."""
SPINA_BIFIDA = dict(zip(("001", "010", "011", "100", "101", "110", "111"), (60, 49, 4, 247, 112, 142, 12), strict=True))
KOSOVO = dict(zip(
    ("".join(h) for h in itertools.product("10", repeat=4)),
    (27, 32, 42, 123, 18, 31, 106, 306, 181, 217, 228, 936, 177, 845, 1131), strict=False))
"""Killings in Kosovo, four lists."""
FIVE_LISTS = dict(zip(
    [f"{k:05b}" for k in range(1, 32)],
    (27, 37, 19, 4, 4, 1, 1, 97, 22, 37, 25, 2, 1, 3, 5, 83, 36, 34, 18, 3, 5, 0, 2, 30, 5, 23, 8, 0, 3, 0, 2),
    strict=True))
"""The five-list example of Madigan and York."""
HARES = dict(zip(
    ("".join(h) for h in itertools.product("01", repeat=6)),
    (0, 3, 6, 0, 5, 1, 0, 0, 3, 2, 3, 0, 0, 1, 0, 0, 4, 2, 3, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
     4, 1, 1, 1, 2, 0, 2, 0, 4, 0, 3, 0, 1, 0, 2, 0, 2, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 0, 0, 1, 2), strict=True))
PILOT = {"1x": 508, "x1": 484, "11": 430}
"""NCIN pilot of 2011: found in registry data and in cancer waits, of 598 with metastatic disease in truth."""
PUBLISHED = GammaPoissonPrior(shape=13.14, scale=55.17)


def frame(counts):
    return pd.DataFrame({"history": [h for h in counts if set(h) != {"0"}],
                         "count": [n for h, n in counts.items() if set(h) != {"0"}]})


@pytest.mark.parametrize(("interactions", "total", "se", "deviance", "aic", "interval"), [
    ((), 11_124.6, 904.8, 13.026, 90.062, (9_531.7, 13_114.1)),
    ([(1, 2)], 12_318.5, 1_188.7, 7.614, 86.65, (10_266.0, 14_992.3)),
    (all_pairs(4), 23_443.5, 9_594.9, None, None, None)])
def test_hiv_in_rome(interactions, total, se, deviance, aic, interval):
    found = log_linear(frame(ROME), interactions=interactions)
    assert found.listed == 1896
    assert round(found.total, 1) == total
    assert round(found.se, 1) == se
    if interval is not None:
        assert round(found.deviance, 3) == deviance
        assert round(found.aic, 2) == round(aic, 2)
        assert (round(found.lower, 1), round(found.upper, 1)) == interval


@pytest.mark.parametrize(("interactions", "total", "se", "deviance"), [
    ((), 763.9, 20.6, None), ([(2, 3)], 730.9, 17.0, 3.86), ([(2, 3), (1, 2)], 758.3, 25.5, 0.003)])
def test_spina_bifida_under_one_model(interactions, total, se, deviance):
    reversed_lists = {h[::-1]: n for h, n in SPINA_BIFIDA.items()}
    for table, numbered in ((SPINA_BIFIDA, interactions),
                            (reversed_lists, [(4 - b, 4 - a) for a, b in interactions])):
        found = log_linear(frame(table), interactions=numbered)
        assert found.listed == 626
        assert round(found.total, 1) == total
        assert round(found.se, 1) == se
        assert deviance is None or found.deviance == pytest.approx(deviance, abs=5e-3 if deviance > 1 else 5e-4)


def test_spina_bifida_averaged_with_the_prior_of_madigan_and_york():
    found = average_over_graphs(frame(SPINA_BIFIDA), prior=PUBLISHED, unlisted=range(1, 301))
    assert round(found.mean, 2) == 733.45
    assert (found.median, found.lower, found.upper) == (731, 682, 797)
    assert [round(p, 3) for p in found.models["probability"].iloc[:4]] == [0.374, 0.310, 0.282, 0.035]
    assert found.models["probability"].iloc[4:].max() < 1e-6
    assert found.models["model"].iloc[3] == "1:2, 1:3, 2:3"


def test_spina_bifida_averaged_with_the_default_prior():
    found = average_over_graphs(frame(SPINA_BIFIDA), unlisted=range(1, 301))
    assert round(found.mean, 2) == 733.72
    assert (found.median, found.lower, found.upper) == (732, 682, 798)


def test_without_a_limit_the_average_is_over_every_total_that_has_weight():
    found = average_over_graphs(frame(SPINA_BIFIDA), prior=PUBLISHED)
    assert found.mean == pytest.approx(733.45, abs=0.4)
    assert (found.median, found.lower, found.upper) == (731, 682, 797)
    assert found.probability.sum() == pytest.approx(1)


def test_five_lists_averaged():
    found = average_over_graphs(frame(FIVE_LISTS), cell_weight=0.5, unlisted=range(1, 301))
    assert found.listed == 537
    assert round(found.mean, 1) == 617.8
    assert (found.median, found.lower, found.upper) == (616, 588, 655)


@pytest.mark.parametrize(("n_lists", "n_graphs"), [(2, 2), (3, 8), (4, 61), (5, 822)])
def test_there_are_as_many_decomposable_graphs_as_are_known(n_lists, n_graphs):
    assert len(decomposable_graphs(n_lists).edges) == n_graphs


def test_killings_in_kosovo():
    independent, pairs = log_linear(frame(KOSOVO)), log_linear(frame(KOSOVO), interactions=all_pairs(4))
    assert independent.listed == 4400
    assert (round(independent.total, 1), round(independent.se, 1)) == (7_394.6, 129.6)
    assert (round(pairs.total), round(pairs.se)) == (14_402, 1_051)


@pytest.mark.parametrize(("options", "total", "se"), [
    ({"alike": True}, 75.4, 3.5), ({}, 75.1, 3.4), ({"alike": True, "heterogeneity": "chao"}, 79.8, 6.4),
    ({"heterogeneity": "poisson2"}, 81.1, 5.6), ({"heterogeneity": "darroch"}, 90.5, None),
    ({"heterogeneity": "gamma3.5"}, 101.6, None), ({"leave_out": ("111111",)}, 76.8, 3.9)])
def test_snowshoe_hares_on_six_occasions(options, total, se):
    found = log_linear(frame(HARES), **options)
    assert found.listed == 68
    assert round(found.total, 1) == total
    assert se is None or round(found.se, 1) == se


def test_immigrants_found_once_twice_and_more_often():
    found = chao_lower_bound(pd.DataFrame({"times": [1, 2, 3, 4, 5, 6], "count": [1645, 183, 37, 13, 1, 1]}))
    assert round(found.total, 1) == 9_273.5
    assert round(found.se, 1) == 662.6
    assert (round(found.lower), round(found.upper)) == (8_088, 10_704)


def test_chapman():
    found = chapman(frame({"1x": 200, "x1": 150, "11": 100}))
    assert (round(found.total, 3), round(found.se, 3)) == (299.505, 12.077)


def test_independence_of_the_two_lists_of_the_pilot_misses_the_truth_of_598():
    found = log_linear(frame(PILOT))
    assert found.listed == 562
    assert found.total == pytest.approx(508 * 484 / 430)
    assert round(found.total, 1) == 571.8
    assert found.upper < 598
    assert found.total / 598 - 1 == pytest.approx(-0.044, abs=5e-4)
    assert np.isclose(found.total, log_linear(frame({"10": 78, "01": 54, "11": 430})).total)
