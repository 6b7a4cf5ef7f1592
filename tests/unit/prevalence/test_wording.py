"""What the report says follows from what went in, and promises no table that is not there."""

from dataclasses import replace

import numpy as np
import pytest
from estimates_factory import estimates, fitted_from_priors

from sbc_prevalence.prevalence import estimate
from sbc_prevalence.prevalence.wording import (
    NOT_REPEATED,
    _projection,
    own_studies,
    repetition_words,
    survival_origin,
)
from small_study import small_inputs


def inputs_with(marks):
    inputs = small_inputs()
    return replace(inputs, arrays={**inputs.arrays, "study_own": np.asarray(marks, dtype=float)})


def test_survival_is_called_elsewhere_only_where_it_is():
    n = len(small_inputs().studies)
    assert survival_origin(inputs_with([0] * n)) == "published survival elsewhere"
    own = inputs_with([1, *[0] * (n - 1)])
    first = small_inputs().studies[0]
    assert own_studies(own) == [first]
    assert survival_origin(own) == (
        f"survival under the same health system ({first}) and published survival elsewhere")
    alone = inputs_with([1] * n)
    assert "elsewhere" not in survival_origin(alone)
    est = estimate(fitted_from_priors(12, inputs=alone))
    told = est.describe_words()
    assert "elsewhere" not in told["what_they_do_not"]
    assert "elsewhere" not in est.rests_on("T", 2015, "living")


def test_sentences_promise_no_repetition_that_was_not_made():
    told = estimates().describe_words()
    assert not any("table of" in text or "also shown" in text for text in told.values())
    alone = repetition_words(told, ())
    assert NOT_REPEATED in alone["what_they_do_not"]
    repeated = repetition_words(told, {"survival family", "area spread"})
    assert "under other survival families." in repeated["what_they_do_not"]
    assert "also shown under other spreads" in repeated["boards_rest_on"]
    assert NOT_REPEATED not in repeated["what_they_do_not"]


@pytest.mark.parametrize("with_population", [True, False])
def test_missing_rates_are_explained(with_population):
    inputs = small_inputs()
    if not with_population:
        inputs = replace(inputs, population=None)
    told = estimate(fitted_from_priors(12, inputs=inputs)).describe_words()
    assert ("rates" in told) is not with_population


def test_one_projected_year_is_spoken_of_in_the_singular():
    inputs = small_inputs()
    for years, said in ((1, "2019 is projected: no deaths were available for it."),
                        (2, "2019 to 2020 are projected: no deaths were available for them.")):
        grid = replace(inputs.grid, last_year=inputs.grid.last_data_year + years)
        est = estimate(fitted_from_priors(12))
        told = _projection(replace(est, fitted=replace(est.fitted, inputs=replace(inputs, grid=grid))))
        assert told.startswith(said)
