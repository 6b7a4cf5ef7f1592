"""Counts of people: sums, shares, matrices on a grid, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.errors import DataError, EvidenceError
from sbc_prevalence.evidence import (
    AccuracyPrior,
    CompletenessPrior,
    Deaths,
    LivingCounts,
    Population,
    PrimaryAgeProfile,
    PrimaryRegistrations,
    Registrations,
)
from sbc_prevalence.grid import AreaSet

AREAS = AreaSet(("A", "B"), ("Ayton", "Beeton"), "T", "All")
ORIGIN = {"source": "a registry", "as_of": "2024-12-31"}


def frame(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def test_deaths_sum_over_ages_and_their_intervals_sum_too() -> None:
    deaths = Deaths.from_frame(
        frame(
            "area_code year age_band count count_lower count_upper count_status",
            ("T", 2001, "<65", 10, None, None, ""),
            ("T", 2001, "65-79", None, 1, 4, "suppressed"),
            ("T", 2001, "80+", 20, None, None, ""),
            ("T", 2002, "<65", 5, None, None, ""),
            ("T", 2002, "65-79", 6, None, None, ""),
            ("T", 2002, "80+", 9, None, None, ""),
        ),
        **ORIGIN,
    )
    totals = deaths.totals()
    assert totals.to_dict("list") == {
        "area_code": ["T", "T"],
        "year": [2001, 2002],
        "count_lower": [31, 20],
        "count_upper": [34, 20],
    }


def test_age_shares_are_of_each_year_and_name_their_groups() -> None:
    bands = ("<50", "50-64", "65-69", "70-79", "80-84", "85+")
    counts = {2001: (1, 2, 3, 4, 5, 5), 2002: (0, 0, 0, 0, 0, 10)}
    deaths = Deaths.from_frame(
        frame(
            "area_code year age_band count",
            *(
                ("T", year, band, n)
                for year, row in counts.items()
                for band, n in zip(bands, row, strict=True)
            ),
        ),
        **ORIGIN,
    )
    shares = deaths.age_shares()
    assert list(shares.columns) == ["year", "<65", "65-79", "80+"]
    np.testing.assert_allclose(shares.iloc[:, 1:], [[0.15, 0.35, 0.5], [0, 0, 1]])
    assert list(deaths.age_shares(cuts=(70,)).columns) == ["year", "<70", "70+"]
    with pytest.raises(EvidenceError, match="E-AGE-CUT"):
        deaths.age_shares(cuts=(60,))


def test_deaths_without_ages_have_no_age_shares() -> None:
    assert Deaths.from_frame(frame("area_code year count", ("T", 2001, 3)), **ORIGIN).age_shares() is None


def test_only_rows_of_the_declared_sex_are_taken() -> None:
    rows = frame(
        "area_code year sex count", ("T", 2001, "all", 11), ("T", 2001, "female", 10), ("T", 2001, "male", 1)
    )
    assert Deaths.from_frame(rows, **ORIGIN).totals()["count_lower"].tolist() == [10]
    assert Deaths.from_frame(rows, sex="all", **ORIGIN).totals()["count_lower"].tolist() == [11]
    with pytest.raises(EvidenceError, match="E-SEX-MISSING"):
        Deaths.from_frame(rows[rows["sex"] == "male"], **ORIGIN)


@pytest.mark.parametrize(("cls", "options", "code"), [
    (Deaths, {"icd10": "D05"}, "E-OPTION"), (Deaths, {"sex": "women"}, "E-OPTION"),
    (PrimaryRegistrations, {"behaviour": "in situ"}, "E-IN-SITU"),
    (PrimaryRegistrations, {"behavior": "invasive"}, "E-OPTION-UNKNOWN"),
])  # fmt: skip
def test_options_that_mean_nothing_are_refused(cls: type, options: dict[str, str], code: str) -> None:
    with pytest.raises(EvidenceError, match=code):
        cls.from_frame(frame("area_code year count", ("A", 2001, 3)), **ORIGIN, **options)


def test_primaries_stand_in_the_order_of_the_areas() -> None:
    primaries = PrimaryRegistrations.from_frame(
        frame("area_code year count", ("B", 2002, 4), ("A", 2001, 1), ("A", 2002, 2), ("B", 2001, 3)),
        **ORIGIN,
    )
    years, matrix = primaries.matrix(AREAS)
    assert years.tolist() == [2001, 2002]
    assert matrix.tolist() == [[1, 2], [3, 4]]
    swapped = AreaSet(("B", "A"), ("Beeton", "Ayton"), "T", "All")
    assert primaries.matrix(swapped)[1].tolist() == [[3, 4], [1, 2]]


def test_primaries_must_be_those_of_the_modelled_areas() -> None:
    whole = PrimaryRegistrations.from_frame(frame("area_code year count", ("T", 2001, 9)), **ORIGIN)
    with pytest.raises(EvidenceError, match="E-AREA-LEVEL"):
        whole.matrix(AREAS)
    part = PrimaryRegistrations.from_frame(frame("area_code year count", ("A", 2001, 9)), **ORIGIN)
    with pytest.raises(EvidenceError, match=r"E-AREA-YEAR-MISSING.*B 2001"):
        part.matrix(AREAS)


def population(*rows: tuple[object, ...]) -> Population:
    return Population.from_frame(frame("area_code year population", *rows), **ORIGIN)


def test_population_is_held_at_the_nearest_year_and_says_so() -> None:
    people = population(("A", 2001, 100), ("A", 2002, 110), ("B", 2001, 300), ("B", 2002, 330))
    matrix, filled, words = people.matrix(AREAS, [2000, 2001, 2002, 2003, 2004])
    assert matrix.tolist() == [[100, 100, 110, 110, 110], [300, 300, 330, 330, 330]]
    assert filled.tolist() == [[True, False, False, True, True]] * 2
    assert "2001-2002" in words
    assert "for 2003-2004 each area's population is held at that of 2002" in words
    assert "for 2000 each area's population is held at that of 2001" in words


def test_population_follows_the_whole_where_the_whole_is_known() -> None:
    people = population(
        ("A", 2001, 100), ("B", 2001, 300), ("T", 2001, 400), ("T", 2002, 440), ("T", 2003, 480)
    )
    matrix, filled, words = people.matrix(AREAS, [2001, 2002, 2003, 2004])
    np.testing.assert_allclose(matrix[:, :3].sum(axis=0), [400, 440, 480])
    np.testing.assert_allclose(matrix[0, :3], [100, 110, 120])
    assert filled[0].tolist() == [False, True, True, True]
    assert "for 2002-2003 each area keeps its share of 2001" in words
    np.testing.assert_allclose(matrix[:, 3], [120, 360])
    assert "for 2004 each area's population is held at that of 2003" in words
    held, _, _ = people.matrix(AREAS, [2002], fill="hold_last")
    assert held[:, 0].tolist() == [100, 300]


def test_population_without_gaps_says_nothing() -> None:
    _, filled, words = population(("A", 2001, 100), ("B", 2001, 300)).matrix(AREAS, [2001])
    assert not filled.any()
    assert words == ""


def test_population_of_a_modelled_area_must_be_there() -> None:
    with pytest.raises(EvidenceError, match=r"E-AREA-MISSING.*B \(Beeton\)"):
        population(("A", 2001, 100)).matrix(AREAS, [2001])


def test_age_profile_gives_shares_in_order_of_age() -> None:
    profile = PrimaryAgeProfile.from_frame(
        frame("area_code age_band count", ("T", "80+", 5), ("T", "<50", 2), ("T", "50-79", 3)), **ORIGIN
    )
    shares = profile.shares()
    assert shares["age_from"].tolist() == [0, 50, 80]
    np.testing.assert_allclose(shares["share"], [0.2, 0.3, 0.5])


REGISTERED = frame(
    "area_code year presentation count", ("A", 2001, "de_novo", 3), ("A", 2001, "recurrent", 5)
)


def test_registrations_need_their_window() -> None:
    with pytest.raises(EvidenceError, match="E-WINDOW"):
        Registrations.from_frame(REGISTERED, **ORIGIN)
    with pytest.raises(EvidenceError, match="E-WINDOW"):
        Registrations.from_frame(REGISTERED, window_days=-1, **ORIGIN)
    made = Registrations.from_frame(REGISTERED, window_days=120, **ORIGIN)
    assert made.totals()["presentation"].tolist() == ["de_novo", "recurrent"]


@pytest.mark.parametrize("prior", [
    {"kind": "known", "value": 85}, {"kind": "known", "value": 0}, {"kind": "known", "value": -0.1},
    {"kind": "known"},
    {"kind": "known", "value": 1.5}, {"kind": "guess", "value": 0.5},
    {"kind": "known", "value": float("nan")},
    {"kind": "logit_normal", "median": 0.8},
    {"kind": "logit_normal", "median": 0.8, "lower95": 0.9, "upper95": 0.95},
    {"kind": "logit_normal", "median": 0.8, "lower95": 0.7, "upper95": 1.0},
    {"kind": "logit_normal", "median": 80, "lower95": 70, "upper95": 90},
    {"kind": "known", "value": 0.8, "median": 0.8},
])  # fmt: skip
def test_completeness_that_is_no_proportion_is_refused(prior: dict[str, object]) -> None:
    with pytest.raises(EvidenceError, match="E-PRIOR"):
        CompletenessPrior(**prior)  # type: ignore[arg-type]


def test_completeness_may_be_known_to_be_one() -> None:
    assert CompletenessPrior("known", 1).value == 1
    assert CompletenessPrior("logit_normal", median=0.8, lower95=0.7, upper95=0.9).median == 0.8


@pytest.mark.parametrize("prior", [
    {}, {"value": 0.9, "found": 9, "of": 10}, {"found": 9}, {"found": 11, "of": 10}, {"found": 9.5, "of": 10},
    {"value": 95}, {"value": 0}, {"found": 0, "of": 0},
])  # fmt: skip
def test_accuracy_that_is_neither_value_nor_validation_is_refused(prior: dict[str, object]) -> None:
    with pytest.raises(EvidenceError, match="E-PRIOR"):
        AccuracyPrior(**prior)  # type: ignore[arg-type]


LIVING = frame("area_code index_date count", ("T", "2020-12-31", 400))


def test_a_count_of_the_living_needs_definition_accuracy_and_a_matching_window() -> None:
    sure, unsure = AccuracyPrior(value=1), AccuracyPrior(value=0.99, window="coded_in_year")
    with pytest.raises(EvidenceError, match="E-OPTION-MISSING"):
        LivingCounts.from_frame(LIVING, **ORIGIN)
    good = LivingCounts.from_frame(
        LIVING, definition="alive_on_date", sensitivity=sure, specificity=sure, **ORIGIN
    )
    assert good.totals()["count_lower"].tolist() == [400]
    with pytest.raises(EvidenceError, match=r"(?s)E-WINDOW.*E-BASE-MISSING"):
        LivingCounts.from_frame(
            LIVING, definition="alive_on_date", sensitivity=sure, specificity=unsure, **ORIGIN
        )
    based = LIVING.assign(base_population=20000)
    LivingCounts.from_frame(based, definition="coded_in_year", sensitivity=sure, specificity=unsure, **ORIGIN)
    with pytest.raises(EvidenceError, match="E-DEFINITION"):
        LivingCounts.from_frame(LIVING, definition="ever", sensitivity=sure, specificity=sure, **ORIGIN)


def test_typed_frames_are_checked_like_files() -> None:
    with pytest.raises(DataError, match=r"E-MISSING.*file row 3"):
        Deaths.from_frame(frame("area_code year count", ("T", 2001, 3.0), ("T", 2002, np.nan)), **ORIGIN)
    with pytest.raises(DataError, match="E-FRACTION"):
        Deaths.from_frame(
            frame("area_code year count", ("T", 2001, 3.0), ("T", 2002, 4.0), ("T", 2003, 40.5)), **ORIGIN
        )
    whole = Deaths.from_frame(frame("area_code year count", ("T", 2001, 3.0)), **ORIGIN)
    assert whole.frame["count_lower"].dtype == "int64"
