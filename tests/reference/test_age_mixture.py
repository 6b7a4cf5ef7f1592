"""Evidence that does not tell ages apart sees the mixture of ages: survivors of all bands together."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from graph_functions import Graph
from patient_worlds import register
from sbc_prevalence.evidence import EvidenceBundle, LifeTableCells, PatientSurvival
from sbc_prevalence.model.lay_out import lay_out
from small_study import BY_AGE, ORIGIN, a_model, bundle, frames_by_age, grid_of, prior_draws

NAMES = ("register_of_patients", "cells_of_a_study")
PEOPLE = register(400, 4, shape=0.9, recurrent=0.6, ratio=1.4, followed=8.0)


@cache
def inputs(ages=BY_AGE):
    """The small study with every source whose evidence does not tell ages apart."""
    patients = PatientSurvival.from_frame(PEOPLE, name=NAMES[0], population="described", **ORIGIN)
    table = patients.frame.rename(columns={"person_years": "at_risk"}).assign(withdrawn=0.0)
    table = table.assign(at_risk=table["at_risk"].round() + table["deaths"] + 5)
    cells = LifeTableCells.from_frame(table, name=NAMES[1], population="study", **ORIGIN)
    evidence = EvidenceBundle(*bundle(source_evidence=True, tables=frames_by_age()).pieces, patients, cells)
    return lay_out(evidence, grid_of(evidence, backcast_years=8), ages=ages)


def only(inputs, band):
    """Everybody is in one band at diagnosis."""
    mix, usual = np.full((2, 4, inputs.n_years), 1e-300), np.full((2, 4), 1e-300)
    mix[:, band] = usual[:, band] = 1.0
    return replace(inputs.with_arrays({"age_mix": mix}), ages=replace(inputs.ages, mix_of_studies=usual))


def without_differences(p):
    n = p["hazard_trend"].size
    return {**p, "age_hazard_slope": np.zeros(n), "age_hazard_effect": np.zeros((n, 4)),
            "other_cause_multiplier": np.full(n, 1e-12)}


@pytest.mark.parametrize("family", ["weibull", "log_logistic"])
def test_survivors_among_records_are_those_of_all_bands_together(family):
    given, model = inputs(), a_model(family, ages=BY_AGE)
    p = prior_draws(model, given, 3)
    slope, effect = p["age_hazard_slope"], p["age_hazard_effect"]
    found = model.observed(p, given)["cells"]
    # a band alone has the hazard ratio of its age to that of the usual mix, which `only` would move
    assert given.ages is not None
    ages = given.ages
    mean = (ages.mix_of_studies.mean(0) * ages.middle_age).sum()
    shifted = {**p, "age_hazard_slope": np.zeros(3)}
    ratio = slope[:, None] * (ages.middle_age - mean) / 10.0 + effect
    alone = np.stack([
        [model.observed({**shifted, "age_hazard_effect": ratio}, only(given, band))["cells"][name] for name in NAMES]
        for band in range(4)])
    years = np.clip(np.floor(given.survival_cells.diagnosed).astype(int) - given.grid.first_year, 0, None)
    mix = model.ages.mix(p, given)[..., years]
    weights = (mix, np.broadcast_to(ages.mix_of_studies[None, :, :, None], mix.shape))
    for at, name in enumerate(NAMES):
        survivors = np.einsum("nkap,ankpe->nkpe", weights[at], np.exp(-alone[:, at]))
        np.testing.assert_allclose(np.exp(-found[name]), survivors, rtol=1e-9)


def test_ages_without_differences_leave_records_and_registration_in_competition_with_death_as_they_are():
    given, plain = inputs(), inputs(None)
    model = a_model(ages=BY_AGE)
    p = without_differences(prior_draws(model, given, 3))
    one, other = model.observed(p, given), replace(model, ages=None).observed(p, plain)
    for name in NAMES:
        np.testing.assert_allclose(one["cells"][name], other["cells"][name], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one["completeness"]["second_all"], other["completeness"]["second_all"], rtol=1e-9)
    (name,) = one["flows"]
    for mine, theirs in zip(one["flows"][name], other["flows"][name], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-15)


def test_the_old_die_before_they_are_registered():
    given, model = inputs(), a_model(ages=BY_AGE)
    p = prior_draws(model, given, 3) | {"age_hazard_slope": np.full(3, 0.3)}
    young, old = (model.observed(p, given.with_arrays({"age_mix": only(given, band).arrays["age_mix"]}))[
        "completeness"]["second_all"] for band in (0, 3))
    assert np.all(young > old)


def test_graph_and_numpy_agree_on_evidence_without_ages():
    given, model = inputs(), a_model(ages=BY_AGE)
    one, other = (Graph(model, given, fused=fused) for fused in (True, False))
    for values in one.points(3, seed=5):
        (logp, gradient), (logp_plain, gradient_plain) = (g.logp_and_gradient(values) for g in (one, other))
        assert logp == pytest.approx(logp_plain, rel=1e-9)
        np.testing.assert_allclose(gradient, gradient_plain, rtol=1e-7, atol=1e-9 * np.abs(gradient).max())
        blocks, potentials = one.noise_and_potentials(values)
        natural, _ = model.log_density_change(model.sampled(given).noise_by_name(blocks), given)
        terms = model.loglik_terms(natural, given)
        assert potentials["log_likelihood"] == pytest.approx(float(sum(terms.values())), rel=1e-9)
