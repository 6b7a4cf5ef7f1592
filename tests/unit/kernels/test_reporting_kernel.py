"""What a register holds by a date: closed forms against quadrature, and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from sbc_prevalence.kernels.reporting import held, year_exposure
from sbc_prevalence.model.likelihood import net_change_loglik

CUTS = (0.0, 1.0, 2.5)
HAZARDS = np.array([1.2, 0.8, 0.3])
ETA = np.array(0.7)


def arrived(x):
    widths = np.clip(np.asarray(x)[..., None] - np.array(CUTS), 0, np.diff([*CUTS, np.inf]))
    return np.where(np.asarray(x) > 0, 1 - np.exp(-(widths * HAZARDS).sum(-1)), 0.0)


@pytest.mark.parametrize("since", [0.2, 0.999, 1.0, 1.25, 2.0, 3.3, 9.0])
def test_shares_held_are_the_integrals_over_the_year_of_diagnosis(since):
    found = held(year_exposure([since], CUTS), HAZARDS, ETA)
    points = sorted({max(since - c, 0.0) for c in CUTS if 0 < since - c < 1})
    for value, curve in ((found.arrived, arrived), (found.wrong, lambda x: arrived(x) * np.exp(-ETA * x))):
        exact = integrate.quad(lambda v, f=curve: float(f(since - v)), 0, min(since, 1.0), points=points or None)[0]
        assert value[0] == pytest.approx(exact, abs=1e-10)


def test_in_the_end_everybody_has_arrived_and_nobody_is_wrong():
    found = held(year_exposure([60.0], CUTS), HAZARDS, ETA)
    np.testing.assert_allclose([found.arrived[0], found.wrong[0]], [1.0, 0.0], atol=1e-6)


hazard = st.floats(0.05, 5.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(hazard, min_size=3, max_size=3), hazard, st.floats(0.05, 12.0), st.floats(0.01, 3.0))
def test_more_time_never_holds_fewer_and_sooner_arrival_never_fewer(hazards, eta, since, later):
    exposed = year_exposure([since, since + later], CUTS)
    found = held(exposed, np.array(hazards), np.array(eta))
    assert found.arrived[1] >= found.arrived[0] - 1e-12
    assert (held(exposed, 1.3 * np.array(hazards), np.array(eta)).arrived >= found.arrived - 1e-12).all()
    assert (found.wrong <= found.arrived + 1e-12).all()
    assert ((found.arrived >= 0) & (found.arrived <= np.minimum([since, since + later], 1.0) + 1e-12)).all()


def test_net_changes_without_dispersion_are_skellam():
    net = np.arange(-8.0, 12.0)
    added, removed = np.full(net.size, 3.0), np.full(net.size, 2.0)
    found = net_change_loglik(net, added, np.full(net.size, 1e7), removed, 64)
    np.testing.assert_allclose(found, stats.skellam.logpmf(net, 3.0, 2.0), atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 60.0), st.floats(0.5, 200.0), st.floats(0.01, 12.0))
def test_net_changes_are_a_distribution(added, size, removed):
    net = np.arange(-90.0, 900.0)
    ones = np.ones(net.size)
    total = np.exp(net_change_loglik(net, added * ones, size * ones, removed * ones, 128)).sum()
    assert total == pytest.approx(1.0, abs=2e-3)


def test_net_changes_of_many_draws_are_those_of_each():
    rng = np.random.default_rng(3)
    added, size, removed = (rng.uniform(1, 9, (5, 4)) for _ in range(3))
    net = np.array([0.0, -2.0, 5.0, 1.0])
    together = net_change_loglik(net, added, size, removed, 48)
    apart = [net_change_loglik(net, added[i], size[i], removed[i], 48) for i in range(5)]
    np.testing.assert_allclose(together, apart)
