"""Two-phase validation: exact where everything is examined, the classical estimate at its maximum."""

import numpy as np
import pytest
from scipy import optimize, special

from completeness_study import inputs_of, model_with, one, registrations, sample, validation
from sbc_prevalence.estimators.two_phase import two_phase_completeness
from sbc_prevalence.evidence import CompletenessStep
from sbc_prevalence.kernels.backend import NUMPY
from sbc_prevalence.model.observing import ValidatedSample

NAME = "register_recurrent_sample"
MODEL = model_with("by_source")


def study(*strata, **more):
    return inputs_of(registrations(presentations=["recurrent"], completeness=None, **more),
                     validation(sample("A", "recurrent", *strata)))


def piece_of(inputs):
    return next(o for o in inputs.observations if isinstance(o, ValidatedSample))


def loglik(inputs, c, share=-1.0, other=0.0, true=None):
    fixed = {"completeness_register_recurrent": c, f"validation_true_share_{NAME}": [special.expit(share)],
             f"validation_other_strata_{NAME}": np.atleast_2d(other)}
    if true is not None:
        fixed[f"validation_true_strata_{NAME}"] = np.atleast_2d(true)
    return float(MODEL.loglik_terms(one(MODEL, inputs, **fixed), inputs)[NAME])


def test_where_every_record_is_examined_the_sample_is_an_audit():
    """Its likelihood in completeness is the binomial of the true cases, whatever the records are like."""
    inputs = study(("registered", "yes", 90, 90, 80), ("not registered", "no", 900, 900, 40))
    for share, other in ((-1.0, 0.5), (0.3, -2.0)):
        found = loglik(inputs, 0.7, share, other) - loglik(inputs, 0.5, share, other)
        binomial = 80 * np.log(0.7 / 0.5) + 40 * np.log(0.3 / 0.5)
        assert found == pytest.approx(binomial, rel=1e-9)


def test_the_maximum_of_the_likelihood_is_the_classical_estimate():
    """Two strata: 200 records in the source, 50 examined, 45 true; 3,000 outside it, 300 examined, 9 true."""
    inputs = study(("registered", "yes", 200, 50, 45), ("not registered", "no", 3000, 300, 9))
    best = optimize.minimize(lambda x: -loglik(inputs, special.expit(x[0]), x[1], x[2]), [0.0, -1.0, 0.0], tol=1e-10)
    expected = 200 * 45 / 50 / (200 * 45 / 50 + 3000 * 9 / 300)
    assert expected == pytest.approx(2 / 3)
    assert special.expit(best.x[0]) == pytest.approx(expected, abs=1e-4)


def test_a_suspicious_stratum_outside_the_source_is_a_stratum_of_its_own():
    strata = (("registered", "yes", 200, 50, 45), ("coded", "no", 120, 60, 30), ("neither", "no", 3000, 300, 3))
    inputs = study(*strata)
    assert piece_of(inputs).inside == (True, False, False)

    def minus(x):
        return -loglik(inputs, special.expit(x[0]), x[1], [x[2], x[3]], [x[4]])

    best = optimize.minimize(minus, np.zeros(5), tol=1e-10, options={"maxiter": 2000})
    expected = two_phase_completeness(
        *(np.array([row[i] for row in strata]) for i in (2, 3, 4)), np.array([True, False, False]))
    assert special.expit(best.x[0]) == pytest.approx(180 / (180 + 60 + 30), abs=1e-4)
    assert expected.completeness == pytest.approx(180 / 270)


def test_it_is_drawn_from_its_own_likelihood():
    inputs = study(("registered", "yes", 200, 50, 45), ("coded", "no", 120, 60, 30), ("neither", "no", 3000, 300, 3))
    p = one(MODEL, inputs, 3, completeness_register_recurrent=0.6)
    seen, piece, rng = MODEL.observed(p, inputs), piece_of(inputs), np.random.default_rng(1)
    drawn = [piece.simulate(p, seen, inputs, lambda word: rng) for _ in range(3000)]
    true, other = (np.exp(cell) for cell in piece._log_cells(p, seen, inputs, NUMPY))
    assert (true + other).sum() == pytest.approx(1.0)
    records = np.mean([d[f"{NAME}_records"] for d in drawn], 0)
    np.testing.assert_allclose(records, 3320 * (true + other), rtol=0.02, atol=0.3)
    examined, cases = (np.sum([d[f"{NAME}_{word}"] for d in drawn], 0) for word in ("examined", "true"))
    np.testing.assert_allclose(cases / examined, true / (true + other), atol=0.02)
    assert all(d[f"{NAME}_records"].sum() == 3320 for d in drawn[:20])


def test_areas_of_a_table_have_records_of_their_own():
    rows = [sample(area, "recurrent", ("registered", "yes", 100 * n, 50, 40), ("not registered", "no", 900, 90, 3))
            for area, n in (("A", 1), ("B", 2))]
    inputs = inputs_of(registrations(presentations=["recurrent"], completeness=None), validation(*rows[::-1]))
    assert piece_of(inputs).n_groups == 2
    np.testing.assert_array_equal(inputs.arrays[f"{NAME}_records"], [100, 900, 200, 900])
    np.testing.assert_array_equal(inputs.arrays[f"{NAME}_level"], [0, 0, 1, 1])
    p = one(MODEL, inputs)
    assert p[f"validation_true_share_{NAME}"].shape == (2,)
    assert np.isfinite(MODEL.loglik_terms(p, inputs)[NAME])


def test_the_classical_interval_is_that_of_a_binomial_where_all_is_examined():
    found = two_phase_completeness(np.array([90, 900]), np.array([90, 900]), np.array([80, 40]), np.array([True, False]))
    assert found.completeness == pytest.approx(2 / 3)
    logit_se = np.sqrt(1 / 80 + 1 / 40)
    assert found.lower == pytest.approx(special.expit(special.logit(2 / 3) - 1.959964 * logit_se), rel=2e-3)


def test_the_classical_interval_covers_as_often_as_it_says():
    rng, hits = np.random.default_rng(8), 0
    size, share = np.array([400, 300, 4000]), np.array([0.8, 0.4, 0.01])
    examined, inside = np.array([100, 100, 1000]), np.array([True, False, False])
    truth = (size * share)[0] / (size * share).sum()
    for _ in range(2000):
        true = rng.binomial(size, share)
        cases = rng.hypergeometric(true, size - true, examined)
        found = two_phase_completeness(size, examined, cases, inside)
        hits += found.lower <= truth <= found.upper
    assert 0.92 < hits / 2000 < 0.985


def test_with_steps_a_sample_speaks_of_the_year_of_its_cases():
    rows = [sample("A", "recurrent", ("registered", "yes", 100, 50, 40), ("not registered", "no", 900, 90, 3)).assign(
        year=year) for year in (2012, 2016)]
    inputs = inputs_of(registrations(presentations=["recurrent"], completeness=None,
                                     steps=(CompletenessStep(2014, "a new form"),)), validation(*rows))
    assert piece_of(inputs).by_year
    p = one(MODEL, inputs, completeness_register_recurrent=0.5, completeness_step_register_recurrent=[2.0])
    true, _ = piece_of(inputs)._log_cells(p, MODEL.observed(p, inputs), inputs, NUMPY)
    ratio = true[[0, 2]] - true[[1, 3]]
    np.testing.assert_allclose(ratio, [0.0, 2.0], atol=1e-6)
