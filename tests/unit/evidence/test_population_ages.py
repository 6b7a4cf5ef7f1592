"""A population in all beside one by age: each is used for what it gives, and they must agree."""

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.data.areas import area_set_from
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.evidence import EvidenceBundle, Population, bundle_from_tables
from sbc_prevalence.evidence.ages import population_by_age
from sbc_prevalence.evidence.consistency import problems
from sbc_prevalence.grid import AgeBands
from small_study import AREAS, ORIGIN, SCOTLAND, bundle, frames, frames_by_age

BANDS = AgeBands(("0-49", "50-64", "65-79", "80+"))


def whole_by_age(factor: float = 1.0) -> pd.DataFrame:
    people = frames_by_age()["population"].groupby(["year", "age_band"], as_index=False)["population"].sum()
    return people.assign(area_code="T", population=(people["population"] * factor).astype(int))


def with_ages(factor: float = 1.0) -> EvidenceBundle:
    whole = frames()["population"].groupby("year", as_index=False)["population"].sum().assign(area_code="T")
    totals = Population.from_frame(pd.concat([frames()["population"], whole]), name="totals", **ORIGIN)
    others = [p for p in bundle().pieces if not isinstance(p, Population)]
    return EvidenceBundle(totals, Population.from_frame(whole_by_age(factor), name="ages", **ORIGIN), *others)


def test_ages_of_the_whole_may_stand_beside_totals_of_the_areas():
    evidence = with_ages()
    evidence.validate(AREAS)
    one, _, _ = evidence.population.matrix(AREAS, [2010, 2011])
    other, _, _ = bundle().population.matrix(AREAS, [2010, 2011])
    np.testing.assert_array_equal(one, other)
    people = population_by_age(evidence.by_kind("population"), AREAS.all_codes, np.array([2005, 2012]), BANDS)
    assert np.isnan(people[:3]).all()
    np.testing.assert_allclose(people[3, :, 1].sum(), frames()["population"].query("year == 2012")["population"].sum(),
                               rtol=1e-3)


def test_populations_that_do_not_agree_are_refused():
    found = problems(with_ages(1.1).pieces, AREAS)
    assert [p.code for p in found] == ["E-POPULATION-APART"]


@pytest.mark.parametrize("factor", [0.995, 1.01])
def test_small_differences_pass(factor):
    assert problems(with_ages(factor).pieces, AREAS) == []


def test_the_carried_scottish_populations_serve_together():
    areas = area_set_from(load_carried("scotland_boards"), total_code="S92000003", total_name="Scotland")
    tables = (*SCOTLAND, ("population", "scotland_population_by_age"))
    evidence = bundle_from_tables([(kind, load_carried(table), {}) for kind, table in tables], areas)
    years = np.arange(1995, 2026)
    people = population_by_age(evidence.by_kind("population"), areas.all_codes, years, BANDS)
    whole = areas.all_codes.index("S92000003")
    assert np.isfinite(people[whole]).all()
    np.testing.assert_array_equal(people[whole, :, -1], people[whole, :, years == 2021][0])
