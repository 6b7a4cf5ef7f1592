"""Reporting delay, misclassification and certificate-only cases: published and closed-form numbers, to their digits."""

import numpy as np
import pytest

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.estimators.chain_ladder import chain_ladder
from sbc_prevalence.estimators.death_certificate_bias import certificate_only_bias
from sbc_prevalence.estimators.misclassification import classified, rogan_gladen
from sbc_prevalence.kernels.registration_flow import flows_by_year, registration_flow
from sbc_prevalence.kernels.survivorship import FIRST_NODES, LATER_NODES, survivorship


def sample(name):
    """A triangle of the package chainladder: the published one of Taylor and Ashe is "genins"."""
    package = pytest.importorskip("chainladder")
    return package, package.load_sample(name)


def plain(triangle):
    return triangle.to_frame(origin_as_datetime=False).to_numpy(dtype=float)


def test_taylor_ashe_factors_and_what_is_still_to_come():
    found = chain_ladder(plain(sample("genins")[1]))
    np.testing.assert_allclose(
        found.factors, [3.4906, 1.7473, 1.4574, 1.1739, 1.1038, 1.0863, 1.0539, 1.0766, 1.0177], atol=5e-5)
    assert round(found.total_still_to_come) == 18_680_856


def test_taylor_ashe_standard_errors_by_year_and_in_total():
    found = chain_ladder(plain(sample("genins")[1]))
    assert round(found.total_standard_error) == 2_447_095
    assert found.standard_error[0] == 0
    np.testing.assert_allclose(np.round(found.standard_error[1:]), [
        75_535, 121_699, 133_549, 261_406, 411_010, 558_317, 875_328, 971_258, 1_363_155], atol=0.5)


def test_the_chainladder_package_gives_the_same_on_another_triangle():
    cl, other = sample("abc")
    theirs = cl.MackChainladder().fit(
        cl.Development(average="volume", sigma_interpolation="mack").fit_transform(other))
    ours = chain_ladder(plain(other))
    assert ours.total_still_to_come == pytest.approx(float(theirs.ibnr_.sum()))
    assert ours.total_standard_error == pytest.approx(float(theirs.total_mack_std_err_.iloc[0, 0]))


def test_northern_irish_validation_of_hospital_codes():
    found = classified(184, 1028, 0.951, 0.992)
    assert round(found.true_positive) == 175
    assert round(found.false_positive) == 7
    people = classified(184, 1028, 175 / 184, 1 - 7 / 844)  # the published values are of whole people
    assert round(100 * people.positive_predictive_value, 2) == 96.15
    assert round(100 * people.negative_predictive_value, 2) == 98.94
    assert round(found.flagged) == 182


def test_rogan_gladen_gives_the_cases_back():
    found = rogan_gladen(182, 1028, 0.951, 0.992)
    assert round(found.cases, 1) == 184.3
    assert found.lower < 184 < found.upper
    again = rogan_gladen(182, 1028, 0.951, 0.992, sensitivity_of=184, specificity_of=844)
    assert again.lower < found.lower < found.upper < again.upper


def test_the_algorithm_trap_more_false_flags_than_true_ones_among_tens_of_thousands():
    found = classified(4_000, 60_000, 0.956, 0.919)
    assert found.false_positive > found.true_positive
    assert found.positive_predictive_value < 0.5


def test_a_negative_implied_count_is_said_and_does_not_crash():
    found = rogan_gladen(3_000, 60_000, 0.956, 0.919)
    assert found.cases < 0
    assert not found.possible
    assert "contradicts" in str(found)


@pytest.mark.parametrize(("se", "sp"), [(0.5, 0.5), (0.04, 0.09), (95.6, 0.9)])
def test_a_test_that_says_nothing_is_refused(se, sp):
    with pytest.raises(EvidenceError):
        rogan_gladen(10, 100, se, sp)


def test_a_triangle_may_fall_and_a_gap_in_it_is_refused():
    falling = np.array([[100.0, 120.0, 118.0], [90.0, 110.0, np.nan], [95.0, np.nan, np.nan]])
    found = chain_ladder(falling)
    assert found.factors[1] < 1
    assert found.share_arrived[1] > 1
    falling[0, 1] = np.nan
    with pytest.raises(EvidenceError, match="E-TRIANGLE-GAP"):
        chain_ladder(falling)


def test_brenner_certificate_only_bias():
    found = certificate_only_bias(0.50, 0.05, 0.15)
    np.testing.assert_allclose(
        np.round([100 * found.certificate_only, 100 * found.excluding, 100 * found.correcting], 3),
        [7.692, 52.778, 48.718])


def exponential(hazard):
    return lambda u: np.exp(-hazard * np.asarray(u))


def test_flow_numbers_of_competing_exponential_hazards():
    found = registration_flow(exponential(0.3), 1.5, 0.8, [1, 2, 5, np.inf])
    np.testing.assert_allclose(np.round(found.missing, 6), [0.165299, 0.027324, 0.000123, 0.0])
    np.testing.assert_allclose(np.round(found.lost, 6), [0.027823, 0.032423, 0.033329, 0.033333])
    np.testing.assert_allclose(np.round(found.known, 6), [0.806878, 0.940254, 0.966547, 0.966667])
    np.testing.assert_allclose(found.in_life[-1], 0.833333, atol=5e-7)


def test_yearly_flows_sum_to_those_of_single_times_and_balance():
    def survival(u):
        return np.exp(-((np.asarray(u) / 2.5) ** 0.8))

    n, r = 30, np.array(1.5)
    later = survival((np.arange(1, n)[:, None] + LATER_NODES).ravel()).reshape(n - 1, -1)
    registered, dead, missing = flows_by_year(survival(FIRST_NODES), later, r, n)
    before = np.append(1.0, missing[:-1])
    np.testing.assert_allclose(registered + dead + missing, before, atol=1e-12)
    whole = registration_flow(survival, 1.5, 0.8, [np.inf])
    assert registered.sum() == pytest.approx(whole.in_life[0], abs=1e-6)
    assert (dead > 0).all()
    fine = registration_flow(survival, 1.5, 0.8, np.linspace(0.0005, 0.9995, 1000))
    assert missing[0] == pytest.approx(fine.missing.mean(), abs=1e-5)
    assert registered[0] == pytest.approx(fine.in_life.mean(), abs=1e-5)


def test_without_registration_the_missing_are_the_living():
    later = exponential(0.3)((np.arange(1, 9)[:, None] + LATER_NODES).ravel()).reshape(8, -1)
    registered, _, missing = flows_by_year(exponential(0.3)(FIRST_NODES), later, np.array(0.0), 9)
    np.testing.assert_allclose(missing, survivorship(exponential(0.3), 9), rtol=1e-8)
    assert not registered.any()
