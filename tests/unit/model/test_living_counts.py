"""Flagged counts in the model: whom they count, the base population, and worlds from which they are recovered."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.evidence import AccuracyPrior, LivingCounts
from sbc_prevalence.evidence.bundle import EvidenceBundle
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.simulate import simulate_world
from small_study import a_model, bundle, grid_of, prior_draws, small_inputs

ROWS = [("T", "2016-12-31", 600, 60_000), ("T", "2017-12-31", 620, 61_000)]


def with_counts(rows: list[tuple[Any, ...]] = ROWS, definition: Any = "coded_in_year", **more: Any) -> Any:
    frame = pd.DataFrame(rows, columns=["area_code", "index_date", "count", "base_population"]).assign(**more)
    piece = LivingCounts.from_frame(
        frame, name="flags.csv", definition=definition, sensitivity=AccuracyPrior(found=175, of=184),
        specificity=AccuracyPrior(found=8_370, of=8_440, window=definition), source="codes", as_of="2024-12-31")
    evidence = EvidenceBundle(*bundle().pieces, piece)
    return lay_out(evidence, grid_of(evidence))


def flags(inputs: Any) -> Any:
    return next(o for o in inputs.observations if o.counts_living)


def seen_by(inputs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    model = a_model()
    p = prior_draws(model, inputs, 3)
    return p, model.observed(p, inputs)


def test_coded_in_a_calendar_year_is_the_living_before_it_and_the_new_of_it():
    inputs = with_counts()
    _, seen = seen_by(inputs)
    at = [2016 - inputs.grid.first_year, 2017 - inputs.grid.first_year]
    whole = seen["living"][..., 0, :]
    expected = whole[..., [t - 1 for t in at]] + seen["incidence"][..., 0, :].sum(-2)[..., at]
    np.testing.assert_allclose(flags(inputs).people(seen, inputs), expected)


def test_coded_in_the_year_equals_the_living_and_the_dead_of_the_year():
    inputs = with_counts()
    _, seen = seen_by(inputs)
    at = [2016 - inputs.grid.first_year, 2017 - inputs.grid.first_year]
    balance = seen["living"][..., 0, :][..., at] + seen["deaths"][..., 0, :][..., at]
    np.testing.assert_allclose(flags(inputs).people(seen, inputs), balance, rtol=1e-9)


def test_a_financial_year_lies_between_the_two_calendar_years():
    calendar = with_counts()
    financial = with_counts([("T", "2017-03-31", 600, 60_000), ("T", "2017-12-31", 620, 61_000)])
    (_, seen), (_, other) = seen_by(calendar), seen_by(financial)
    ends, between = flags(calendar).people(seen, calendar), flags(financial).people(other, financial)[..., 0]
    np.testing.assert_allclose(between, ends[..., 0] + (90 / 365) * (ends[..., 1] - ends[..., 0]), rtol=1e-12)


def test_nobody_is_flagged_in_error_beyond_the_base_and_the_likelihood_stays_finite():
    inputs = with_counts([("T", "2016-12-31", 3, 5)])
    p, seen = seen_by(inputs)
    assert (flags(inputs).expected(p, seen, inputs) > 0).all()
    for value in flags(inputs).terms(p, seen, inputs).values():
        assert np.isfinite(value).all()


def test_a_count_that_contradicts_its_specificity_is_a_poor_fit_and_no_crash():
    inputs = with_counts([("T", "2016-12-31", 40, 60_000)])
    p, seen = seen_by(inputs)
    agreeing = with_counts([("T", "2016-12-31", 1_200, 60_000)])
    poor, good = (flags(i).terms(p, seen, i)["flags_csv"] for i in (inputs, agreeing))
    assert np.isfinite(poor).all()
    assert (poor < good).all()


def test_ages_are_summed_before_they_are_compared():
    parts = with_counts([("T", "2016-12-31", 200, 20_000), ("T", "2016-12-31", 400, 40_000)], age_band=["<65", "65+"])
    a, b = parts.arrays, with_counts(ROWS[:1]).arrays
    for word in ("values", "base", "level", "year"):
        np.testing.assert_array_equal(a[f"flags_csv_{word}"], b[f"flags_csv_{word}"])


def test_an_uncertain_base_brings_one_error_for_all_rows():
    inputs = with_counts(base_lower=[50_000, 50_000], base_upper=[72_000, 74_000])
    model = a_model()
    assert "base_error_flags_csv" in model.parameters(inputs).names
    assert "base_error_flags_csv" not in model.parameters(with_counts()).names
    p = dict(prior_draws(model, inputs, 4000))
    base = flags(inputs).base(p, inputs)
    np.testing.assert_allclose(np.quantile(base[:, 0], [0.025, 0.975]), [50_000, 72_000], rtol=0.03)


def test_a_date_before_the_study_is_refused():
    first = grid_of(bundle()).first_year
    with pytest.raises(EvidenceError, match="E-INDEX-DATE"):
        with_counts([("T", f"{first + 1}-12-31", 3, 5)])
    with_counts([("T", f"{first + 1}-12-31", 3, 5)], definition="alive_on_date")


def test_worlds_scatter_around_what_the_model_expects():
    inputs = with_counts(base_lower=[50_000, 50_000], base_upper=[72_000, 74_000])
    model = a_model()
    parameters = {k: v[0] for k, v in prior_draws(model, inputs, 1).items()}
    expected = flags(inputs).expected(parameters, model.observed(parameters, inputs), inputs)
    drawn = np.array([simulate_world(model, inputs, k, parameters=parameters).inputs.arrays["flags_csv_values"][:, 0]
                      for k in range(200)])
    error = drawn.std(0) / np.sqrt(200)
    assert (np.abs(drawn.mean(0) - expected) < 4.5 * error).all()


def test_the_small_study_keeps_its_counts():
    assert flags(small_inputs(area_evidence=True)).name == "snapshot"
