"""Estimates by age: parts sum to the total in every draw, standardised rates are what they say."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from estimates_factory import GROUPED, estimates, fitted_from_priors, with_areas

from sbc_prevalence.data.standards import standard_weights
from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.grid import AGE_AT_DIAGNOSIS, AGE_BAND
from sbc_prevalence.kernels.convolution import living_by_duration
from sbc_prevalence.kernels.lexis import living_by_attained_age
from sbc_prevalence.prevalence import Estimates, estimate
from small_study import BY_AGE, a_model, small_inputs_by_age

SPLITS = [(), ("area",), ("group",), ("presentation",), ("year",), ("area", "presentation", "year")]


@cache
def est(index_date: str | None = None) -> Estimates:
    inputs = with_areas(GROUPED, small_inputs_by_age())
    return estimate(fitted_from_priors(model=a_model(ages=BY_AGE), inputs=inputs), index_date=index_date)


@pytest.mark.parametrize("index_date", [None, "2016-02-29"])
@pytest.mark.parametrize("basis", ["expected", "realised"])
@pytest.mark.parametrize("by", SPLITS, ids="-".join)
def test_ages_sum_to_the_total_in_every_draw(by, basis, index_date):
    for axis in (AGE_BAND, AGE_AT_DIAGNOSIS):
        whole, parts = (est(index_date).point_prevalence(split, basis=basis).values()[0] for split in
                        (by, (*by, axis)))
        np.testing.assert_allclose(parts.sum(2), whole[:, :, 0], rtol=1e-10)
    whole, parts = (est(index_date).newly_diagnosed(split, basis=basis).values()[0] for split in (by, (*by, AGE_BAND)))
    np.testing.assert_allclose(parts.sum(2), whole[:, :, 0], rtol=1e-10)


@pytest.mark.parametrize("index_date", [None, "2016-06-30"])
def test_areas_sum_to_the_whole_in_every_band(index_date):
    parts = est(index_date).point_prevalence(("area", AGE_BAND), basis="expected").values()[0]
    whole = est(index_date).point_prevalence(AGE_BAND, basis="expected").values()[0]
    np.testing.assert_allclose(parts.sum(1), whole[:, 0], rtol=1e-10)


def test_nobody_living_is_younger_than_at_diagnosis():
    attained, diagnosed = (est().point_prevalence((axis, "year"), basis="expected").values()[0][:, 0, :, 0, :, 0]
                           for axis in (AGE_BAND, AGE_AT_DIAGNOSIS))
    older = np.cumsum(attained[:, ::-1], 1) - np.cumsum(diagnosed[:, ::-1], 1)
    assert np.all(older >= -1e-9)


def test_attained_ages_are_those_of_the_lexis_kernel_where_single_ages_are_uniform_in_a_band():
    """With ages spread evenly within their bands the separate kernel of `kernels.lexis` gives the same people."""
    inputs = with_areas(GROUPED, small_inputs_by_age())
    starts = inputs.ages.bands.starts
    from sbc_prevalence.kernels.lexis import bands_after

    ends = (*starts[1:], 101)
    uniform = np.stack([((np.arange(101) >= low) & (np.arange(101) < high)).astype(float)
                        for low, high in zip(starts, ends, strict=True)])
    after = np.stack([bands_after(uniform, starts, inputs.n_years)] * 2)
    inputs = replace(inputs, ages=replace(inputs.ages, after=after))
    model = a_model(ages=BY_AGE)
    fitted = fitted_from_priors(8, model=model, inputs=inputs)
    found = estimate(fitted).point_prevalence((AGE_BAND, "year"), basis="expected").values()[0][:, 0, :, 0, :, 0]
    p = {name: values.reshape(-1, *values.shape[2:]) for name, values in fitted.parameters.items()}
    latent, n = model.latent(p, inputs), inputs.n_years
    cases = latent["incidence"].sum(-2)[:, :, None] * latent["age_mix"]
    s, m = np.arange(n)[:, None], np.arange(n)[None, :]
    by_duration = latent["alive_by_age"][..., s, np.minimum(s + m, n - 1)] * (s + m < n)
    people = np.stack([[[living_by_duration(cases[d, k, a], by_duration[d, k, a]) for a in range(4)]
                        for k in range(2)] for d in range(cases.shape[0])])
    expected = living_by_attained_age(people, starts).sum((1, -1))
    window = slice(inputs.grid.first_reported_year - inputs.grid.first_year, None)
    np.testing.assert_allclose(found, expected[..., window], rtol=1e-8)


def with_people(shares, *, of=None) -> Estimates:
    """Estimates in a population with given shares of the bands."""
    known = (of or est()).fitted.inputs
    total = known.ages.population.sum(1, keepdims=True)
    ages = replace(known.ages, population=total * np.asarray(shares)[None, :, None])
    return replace(est(), fitted=replace(est().fitted, inputs=replace(known, ages=ages)))


def test_a_population_with_the_standards_ages_has_its_crude_rate():
    weights = standard_weights(est().fitted.inputs.ages.bands)
    inside = with_people(weights / weights.sum())
    for quantity, crude in (("newly_diagnosed", inside.newly_diagnosed), ("living", inside.point_prevalence)):
        for by in ("nation", "area", ("area", "year")):
            rate = inside.age_standardised_rate(quantity, by).values()[0]
            people = inside.population_by_age(crude(by).codes, crude(by).values()[1]).sum(1)
            expected = crude(by, basis="expected").values()[0][:, :, 0, 0, :, 0] / people * 1e5
            np.testing.assert_allclose(rate, expected, rtol=1e-9)


def test_a_standardised_rate_is_the_weighted_sum_of_the_rates_of_its_bands():
    rates = est().newly_diagnosed((AGE_BAND, "area"), basis="expected", per_100k=True).values()[0][:, :, :, 0, 0, 0]
    weights = standard_weights(est().fitted.inputs.ages.bands)
    found = est().age_standardised_rate("newly_diagnosed", "area").values()[0][..., 0]
    np.testing.assert_allclose(found, rates @ weights / weights.sum(), rtol=1e-12)
    low, mid, high = (est().age_standardised_rate("newly_diagnosed", "area").table()[c].to_numpy()
                      for c in ("lower", "median", "upper"))
    np.testing.assert_allclose(mid, np.median(found, 0))
    assert np.all((low < mid) & (mid < high))


def test_an_older_population_with_the_same_rates_has_the_same_standardised_rate():
    young, old = with_people((0.7, 0.15, 0.1, 0.05)), with_people((0.5, 0.2, 0.2, 0.1))
    one = young.age_standardised_rate("living").values()[0]
    rates = young.point_prevalence(AGE_BAND, basis="expected", per_100k=True).values()[0]
    again = old.point_prevalence(AGE_BAND, basis="expected", per_100k=True).values()[0]
    scaled = rates * np.array([0.7, 0.15, 0.1, 0.05])[None, None, :, None, None, None] / np.array(
        [0.5, 0.2, 0.2, 0.1])[None, None, :, None, None, None]
    np.testing.assert_allclose(again, scaled, rtol=1e-10)
    assert np.all(one > 0)


def test_tables_by_age_name_their_bands_and_their_kind_of_age():
    table = est().point_prevalence(("area", AGE_BAND)).table()
    assert list(table[AGE_BAND].unique()) == list(BY_AGE.bands)
    assert AGE_AT_DIAGNOSIS in est().point_prevalence(AGE_AT_DIAGNOSIS).table()
    assert AGE_BAND not in est().point_prevalence("area").table()
    draws = est().point_prevalence((AGE_BAND, "presentation")).draws
    assert draws.dims == ("chain", "draw", "age_band", "presentation")
    assert list(draws["age_band"].values) == list(BY_AGE.bands)
    assert "0-49" in repr(est().point_prevalence(AGE_BAND))
    est().point_prevalence(AGE_BAND).plot()


@pytest.mark.parametrize("by", [(AGE_BAND, "duration"), (AGE_BAND, AGE_AT_DIAGNOSIS)])
def test_splits_that_cannot_be_had_are_refused(by):
    with pytest.raises(EvidenceError):
        est().point_prevalence(by)


def test_a_fit_without_ages_says_how_to_get_them():
    with pytest.raises(EvidenceError, match="age bands"):
        estimates().point_prevalence(AGE_BAND).table()
    with pytest.raises(EvidenceError, match="population by age"):
        estimates().population_by_age(("T",), (2015,))
    with pytest.raises(EvidenceError, match="not split by presentation"):
        est().age_standardised_rate("living", "presentation")
    with pytest.raises(EvidenceError, match="not known"):
        est().age_standardised_rate("deaths")


def test_deaths_by_age_are_shown_with_ages_together():
    table = est().deaths_fit()
    assert not table.duplicated(["area_code", "year"]).any()
    rows = est().fitted.inputs.deaths_frame
    assert table["observed"].sum() == rows["count_lower"].sum()
    np.testing.assert_allclose(table["median"] > 0, True)


def test_the_size_of_a_chunk_changes_nothing():
    from sbc_prevalence.prevalence.draws import compute, flattened

    fitted = fitted_from_priors(20, model=a_model(ages=BY_AGE), inputs=small_inputs_by_age())
    p, _, _ = flattened(fitted.parameters)
    options = {"years": (2012, 2018), "index_year": 2016, "fraction": 0.4, "seed": 3}
    one, other = (compute(fitted.model, fitted.inputs, p, chunk=chunk, **options).ages for chunk in (20, 7))
    for name in ("newly_diagnosed", "attained", "at_diagnosis", "attained_on", "at_diagnosis_on"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12)
        np.testing.assert_array_equal(getattr(one, f"{name}_rep"), getattr(other, f"{name}_rep"))
