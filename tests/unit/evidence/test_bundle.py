"""A bundle: what fits together, on which grid, and what covers what."""

import pandas as pd
import pytest

from sbc_prevalence.data.tables import Table
from sbc_prevalence.errors import ConfigError, DataError, EvidenceError
from sbc_prevalence.evidence import (
    CompletenessAudit,
    CompletenessPrior,
    Deaths,
    DistantRecurrence,
    Evidence,
    EvidenceBundle,
    OtherCauseMortality,
    Population,
    PrimaryAgeProfile,
    PrimaryRegistrations,
    PublishedSurvival,
    Registrations,
    bundle_from_tables,
    from_table,
)
from sbc_prevalence.grid import AreaSet

AREAS = AreaSet(("A", "B"), ("Ayton", "Beeton"), "T", "All", groups={"G": ("A", "B")})
ORIGIN = {"source": "a registry", "as_of": "2024-12-31"}


def counts(areas: str, years: range, count: int = 10) -> pd.DataFrame:
    return pd.DataFrame([(a, y, count) for a in areas for y in years], columns=["area_code", "year", "count"])


def deaths(
    areas: str = "T", years: range = range(2000, 2006), count: int = 10, name: str = "deaths"
) -> Deaths:
    return Deaths.from_frame(counts(areas, years, count), name=name, **ORIGIN)


def primaries(areas: str = "AB", years: range = range(2001, 2008), count: int = 30) -> PrimaryRegistrations:
    return PrimaryRegistrations.from_frame(counts(areas, years, count), **ORIGIN)


def survival(kind: str = "observed", study: str = "X") -> PublishedSurvival:
    return PublishedSurvival.from_frame(
        pd.DataFrame(
            [
                {
                    "study": study,
                    "presentation": "de_novo",
                    "survival_kind": kind,
                    "measure": "survival",
                    "duration_years": 5,
                    "value": 0.3,
                    "diagnosis_year_from": 2000,
                    "diagnosis_year_to": 2005,
                }
            ]
        ),
        **ORIGIN,
    )


def registrations(window_days: int = 120, completeness: CompletenessPrior | None = None) -> Registrations:
    frame = counts("AB", range(2000, 2003), 4).assign(presentation="de_novo")
    return Registrations.from_frame(frame, window_days=window_days, completeness=completeness, **ORIGIN)


def mortality() -> OtherCauseMortality:
    return OtherCauseMortality.from_frame(
        pd.DataFrame([(a, 2000, 0.01) for a in range(100)], columns=["age", "year", "hazard"]), **ORIGIN
    )


def codes(*pieces: Evidence, areas: AreaSet = AREAS) -> set[str]:
    try:
        EvidenceBundle(*pieces).validate(areas)
    except EvidenceError as error:
        return {p.code for p in error.problems}
    return set()


def test_deaths_primaries_and_survival_suffice() -> None:
    assert codes(deaths(), primaries(), survival()) == set()


def test_everything_that_is_missing_is_listed() -> None:
    with pytest.raises(EvidenceError) as caught:
        EvidenceBundle().validate(AREAS)
    assert [p.code for p in caught.value.problems] == ["E-KIND-MISSING"] * 3
    assert codes(primaries(), survival()) == {"E-KIND-MISSING"}
    assert codes(deaths(), survival()) == {"E-KIND-MISSING"}
    people = Population.from_frame(
        counts("AB", range(2000, 2003), 9999).rename(columns={"count": "population"}), **ORIGIN
    )
    known = CompletenessPrior("known", 0.8)
    assert codes(people, registrations(completeness=known), survival()) == set()


@pytest.mark.parametrize(("piece", "code"), [
    (lambda: deaths("A", name="boards"), "E-SOURCE-OVERLAP"),
    (lambda: deaths(count=11, name="again"), "E-SOURCE-OVERLAP"),
    (lambda: deaths(name="copy"), "E-SOURCE-TWICE"),
    (lambda: survival(), "E-SOURCE-TWICE"),
    (lambda: survival("net", "Y"), "E-SURVIVAL-KIND"),
    (lambda: registrations(), "E-COMPLETENESS-MISSING"),
    (lambda: Population.from_frame(pd.DataFrame(
        [("A", 2001, 100)], columns=["area_code", "year", "population"]), **ORIGIN), "E-AREA-MISSING"),
    (lambda: Population.from_frame(pd.DataFrame(
        [("A", 2001, 100), ("B", 2001, 5)], columns=["area_code", "year", "population"]), **ORIGIN),
     "E-EXCEEDS-POPULATION"),
    (lambda: Population.from_frame(pd.DataFrame(
        [("A", 2001, 100), ("B", 2001, 500)], columns=["area_code", "year", "population"]),
        sex="male", **ORIGIN),
     "E-SEX-MIXED"),
    (lambda: Registrations.from_frame(counts("AB", range(2001, 2003), 31).assign(presentation="de_novo"),
                                      window_days=120, completeness=CompletenessPrior("known", 1), **ORIGIN),
     "E-EXCEEDS-PRIMARIES"),
])  # fmt: skip
def test_each_piece_that_does_not_fit_is_refused(piece: object, code: str) -> None:
    assert codes(deaths(), primaries(), survival(), piece()) == {code}  # type: ignore[operator]


def test_pieces_that_follow_each_other_act_as_one() -> None:
    bundle = EvidenceBundle(
        deaths("T", range(2000, 2003)), deaths("AB", range(2003, 2006), 5, "boards"), primaries(), survival()
    )
    bundle.validate(AREAS)
    assert bundle.deaths is not None
    assert len(bundle.deaths.totals()) == 9
    assert len(bundle.by_kind("deaths")) == 2
    assert bundle.registrations is None


def test_more_deaths_than_primaries_look_like_swapped_files() -> None:
    assert codes(deaths(count=61), primaries(), survival()) == {"E-EXCEEDS-PRIMARIES"}
    assert codes(deaths(count=60), primaries(), survival()) == set()


def test_counts_above_the_primaries_are_named_with_column_and_rows() -> None:
    frame = counts("AB", range(2001, 2003), 4).assign(presentation="de_novo")
    frame.loc[2, "count"] = 31
    known = CompletenessPrior("known", 0.8)
    piece = Registrations.from_frame(frame, window_days=120, completeness=known, **ORIGIN)
    with pytest.raises(EvidenceError) as caught:
        EvidenceBundle(deaths(), primaries(), survival(), piece).validate(AREAS)
    (only,) = caught.value.problems
    assert (only.code, only.column, only.rows, only.n_rows) == ("E-EXCEEDS-PRIMARIES", "count", (4,), 4)
    with pytest.raises(EvidenceError) as caught:
        EvidenceBundle(deaths(count=61), primaries(), survival()).validate(AREAS)
    assert [(p.code, p.column, len(p.rows)) for p in caught.value.problems] == [("E-EXCEEDS-PRIMARIES", "count", 6)]


def test_areas_of_another_study_are_refused_with_all_their_faults() -> None:
    assert codes(deaths("X"), primaries("A"), survival()) == {"E-AREA-UNKNOWN", "E-AREA-MISSING"}
    assert codes(deaths(), primaries("T"), survival()) == {"E-AREA-LEVEL", "E-AREA-MISSING"}


def test_years_that_never_meet_are_refused() -> None:
    assert codes(deaths(), primaries(years=range(2010, 2012)), survival()) == {"E-YEARS-APART"}


def test_a_net_risk_of_recurrence_needs_other_cause_mortality() -> None:
    risks = DistantRecurrence.from_frame(
        pd.DataFrame(
            [
                {
                    "study": "X",
                    "risk_kind": "net",
                    "stage": "all",
                    "receptor": "all",
                    "age_from": 15,
                    "age_to": 99,
                    "diagnosis_year_from": 1990,
                    "diagnosis_year_to": 2000,
                    "duration_from_years": 0,
                    "duration_to_years": 5,
                    "value": 0.1,
                }
            ]
        ),
        **ORIGIN,
    )
    assert codes(deaths(), primaries(), survival(), risks) == {"E-RISK-KIND"}
    assert codes(deaths(), primaries(), survival(), risks, mortality()) == set()


def test_an_age_mix_may_come_from_elsewhere() -> None:
    ages = [("X", "<50", 2), ("X", "50+", 5)]
    profile = PrimaryAgeProfile.from_frame(
        pd.DataFrame(ages, columns=["area_code", "age_band", "count"]), **ORIGIN
    )
    assert codes(deaths(), primaries(), survival(), profile) == set()


def test_an_audit_stands_in_for_a_completeness_prior() -> None:
    audit = CompletenessAudit.from_frame(
        pd.DataFrame(
            [{"area_code": "T", "presentation": "all", "source_audited": "a registry", "n_known": 100, "n_found": 85}]
        ),
        **ORIGIN,
    )
    assert codes(deaths(), primaries(), survival(), registrations(), audit) == set()


def test_rows_of_another_sex_do_not_shift_the_rows_in_messages() -> None:
    frame = pd.concat(
        [
            counts("A", range(2001, 2003)).assign(sex="male"),
            counts("XB", range(2001, 2003)).assign(sex="female"),
        ],
        ignore_index=True,
    )
    piece = PrimaryRegistrations.from_frame(frame, **ORIGIN)
    with pytest.raises(EvidenceError) as caught:
        EvidenceBundle(deaths(), piece, survival()).validate(AREAS)
    assert {p.code: p.rows for p in caught.value.problems} == {"E-AREA-UNKNOWN": (4, 5), "E-AREA-MISSING": ()}


def test_the_grid_runs_from_the_first_primary_to_the_last_year() -> None:
    grid = EvidenceBundle(deaths(), primaries(), survival()).align(AREAS)
    assert (grid.first_data_year, grid.last_data_year, grid.last_year) == (2000, 2005, 2007)
    assert (grid.first_year, grid.first_primary_year, grid.first_reported_year) == (1975, 1945, 2001)
    other = EvidenceBundle(deaths(), primaries()).align(
        AREAS, first_reported_year=2003, last_year=2010, backcast_years=5, recurrence_lag_years=7
    )
    assert (other.first_year, other.first_primary_year, other.first_reported_year, other.last_year) == (
        1995,
        1988,
        2003,
        2010,
    )
    assert other.is_projected(2006)
    assert not other.is_projected(2005)
    with pytest.raises(EvidenceError, match="E-KIND-MISSING"):
        EvidenceBundle(primaries()).align(AREAS)


def test_coverage_says_own_through_projected_or_none() -> None:
    bundle = EvidenceBundle(
        deaths("T", range(2000, 2003)), deaths("A", range(2003, 2005), name="a"), primaries(), survival()
    )
    grid = bundle.align(AREAS)
    table = bundle.coverage(AREAS, grid).set_index(["area_code", "year"])
    assert list(table.columns) == [
        "area_name",
        "primary_registrations",
        "deaths",
        "registrations",
        "living_counts",
    ]
    assert table.loc[("A", 2002), "deaths"] == "through T"
    assert table.loc[("A", 2003), "deaths"] == "own"
    assert table.loc[("B", 2003), "deaths"] == "none"
    assert table.loc[("B", 2007), "deaths"] == "projected"
    assert table.loc[("B", 2000), "primary_registrations"] == "none"
    assert table.loc[("B", 2007), "primary_registrations"] == "own"
    assert set(table["registrations"]) == {"none"}
    assert len(table) == 2 * 8
    implied = bundle.coverage()
    assert set(implied["area_code"]) == {"A", "B"}
    assert implied.loc[implied["year"] == 2001, "deaths"].tolist() == ["through T", "through T"]


def test_sources_name_what_each_piece_is_used_for() -> None:
    bundle = EvidenceBundle(deaths(), primaries(), survival())
    assert bundle.sources()["used_for"].tolist() == [
        "certified deaths",
        "primary incidence",
        "survival after metastatic diagnosis",
    ]
    assert "a registry" in bundle.citation()


def test_a_bundle_takes_evidence_only() -> None:
    with pytest.raises(EvidenceError, match="E-NOT-EVIDENCE"):
        EvidenceBundle(counts("A", range(2000, 2002)))  # type: ignore[arg-type]


def table(frame: pd.DataFrame, name: str) -> Table:
    made = Table.from_frame(frame, name=name)
    return made.with_provenance(source="a registry", as_of="2024-12-31")


def test_an_unknown_kind_or_option_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'deaths'"):
        from_table("death", table(counts("T", range(2000, 2002)), "d.csv"))
    with pytest.raises(EvidenceError, match=r"completeness\.medain"):
        from_table(
            "registrations",
            table(counts("A", range(2000, 2002)).assign(presentation="all"), "r.csv"),
            window_days=120,
            completeness={"kind": "logit_normal", "medain": 0.8},
        )


def test_options_may_be_plain_mappings() -> None:
    made = from_table(
        "registrations",
        table(counts("A", range(2000, 2002)).assign(presentation="all"), "r.csv"),
        window_days=120,
        completeness={"kind": "logit_normal", "median": 0.8, "lower95": 0.7, "upper95": 0.9},
    )
    assert isinstance(made, Registrations)
    assert made.completeness == CompletenessPrior("logit_normal", median=0.8, lower95=0.7, upper95=0.9)


def test_a_table_that_failed_is_not_called_missing() -> None:
    bad = counts("T", range(2000, 2003)).astype({"count": float})
    bad.loc[0, "count"] = -1
    entries = [
        ("deaths", table(bad, "d.csv"), {}),
        ("primary_registrations", table(counts("A", range(2000, 2003)), "p.csv"), {}),
    ]
    with pytest.raises(DataError) as caught:
        bundle_from_tables(entries, AREAS)
    assert {(p.where, p.code) for p in caught.value.problems} == {
        ("d.csv", "E-NEGATIVE"),
        ("p.csv", "E-AREA-MISSING"),
        ("evidence", "E-KIND-MISSING"),
    }
