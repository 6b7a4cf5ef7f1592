"""Completeness by area, with the regime of the area drawn, and the sentence on what it rests on."""

import numpy as np
import pytest
from estimates_factory import fitted_from_priors

from completeness_study import audit, inputs_of, model_with, registrations, survey
from sbc_prevalence.evidence import CompletenessPrior, CompletenessStep
from sbc_prevalence.model.observing.regimes import regime_probabilities
from sbc_prevalence.prevalence import estimate
from sbc_prevalence.prevalence.completeness import COMPLETENESS_COLUMNS, completeness_by_area

KNOWN = CompletenessPrior("known", value=0.85)


def fitted(kind, *pieces, n=40):
    return fitted_from_priors(n, model=model_with(kind), inputs=inputs_of(*pieces))


def test_areas_that_do_not_differ_have_one_row_together():
    table = completeness_by_area(fitted("by_source", registrations(completeness=KNOWN)))
    assert tuple(table.columns) == COMPLETENESS_COLUMNS
    assert table["area_code"].tolist() == ["T", "T"]
    assert (table[["median", "lower", "upper"]] == 0.85).all(axis=None)


def test_areas_that_differ_have_a_row_each_and_say_which_was_audited():
    table = completeness_by_area(fitted(
        "hierarchical", registrations(presentations=["recurrent"]), audit(("B", "recurrent", "register", 40, 20))))
    assert table["area_code"].tolist() == ["A", "B", "C"]
    assert table["own_audit"].tolist() == [False, True, False]
    assert (table["lower"] < table["median"]).all()
    assert table["registered"].sum() > 0


def test_a_step_has_a_row_of_its_own():
    table = completeness_by_area(fitted("by_source", registrations(
        presentations=["recurrent"], steps=(CompletenessStep(2014, "a new form"),))))
    assert table["from_year"].isna().tolist() == [True, False]
    assert table["from_year"].iloc[1] == 2014
    assert table["median"].iloc[0] != table["median"].iloc[1]


def test_regimes_have_the_probabilities_of_the_draws():
    fit = fitted("regime", registrations(presentations=["recurrent"], completeness=None), survey())
    table = completeness_by_area(fit).set_index("area_code")
    assert table["answer"].tolist() == ["full", "partial", "no_answer"]
    flat = {name: value.reshape(-1, *value.shape[2:]) for name, value in fit.parameters.items()}
    expected = regime_probabilities(fit.model, flat, fit.inputs).mean(0)
    found = table[["probability_full", "probability_partial", "probability_none"]].to_numpy(float)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(("kind", "pieces", "said"), [
    ("by_source", (registrations(completeness=KNOWN),), "register recurrent: 85 %, taken as known."),
    ("by_source", (registrations(),), "a prior, informed only as far as"),
    ("hierarchical", (registrations(), audit(("B", "recurrent", "register", 40, 20))), "audits or validations in 1 area"),
    ("by_source", (registrations(), audit(("T", "recurrent", "register", 40, 20))), "of several areas together"),
    ("regime", (registrations(completeness=None), survey()), "1 in full, 1 in part, 0 not at all, 1 without an answer"),
    ("by_source", (registrations(steps=(CompletenessStep(2014, "x"),)),), "changes in 2014"),
])
def test_the_report_says_what_completeness_rests_on(kind, pieces, said):
    words = estimate(fitted(kind, *pieces, n=8)).describe_words()["completeness"]
    assert said in words
    assert "constant in time" in words


def test_without_registrations_nothing_is_said_of_completeness():
    assert "completeness" not in estimate(fitted_from_priors(8)).describe_words()
