"""Standardised rates of observed counts: printed examples, closed forms, and what is refused."""

import numpy as np
import pytest
from scipy import stats

from sbc_prevalence.data.standards import standard_weights
from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.estimators.standardise import byar_interval, crude_rate, directly_standardised_rate
from sbc_prevalence.grid import AgeBands

EVENTS, PERSONS, WEIGHTS = (5, 20, 40), (10_000, 8_000, 4_000), (50_000, 30_000, 20_000)


def test_the_printed_example_with_dobsons_interval():
    found = directly_standardised_rate(EVENTS, PERSONS, WEIGHTS)
    assert float(found.rate) == pytest.approx(300.0, abs=1e-10)
    assert (round(float(found.lower), 3), round(float(found.upper), 3)) == (230.989, 383.022)


def test_byars_limits_of_sixty_five():
    lower, upper = byar_interval(65)
    assert (round(float(lower), 4), round(float(upper), 4)) == (50.1632, 82.8491)


def test_the_rate_of_downs_syndrome_in_fifth_and_later_births_of_michigan():
    """Fay and Feuer (1997), Table II: 75.52901 per 100,000."""
    found = directly_standardised_rate(
        (0, 8, 63, 112, 262, 295), (327, 30666, 123419, 149919, 104088, 34392),
        (319933, 931318, 786511, 488235, 237863, 61313))
    assert float(found.rate) == pytest.approx(75.52901, abs=5e-6)


@pytest.mark.parametrize("events", [10, 40, 200, 1000])
def test_byars_limits_are_close_to_the_exact_ones(events):
    exact = stats.chi2.ppf(0.025, 2 * events) / 2, stats.chi2.ppf(0.975, 2 * events + 2) / 2
    np.testing.assert_allclose(byar_interval(events), exact, rtol=3e-3)


def test_a_population_with_the_standards_ages_has_its_crude_rate():
    events, weights = np.array([3, 9, 33]), np.array([5000, 3000, 2000])
    standardised, crude = directly_standardised_rate(events, weights, weights), crude_rate(events, weights)
    assert float(standardised.rate) == pytest.approx(float(crude.rate), rel=1e-12)
    assert float(standardised.lower) == pytest.approx(float(crude.lower), rel=1e-12)
    assert float(standardised.upper) == pytest.approx(float(crude.upper), rel=1e-12)


def test_leading_axes_are_areas_or_years():
    both = directly_standardised_rate(np.array([EVENTS, (1, 0, 2)]), PERSONS, WEIGHTS)
    assert both.rate.shape == (2,)
    assert float(both.rate[0]) == pytest.approx(300.0)
    assert np.isnan(both.lower[1])
    assert np.isnan(both.upper[1])


def test_nobody_affected_has_a_lower_bound_of_nought():
    found = crude_rate((0, 0), (1000, 2000))
    assert float(found.rate) == 0.0
    assert float(found.lower) == 0.0
    assert 0 < float(found.upper) < 200


@pytest.mark.parametrize(("events", "persons", "weights"), [
    ((-1, 2), (10, 10), (1, 1)), ((1, 2), (0, 10), (1, 1)), ((0, 2), (0, 10), (1, 1)),
    ((1, 2), (10, 10), (1, 1, 1)), ((1, 2), (10, 10), (0, 0)), ((np.nan, 2), (10, 10), (1, 1))])
def test_what_cannot_be_standardised_is_refused(events, persons, weights):
    with pytest.raises(EvidenceError):
        directly_standardised_rate(events, persons, weights)


def test_the_european_standard_in_four_bands():
    bands = AgeBands(("0-49", "50-64", "65-79", "80+"))
    np.testing.assert_array_equal(standard_weights(bands), [61_000, 19_500, 14_500, 5_000])


def test_a_band_that_begins_inside_one_of_the_standard_is_refused():
    with pytest.raises(EvidenceError, match="whole bands of the standard population") as raised:
        standard_weights(AgeBands(("0-51", "52-64", "65+")))
    assert raised.value.problems[0].code == "E-AGE-NEST"


def test_a_table_of_another_kind_is_no_standard():
    with pytest.raises(EvidenceError, match="standard population"):
        standard_weights(AgeBands(("0-49", "50+")), "scotland_deaths")


@pytest.mark.parametrize("labels", [("0-49",), ("5-49", "50+"), ("0-49", "55+"), ("0-49", "45+"), ("0-49", "50-64"),
                                    ("0-49", "fifty")])
def test_bands_that_do_not_cover_all_ages_once_are_refused(labels):
    with pytest.raises(EvidenceError) as raised:
        AgeBands(labels)
    assert raised.value.problems[0].code == "E-AGE-BANDS"


def test_bands_hold_the_narrower_ones_that_lie_inside_them():
    bands = AgeBands(("0-49", "50-64", "65+"))
    assert [bands.place(text) for text in ("<5", "45-49", "50-54", "60-64", "67", "90+")] == [0, 0, 1, 1, 2, 2]
    assert [bands.place(text) for text in ("45-54", "60+", "<65")] == [None, None, None]
