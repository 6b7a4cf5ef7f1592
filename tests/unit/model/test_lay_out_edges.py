"""Extreme but honest input: no death at all, one year, one area."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sbc_prevalence.data.areas import load_areas
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.evidence import bundle_from_tables
from sbc_prevalence.model import NaturalHistoryIncidence, PrevalenceModel, lay_out
from sbc_prevalence.model.observation import one_word

TABLES = {
    "deaths": "scotland_deaths",
    "primary_registrations": "scotland_primary_registrations",
    "primary_age_profile": "scotland_primary_age_profile",
    "published_survival": "published_survival",
    "distant_recurrence": "distant_recurrence_seer",
    "other_cause_mortality": "other_cause_mortality_scotland",
}


def no_deaths(frame):
    return frame.assign(count="0")


def one_year(frame):
    return frame[frame["year"] == "2019"].reset_index(drop=True)


def shuffled(frame):
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


@pytest.mark.parametrize("change", [no_deaths, one_year, shuffled])
def test_every_piece_of_evidence_has_a_finite_log_likelihood(change):
    areas = load_areas("scotland_boards", total_code="S92000003", total_name="Scotland")
    tables = {kind: load_carried(name) for kind, name in TABLES.items()}
    tables["deaths"] = replace(tables["deaths"], frame=change(tables["deaths"].frame))
    bundle = bundle_from_tables([(kind, table, {}) for kind, table in tables.items()], areas)
    inputs = lay_out(bundle, bundle.align(areas))
    model = PrevalenceModel(incidence=NaturalHistoryIncidence(window_days=120))
    p = model.parameters(inputs).draw(np.random.default_rng(0), 5)
    terms = model.loglik_terms(p, inputs)
    assert set(terms) == {"deaths", "survival"}
    assert all(np.isfinite(term).all() for term in terms.values())


@pytest.mark.parametrize("name", ["tables/my registrations.csv", "a.b-c", "Ärzte (2024)"])
def test_the_name_of_a_file_becomes_one_word_of_the_model(name):
    assert re.fullmatch(r"\w+", one_word(name))
