"""Every table from records equals a plain Python loop on 2,000 random people, and builds its evidence."""

import itertools
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from record_worlds import AREAS, BANDS, EXTRACT, band_of, cases_of, frame_of, random_people, records_of, row
from sbc_prevalence.errors import DataError
from sbc_prevalence.evidence import (
    AccuracyPrior,
    CompletenessPrior,
    DeathCertificateCases,
    LifeTableCells,
    LivingCounts,
    OverlappingLists,
    Registrations,
    ReportingTriangle,
)
from sbc_prevalence.evidence.tabulate import tabulated
from sbc_prevalence.records import link_sources, tabulate

YEARS = (2010, 2023)
PEOPLE = random_people()


@pytest.fixture(scope="module")
def cases():
    return cases_of(records_of(PEOPLE))


def as_counter(table, *keys, value="count"):
    return Counter({tuple(r[k] for k in keys): r[value] for r in table.to_dict("records") if r[value]})


def test_registrations_are_those_of_a_loop(cases):
    table = tabulate.registrations(cases, years=YEARS, by=("presentation", "sex"), ages=BANDS)
    loop = Counter((p.area, p.metastasis.year, p.presentation, p.sex, band_of(p.age)) for p in PEOPLE)
    assert as_counter(table, "area_code", "year", "presentation", "sex", "age_band") == loop
    assert len(table) == 3 * 14 * 2 * 2 * 4


def test_registrations_build_their_evidence(cases):
    table = tabulate.registrations(cases, years=YEARS)
    evidence = Registrations.from_frame(table, window_days=90)
    assert int(evidence.frame["count"].sum()) == len(PEOPLE)
    assert set(table["as_of"]) == {EXTRACT.isoformat()}


def test_an_area_without_cases_stays_with_nought(cases):
    table = tabulate.registrations(cases, years=(2015, 2015), by=(), areas=[*AREAS, "S08000019"])
    assert table.set_index("area_code")["count"]["S08000019"] == 0
    assert set(table["presentation"]) == {"all"}


def test_people_who_live_elsewhere_are_refused_not_dropped(cases):
    with pytest.raises(DataError, match="E-CASES-UNPLACED"):
        tabulate.registrations(cases, years=YEARS, areas=AREAS[:2])


@pytest.mark.parametrize("entry", ["registration", "diagnosis"])
@pytest.mark.parametrize("period", [1, 5])
def test_life_table_cells_are_those_of_the_records_themselves(cases, entry, period):
    table = tabulate.life_table_cells(cases, entry=entry, period_years=period)
    rows = []
    for p in PEOPLE:
        start = max((p.registered - p.metastasis).days, 0) if entry == "registration" else 0
        if start < p.end:
            rows.append((p.presentation, p.metastasis.year, start / 365.25, p.end / 365.25, int(p.died)))
    times = pd.DataFrame(
        rows, columns=["presentation", "diagnosis_year", "entry_years", "exit_years", "died"]
    )
    expected = tabulated(times, period_years=period)
    keys = ["presentation", "diagnosis_year_from", "duration_from_years"]
    both = expected.merge(table, on=keys, how="outer", suffixes=("", "_engine"))
    thin = both[["person_years", "person_years_engine"]].fillna(0)
    np.testing.assert_allclose(thin["person_years"], thin["person_years_engine"], atol=1e-8)
    assert both["deaths"].fillna(0).tolist() == both["deaths_engine"].fillna(0).tolist()
    assert table["deaths"].sum() == times["died"].sum()


def test_life_table_cells_build_their_evidence(cases):
    table = tabulate.life_table_cells(cases, entry="registration")
    assert (
        LifeTableCells.from_frame(table, population="described").frame["deaths"].sum()
        == table["deaths"].sum()
    )


def loop_lexis():
    """Day by day: the cell of each day lived, a half day for those who die on the day of diagnosis."""
    years, deaths = Counter(), Counter()
    edges = np.array([0, 1, 2, 5, 10, 99])
    labels = ("0-1", "1-2", "2-5", "5-10", "10+")
    starts = (0, 50, 65, 80)
    for p in PEOPLE:
        start = max((p.registered - p.metastasis).days, 0)
        if start >= p.end:
            continue
        born = (date(p.born, 7, 1) - p.metastasis).days
        cuts = {
            start,
            p.end,
            *(k * 365.25 for k in (1, 2, 5, 10)),
            *(born + a * 365.25 for a in (50, 65, 80)),
            *((date(y, 1, 1) - p.metastasis).days for y in range(2010, 2026)),
        }
        cuts = sorted(c for c in cuts if start <= c <= p.end)
        for low, high in itertools.pairwise(cuts):
            middle = (low + high) / 2
            year = (p.metastasis + timedelta(int(np.floor(middle)))).year
            age = BANDS[np.searchsorted(starts, (middle - born) / 365.25, side="right") - 1]
            years[age, year, labels[np.searchsorted(edges, middle / 365.25, side="right") - 1]] += (
                high - low
            ) / 365.25
        if p.died:
            age = BANDS[np.searchsorted(starts, (p.end - born) / 365.25, side="right") - 1]
            deaths[age, p.exit.year, labels[np.searchsorted(edges, p.end / 365.25, side="right") - 1]] += 1
    return years, deaths


def test_lexis_person_years_are_those_of_a_loop(cases):
    table = tabulate.lexis_person_years(cases, ages=BANDS, years=YEARS, entry="registration")
    years, deaths = loop_lexis()
    got = {(r.age_band, r.year, r.duration): r.person_years for r in table.itertuples()}
    assert set(k for k, v in got.items() if v > 1e-9) == set(k for k, v in years.items() if v > 1e-9)
    assert max(abs(got[k] - v) for k, v in years.items() if v > 1e-9) < 1e-8
    assert as_counter(table, "age_band", "year", "duration", value="deaths") == deaths


def test_lexis_and_life_table_hold_the_same_person_years(cases):
    lexis = tabulate.lexis_person_years(cases, ages=BANDS, years=(2010, 2024), entry="registration")
    table = tabulate.life_table_cells(cases, entry="registration")
    assert lexis["person_years"].sum() == pytest.approx(table["person_years"].sum(), abs=1e-6)
    assert lexis["deaths"].sum() == table["deaths"].sum()


DATES = ("2012-02-29", "2016-02-29", "2019-12-31", "2020-01-01", "2023-12-31")


def test_the_living_are_those_of_a_loop_on_any_date(cases):
    table = tabulate.living_and_lost(cases, index_dates=DATES, by=("sex",), ages=BANDS)
    loop = {state: Counter() for state in ("living", "lost", "dead")}
    for text in DATES:
        day = date.fromisoformat(text)
        for p in PEOPLE:
            if p.metastasis > day:
                continue
            state = "dead" if p.died and p.exit <= day else "living" if p.died or p.exit >= day else "lost"
            loop[state][p.area, text, p.sex, band_of((day - date(p.born, 7, 1)).days / 365.25)] += 1
    for state, counts in loop.items():
        assert as_counter(table, "area_code", "index_date", "sex", "age_band", value=state) == counts


def test_the_living_of_two_days_differ_by_who_was_diagnosed_and_who_died(cases):
    days = [date(2020, 2, 28) + timedelta(i) for i in range(3)]
    table = tabulate.living_and_lost(cases, index_dates=days)
    total = table.groupby("index_date")[["living", "lost", "dead"]].sum()
    for before, after in itertools.pairwise(days):
        new = sum(p.metastasis == after for p in PEOPLE)
        assert total.loc[after.isoformat()].sum() == total.loc[before.isoformat()].sum() + new


def test_the_living_build_their_evidence(cases):
    table = tabulate.living(cases, index_dates=DATES)
    known = AccuracyPrior(value=1.0)
    evidence = LivingCounts.from_frame(
        table, definition="alive_on_date", sensitivity=known, specificity=known
    )
    assert len(evidence.frame) == len(AREAS) * len(DATES)


def test_a_day_after_the_extract_is_refused(cases):
    with pytest.raises(DataError, match="E-INDEX-DATE"):
        tabulate.living(cases, index_dates=["2024-01-01"])


def test_the_triangle_is_that_of_a_loop_and_builds_its_evidence(cases):
    table = tabulate.reporting_triangle(cases, years=YEARS)
    loop = Counter()
    for p in PEOPLE:
        for year in range(p.registered.year, 2024):
            loop[p.area, p.metastasis.year, p.presentation, year] += 1
    assert as_counter(table, "area_code", "year", "presentation", "report_year") == loop
    ReportingTriangle.from_frame(table, form="cumulative")


def test_cases_found_at_death_are_those_of_a_loop_and_build_their_evidence(cases):
    table = tabulate.death_certificate_cases(cases, years=YEARS)
    for way in ("registered_in_life", "death_initiated", "certificate_only"):
        loop = Counter(
            (p.area, (p.registered if way == "registered_in_life" else p.exit).year, p.presentation)
            for p in PEOPLE
            if p.notification == way
        )
        assert as_counter(table, "area_code", "year", "presentation", value=way) == loop
    DeathCertificateCases.from_frame(
        table,
        registrations_hold="all",
        mention=CompletenessPrior("logit_normal", median=0.8, lower95=0.6, upper95=0.92),
    )


def test_spread_and_routes_are_those_of_a_loop(cases):
    table = tabulate.spread(cases, years=YEARS)
    bone = table[table["site"] == "bone"]
    assert as_counter(bone, "year", "presentation") == Counter(
        (p.metastasis.year, p.presentation) for p in PEOPLE if p.bone == "1"
    )
    assert as_counter(bone, "year", "presentation", value="stated") == Counter(
        (p.metastasis.year, p.presentation) for p in PEOPLE if p.bone
    )
    assert as_counter(
        tabulate.routes(cases, years=YEARS), "area_code", "year", "presentation", "route"
    ) == Counter((p.area, p.metastasis.year, p.presentation, p.route or "unknown") for p in PEOPLE)


def two_lists(seed=3):
    rng = np.random.default_rng(seed)
    on = rng.random((len(PEOPLE), 3)) < (0.8, 0.6, 0.3)
    names = ("register", "trust", "pathology")
    frames = [
        records_of([p for p, there in zip(PEOPLE, on[:, j], strict=True) if there], name)
        for j, name in enumerate(names)
    ]
    return names, on, pd.concat(frames, ignore_index=True)


def test_overlaps_are_those_of_a_loop_and_build_their_evidence():
    names, on, frame = two_lists()
    linked = link_sources(cases_of(frame), rule="earliest", sources=names)
    assert linked.rows == int(on.any(axis=1).sum())
    table = tabulate.overlapping_lists(linked, years=YEARS)
    loop = Counter(
        (p.area, p.metastasis.year, p.presentation, "".join("1" if x else "0" for x in there))
        for p, there in zip(PEOPLE, on, strict=True)
        if there.any()
    )
    assert as_counter(table, "area_code", "year", "presentation", "history") == loop
    OverlappingLists.from_frame(table, lists=names, window_days=90)


def test_two_sources_are_never_added_up_unawares():
    names, _, frame = two_lists()
    cases = cases_of(frame)
    with pytest.raises(DataError, match="E-SOURCES"):
        tabulate.registrations(cases, years=YEARS)
    assert tabulate.registrations(cases, years=YEARS, source=names[1])["count"].sum() > 0


def test_one_person_by_hand():
    """Registered 1 July 2018, died 1 January 2020: 184 days at risk in 2018, 365 in 2019, none in 2020."""
    cases = cases_of(frame_of(row(death_date="2020-01-01", vital_status="dead")))
    lexis = tabulate.lexis_person_years(
        cases, ages=BANDS, years=(2018, 2020), entry="registration"
    ).set_index("year")
    days = lexis.groupby("year")["person_years"].sum() * 365.25
    assert days[2018] == pytest.approx(184)
    assert days[2019] == pytest.approx(365)
    assert lexis[lexis["deaths"] == 1].index.tolist() == [2020]
    living = tabulate.living(cases, index_dates=["2018-06-14", "2018-06-15", "2019-12-31", "2020-01-01"])
    assert living["count"].tolist() == [0, 1, 1, 0]
