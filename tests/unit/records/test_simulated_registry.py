"""The simulated registry: a perfect source tells its truth, seeds repeat it, and rates are those that were stated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbc_prevalence.errors import DataError
from sbc_prevalence.records import (
    CaseDefinition,
    Cases,
    apply_mapping,
    define_cases,
    load_mapping,
    open_records,
    tabulate,
)
from sbc_prevalence.records.simulate import RegistryProcess, SourceProcess, simulate_registry
from sbc_prevalence.records.simulate.people import NEVER, simulate_people, year_of, year_start
from sbc_prevalence.records.simulate.process import Passage, World
from sbc_prevalence.records.simulate.sources import both_or_one
from sbc_prevalence.records.simulate.write import BLOCK, FILES

PERFECT = {"de_novo": 1.0, "recurrent": 1.0, "delay_per_year": 1e9, "ambiguous": 0.0, "presentation_unknown": 0.0}
FAULTLESS = RegistryProcess(
    moved_after=0.0, lost_per_year=1e-12, local_called_distant=0.0, men=0.01,
    sources=(SourceProcess(name="registry", **PERFECT), SourceProcess(name="treatment", **PERFECT)))
N = 30_000


@pytest.fixture(scope="module")
def faultless(tmp_path_factory: pytest.TempPathFactory):
    return simulate_registry(N, 11, tmp_path_factory.mktemp("faultless"), process=FAULTLESS)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory):
    return simulate_registry(3 * BLOCK + 777, 5, tmp_path_factory.mktemp("usual"))


def cases_of(made, source: str = "registry"):
    rows = open_records(made.folder / FILES[source])
    mapped = apply_mapping(rows, load_mapping(made.folder / "mappings" / f"{source}.toml")).cached()
    definition = CaseDefinition(window_days=120, sex="female", followed_to="extract_date")
    return define_cases(mapped, definition).cached()


def test_a_perfect_source_tells_the_truth_of_the_newly_diagnosed_and_of_the_living(faultless):
    cases = cases_of(faultless)
    counted = tabulate.registrations(cases, years=(2005, 2019))
    keys = ["area_code", "year", "presentation"]
    both = counted.merge(faultless.truth, on=keys, how="outer")
    assert (both["count"] == both["newly_diagnosed"]).all()
    assert both["count"].sum() > 1000
    recent = Cases(cases.table.filter(cases.table.metastatic_date.year() >= 2010), "recent", cases.rows,
                   cases.definition, cases.attrition)
    alive = tabulate.living(recent, index_dates=["2019-12-31"]).set_index("area_code")["count"]
    truth = faultless.truth[faultless.truth["year"] == 2019].groupby("area_code")[["living", "living_recent"]].sum()
    assert (alive == truth["living_recent"].reindex(alive.index)).all()
    assert (truth["living_recent"] <= truth["living"]).all()


def test_living_new_and_dead_balance_in_every_area_and_presentation(usual):
    truth = usual.truth.sort_values(["area_code", "presentation", "year"])
    grouped = truth.groupby(["area_code", "presentation"])
    change = grouped["living"].diff()
    expected = truth["newly_diagnosed"] - truth["deaths"]
    assert (change.dropna() == expected[change.notna()]).all()


def test_the_same_seed_writes_the_same_people_whatever_the_chunk(usual, tmp_path: Path):
    again = simulate_registry(usual.people, 5, tmp_path / "again", chunk_people=2 * BLOCK)
    pd.testing.assert_frame_equal(again.truth, usual.truth)
    for file in FILES.values():
        one, two = (pq.read_table(folder / file).to_pandas() for folder in (usual.folder, again.folder))
        pd.testing.assert_frame_equal(one, two, check_categorical=False)
    other = simulate_registry(usual.people, 6, tmp_path / "other")
    assert not other.truth.equals(usual.truth)


def test_more_people_leave_the_first_blocks_as_they_are():
    world = World(RegistryProcess(), np.zeros(14))
    seeds = np.random.SeedSequence(3).spawn(2)
    one, two = (simulate_people(world, 0, 500, np.random.default_rng(seeds[0])) for _ in range(2))
    assert (one.death_day == two.death_day).all()
    assert not (one.death_day == simulate_people(world, 0, 500, np.random.default_rng(seeds[1])).death_day).all()


def test_everything_says_that_it_is_simulated(usual):
    assert all(file.startswith("simulated_") for file in FILES.values())
    for file in FILES.values():
        table = pq.read_table(usual.folder / file)
        assert table.schema.metadata[b"simulated"] == b"true"
        assert table.column("simulated").to_pandas().all()
    assert usual.truth["simulated"].all()
    assert "SIMULATED" in usual.config.read_text("utf-8")
    for mapping in (usual.folder / "mappings").iterdir():
        assert "SIMULATED" in mapping.read_text("utf-8")
    assert "SimulatedRegistry(people=" in repr(usual)


def test_sources_hold_the_stated_shares_and_report_late(usual):
    registry, treatment = RegistryProcess().sources
    years = (2005, 2014)
    truth = usual.truth[usual.truth["year"].between(*years)].groupby("presentation")["newly_diagnosed"].sum()
    for source in (registry, treatment):
        held = tabulate.registrations(cases_of(usual, source.name), years=years).groupby("presentation")["count"].sum()
        for kind, stated in (("de_novo", source.de_novo), ("recurrent", source.recurrent)):
            expected = stated * (1 - source.ambiguous)
            error = 4.0 * np.sqrt(expected * (1 - expected) / truth[kind]) + 0.015
            assert abs(held[kind] / truth[kind] - expected) < error
    rows = pq.read_table(usual.folder / FILES["registry"]).to_pandas()
    early = pd.to_datetime(rows["spread_diagnosed"], errors="coerce").dt.year < 2012
    chosen = rows[(rows["event"] == "distant") & early & (rows["presentation"] != "NK")]
    delay = (pd.to_datetime(chosen["arrived"]) - pd.to_datetime(chosen["spread_diagnosed"])).dt.days
    delay = delay[delay > 0]
    assert abs(delay.mean() / 365.25 - 1 / registry.delay_per_year) < 4 * delay.std() / 365.25 / np.sqrt(delay.size)


def test_de_novo_share_and_survival_are_those_of_the_process():
    process = replace(RegistryProcess(), hazard_trend=0.0, de_novo_trend=0.0, recurrence_log_error=-30.0)
    world = World(process, np.zeros(14))
    people = simulate_people(world, 0, 200_000, np.random.default_rng(4))
    de_novo = people.diagnosed & ~people.recurrent
    share = process.de_novo_share
    assert abs(de_novo.mean() - share) < 4 * np.sqrt(share * (1 - share) / len(people))
    life = (people.death_day - people.metastasis_day)[de_novo] / 365.25
    for years in (1.0, 3.0):
        stated = 0.5 ** ((years / process.survival_median) ** process.survival_shape)
        alive = (life > years).mean()
        # The floor of other causes takes a few of the oldest besides: alive is never above what was stated.
        assert stated - 0.02 < alive < stated + 4 * np.sqrt(stated * (1 - stated) / life.size)


def test_recurrences_are_those_of_net_hazards_with_other_causes_in_competition():
    process = replace(RegistryProcess(), area_sd=0.0, found_at_death=0.0, recurrence_drift=(0.0, 0.0))
    people = simulate_people(World(process, np.zeros(14)), 0, 200_000, np.random.default_rng(9))
    chosen = (year_of(people.primary_day) >= 1990) & (year_of(people.primary_day) < 2000)
    recurs = people.recurrent[chosen] & people.diagnosed[chosen]
    # Published ten-year risks of all stages lie between a tenth and a quarter; some recur much later.
    within = recurs & (people.metastasis_day[chosen] - people.primary_day[chosen] < 3652)
    assert 0.08 < within.mean() < 0.25
    assert (people.metastasis_day[people.diagnosed] <= people.death_day[people.diagnosed]).all()
    assert (people.death_day < NEVER).all()


@given(hazard=st.floats(0.001, 2.0), spent=st.floats(0.0, 50.0))
def test_a_constant_hazard_is_used_up_in_proportion(hazard: float, spent: float):
    passage = Passage.from_hazards(np.array([[0.5] * 40, [hazard] * 40]))
    found = passage.times(np.array([1]), np.array([spent]))[0]
    expected = spent / hazard
    assert found == (np.inf if spent >= hazard * 40 else pytest.approx(expected, rel=1e-6, abs=1e-8))


@settings(max_examples=25, deadline=None)
@given(one=st.floats(0.05, 0.95), two=st.floats(0.05, 0.95), odds=st.sampled_from([0.5, 1.0, 2.0, 6.0]))
def test_two_sources_have_their_shares_and_their_odds_ratio(one: float, two: float, odds: float):
    chance = (np.arange(400_000) + 0.5) / 400_000
    a, b = both_or_one(odds, np.full(chance.size, one), np.full(chance.size, two), chance)
    cells = [np.mean(x & y) for x, y in ((a, b), (a, ~b), (~a, b), (~a, ~b))]
    assert a.mean() == pytest.approx(one, abs=1e-4)
    assert b.mean() == pytest.approx(two, abs=1e-4)
    assert cells[0] * cells[3] == pytest.approx(odds * cells[1] * cells[2], abs=2e-4)


def test_days_and_years_agree_in_leap_years():
    years = np.arange(1960, 2031)
    assert (year_of(year_start(years)) == years).all()
    assert (year_of(year_start(years + 1) - 1) == years).all()


def test_numbers_that_make_no_sense_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="100 to"):
        simulate_registry(5, 1, tmp_path)
    with pytest.raises(DataError, match="years in order"):
        RegistryProcess(cases_from=1990)
    with pytest.raises(DataError, match="between 0 and 1"):
        RegistryProcess(found_at_death=1.5)
