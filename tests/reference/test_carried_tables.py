"""Carried tables against published totals and rates, and against each other."""

import filecmp
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.life_table import hazard_from_qx, life_expectancy, other_cause_hazard

SCOTLAND = "S92000003"
PUBLISHED = os.environ.get("SBC_PUBLISHED")
ROOT = Path(__file__).resolve().parents[2]


def carried(name: str, number: str) -> pd.DataFrame:
    frame = load_carried(name).copy()
    frame[number] = frame[number].astype(float)
    if "year" in frame:
        frame["year"] = frame["year"].astype(int)
    return frame


@pytest.fixture(scope="module")
def deaths():
    return carried("scotland_deaths", "count")


@pytest.fixture(scope="module")
def by_age():
    return carried("scotland_population_by_age", "population")


def scotland_of(name):
    frame = carried(name, "count")
    return frame[frame["area_code"] == SCOTLAND].set_index("year")["count"]


def test_deaths_by_age_sum_to_the_yearly_totals_of_the_nations_table(deaths):
    total = deaths.groupby("year")["count"].sum()
    nations = scotland_of("uk_nations_deaths")
    assert nations.index.tolist() == list(range(1995, 2021))
    pd.testing.assert_series_equal(total.loc[1995:], nations, check_names=False)
    assert total.loc[1992:1994].tolist() == [1250, 1280, 1275]


def test_boards_sum_to_scotland_but_for_one_woman_of_unknown_board_in_four_years():
    boards = carried("scotland_primary_registrations", "count")
    assert boards["area_code"].nunique() == 14
    assert len(boards) == 14 * 25
    profile = carried("scotland_primary_age_profile", "count")
    gap = profile.groupby("year")["count"].sum() - boards.groupby("year")["count"].sum()
    assert gap[gap != 0].to_dict() == {2001: 1, 2002: 1, 2014: 1, 2020: 1}
    assert profile.groupby("year")["count"].sum().loc[2002:2020].tolist() == scotland_of(
        "uk_nations_primary_registrations").tolist()


def test_board_populations_sum_to_scotland_and_to_the_age_bands(by_age):
    people = carried("scotland_population", "population")
    whole = people[people["area_code"] == SCOTLAND].set_index("year")["population"]
    parts = people[people["area_code"] != SCOTLAND].groupby("year")["population"].sum()
    pd.testing.assert_series_equal(whole.loc[:2019], parts, check_names=False)
    assert parts.index.tolist() == list(range(1981, 2020))
    assert whole.index.tolist() == list(range(1981, 2022))
    bands = by_age.groupby("year")["population"].sum()
    assert bands.tolist() == whole.loc[1997:].tolist()


def test_board_person_years_sum_to_the_national_population_of_five_years(by_age):
    boards = carried("scotland_board_person_years", "person_years")
    assert boards["person_years"].sum() == by_age[by_age["year"].between(2016, 2020)]["population"].sum()


def test_the_standard_population_sums_to_one_hundred_thousand():
    assert carried("esp2013", "weight")["weight"].sum() == 100_000


def test_the_published_age_standardised_mortality_of_2020_is_reproduced(deaths, by_age):
    weight = carried("esp2013", "weight").set_index("age_band")["weight"]
    died = deaths[deaths["year"] == 2020].set_index("age_band")["count"]
    people = by_age[by_age["year"] == 2020].set_index("age_band")["population"]
    assert set(weight.index) == set(died.index) == set(people.index)
    assert round(float((died / people * weight).sum()), 4) == 32.3074


def test_published_survival_is_possible_and_falls_within_a_study():
    rows = load_carried("published_survival").copy()
    rows[["value", "lower", "upper"]] = rows[["value", "lower", "upper"]].apply(pd.to_numeric)
    points = rows[rows["measure"] == "survival"]
    assert points["value"].between(0.01, 0.99).all()
    assert rows[rows["measure"] == "median"]["value"].between(0.5, 5).all()
    bounded = rows.dropna(subset=["lower"])
    assert ((bounded["lower"] < bounded["value"]) & (bounded["value"] < bounded["upper"])).all()
    for _, group in points.groupby(["study", "presentation", "diagnosis_year_from"]):
        ordered = group.assign(t=group["duration_years"].astype(float)).sort_values("t")["value"]
        assert (ordered.diff().dropna() < 0).all()
    shares = rows[rows["presentation"] == "all"]["de_novo_share"].astype(float)
    assert shares.between(0.1, 0.35).all()
    assert (rows[rows["presentation"] != "all"]["de_novo_share"] == "").all()


def test_figures_of_one_registry_are_one_study_and_months_became_years():
    rows = load_carried("published_survival").frame
    seer = rows[rows["source"].str.contains("Taskindoust")]
    assert set(seer["study"]) == {"US SEER"}
    median = rows[(rows["study"] == "France ESME") & (rows["measure"] == "median")].iloc[0]
    assert float(median["value"]) * 12 == pytest.approx(39.5, abs=1e-3)
    assert float(median["lower"]) * 12 == pytest.approx(38.7, abs=1e-3)
    england = rows[rows["study"] == "England"]
    assert set(england["survival_kind"]) == {"net"}
    assert set(england["presentation"]) == {"de_novo"}


def test_every_row_of_survival_that_is_not_used_says_why():
    unused = load_carried("published_survival_not_used").frame
    assert (unused["reason_not_used"] != "").all()
    assert (unused["source"] != "").all()


def test_distant_recurrence_is_a_full_grid_of_net_conditional_risks():
    rows = carried("distant_recurrence_seer", "value")
    assert len(rows) == 3 * 2 * 3 * 3 * 2
    assert set(rows["risk_kind"]) == {"net"}
    assert rows["value"].between(0.005, 0.7).all()
    axes = ["stage", "receptor", "age_from", "diagnosis_year_from", "duration_from_years"]
    assert not rows.duplicated(axes).any()
    cell = rows[(rows["stage"] == "III") & (rows["receptor"] == "HR+") & (rows["age_from"] == "60")
                & (rows["diagnosis_year_from"] == "2000")].sort_values("duration_from_years")
    assert sorted(cell["value"].tolist()) == [0.097, 0.168, 0.345]
    stages = rows.pivot(index=axes[1:], columns="stage", values="value")
    first = stages.xs("0", level="duration_from_years")
    assert ((first["I"] < first["II"]) & (first["II"] < first["III"])).all()


def test_us_figures_add_up_and_every_quoted_figure_says_what_it_counts():
    rows = carried("comparison_figures", "value")
    us = rows[rows["date_or_period"] == "2013-01-01"]["value"].tolist()
    assert us[0] == us[1] + us[2] == 138_622
    assert (rows["counts"] != "").all()
    assert set(rows[rows["date_or_period"] == "2013-01-01"]["date_to"]) == {"2012-12-31"}
    assert {4090.0, 4000.0} == set(rows[rows["region"] == "Scotland"]["value"])


def test_other_cause_mortality_is_a_sensible_share_of_all_causes(deaths, by_age):
    ages, years, hazard = other_cause_hazard(load_carried("other_cause_mortality_scotland").frame)
    assert ages.tolist() == list(range(100))
    assert years.tolist() == list(range(1980, 2022))
    assert (hazard > 0).all()
    assert (np.diff(hazard[:, 40:], axis=1) > 0).all()
    gained = life_expectancy(hazard) - 81.06
    assert 0.2 < gained[years.tolist().index(2016)] < 1.0
    for year, low, high in ((2000, 0.13, 0.25), (2018, 0.08, 0.20)):
        window = (deaths["year"].between(year - 2, year + 2)) & (deaths["age_band"] == "50-54")
        people = by_age["year"].between(year - 2, year + 2) & (by_age["age_band"] == "50-54")
        rate = deaths[window]["count"].sum() / by_age[people]["population"].sum()
        other = hazard[years.tolist().index(year), 50:55].mean()
        assert low < rate / (rate + other) < high


@pytest.mark.skipif(not PUBLISHED, reason="the folder of published figures is not given (SBC_PUBLISHED)")
def test_all_cause_life_expectancy_is_reproduced_with_breast_cancer_put_back(deaths, by_age):
    folder = Path(str(PUBLISHED))
    shape = pd.read_csv(folder / "uk_life_table_shape.csv").query("sex == 'Female'").sort_values("age")
    expectancy = pd.read_csv(folder / "scotland_female_life_expectancy_1980_2016.csv").set_index("year")
    base = hazard_from_qx(shape["qx"])
    assert life_expectancy(base) == pytest.approx(79.8, abs=0.1)
    _, years, hazard = other_cause_hazard(load_carried("other_cause_mortality_scotland").frame)
    rate = np.repeat(
        (deaths[deaths["year"].between(2014, 2018)].groupby("age_band", sort=False)["count"].sum()
         / by_age[by_age["year"].between(2014, 2018)].groupby("age_band", sort=False)["population"].sum()),
        [5] * 18 + [10])
    whole = hazard[years.tolist().index(2016)] + rate.to_numpy()
    assert life_expectancy(whole) == pytest.approx(expectancy.loc[2016, "life_expectancy_at_birth"], abs=0.01)
    assert np.ptp(whole / base) < 1e-5


@pytest.mark.skipif(not PUBLISHED, reason="the folder of published figures is not given (SBC_PUBLISHED)")
def test_the_tool_builds_the_very_tables_that_are_carried(tmp_path):
    tool = str(ROOT / "tools" / "build_tables.py")
    command = [sys.executable, tool, str(PUBLISHED), "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    home = ROOT / "src" / "sbc_prevalence" / "data" / "carried"
    names = sorted(p.name for p in home.glob("*.csv"))
    assert sorted(p.name for p in tmp_path.glob("*.csv")) == names
    assert filecmp.cmpfiles(home, tmp_path, names, shallow=False)[0] == names
