"""A real fit of a simulated register: survival of the population is found from registration on, and is not otherwise."""

import numpy as np
import pytest

from patient_worlds import register
from sbc_prevalence.evidence import EvidenceBundle, PatientSurvival
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.posterior.compiled import compile_model
from sbc_prevalence.posterior.fit import fit
from small_study import AREAS, a_model, bundle

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
DEATH, REGISTRATION, YEARS, MIDDLE = 0.3, 1.5, 8, 2013
TRUE = -np.expm1(-DEATH * YEARS) / DEATH
TOGETHER = DEATH + REGISTRATION
NAIVE = (TOGETHER * TRUE + DEATH * np.expm1(-TOGETHER * YEARS) / TOGETHER) / REGISTRATION
"""Mean years lived in the first eight: everybody's, and of those registered alive timed from diagnosis."""


def laid_out(people):
    records = PatientSurvival.from_frame(
        people, population="described", name="register", source="a register", as_of="2030-12-31")
    evidence = EvidenceBundle(*bundle().pieces, records)
    return lay_out(evidence, evidence.align(AREAS, last_year=2020, backcast_years=8, recurrence_lag_years=8))


def test_mean_survival_is_found_from_registration_on():
    people = register(3600, 21, death=DEATH, registration=REGISTRATION, followed=YEARS)
    model, honest = a_model(), laid_out(people)
    compiled = compile_model(model, honest)
    found = {}
    for name, inputs in (("from registration", honest), ("from diagnosis", laid_out(people.assign(entry_years=0.0)))):
        usable = compiled if compiled.fits(model, inputs) else None
        fitted = fit(model, inputs, seed=5, draws=400, tune=400, progress=False, compiled=usable, target_accept=0.99)
        s = MIDDLE - inputs.grid.first_year
        assert inputs.n_years - s == YEARS
        found[name] = np.concatenate([part["alive"][:, 0, s, s:].sum(-1) for part in fitted.latent()])
    low, high = np.quantile(found["from registration"], [0.005, 0.995])
    assert low < TRUE < high
    assert high - low < 0.35
    assert np.quantile(found["from diagnosis"], 0.005) > TRUE
    assert np.median(found["from diagnosis"]) == pytest.approx(NAIVE, rel=0.03)
