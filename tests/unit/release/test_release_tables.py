"""Views of the tables, and text that must not run as a formula."""

import pandas as pd
import pytest
from content_factory import headline, make_content, tables

from sbc_prevalence.errors import ReleaseError
from sbc_prevalence.grid import DURATION_BANDS
from sbc_prevalence.release import sheets_checks
from sbc_prevalence.release.sheets_checks import run
from sbc_prevalence.release.tables import (
    areas_at_index_date,
    coverage_summary,
    national_by_year,
    national_sensitivity,
    neutralised,
    select,
    without_weights,
    year_spans,
)
from sbc_prevalence.release.words import contraction_words, percent, percent_span, span


def test_each_split_gives_its_rows_in_order() -> None:
    content = make_content()
    frame = content.tables["estimates"]
    assert len(select(frame, content.headline, "living")) == 1
    assert len(select(frame, content.headline, "living", by="area")) == 14
    bands = select(frame, content.headline, "living", by="duration")["duration_band"]
    assert list(bands) == list(DURATION_BANDS)
    kinds = select(frame, content.headline, "living", by="presentation")["presentation"]
    assert list(kinds) == ["de_novo", "recurrent"]
    assert list(select(frame, content.headline, "living", by="year")["year"]) == list(range(1997, 2026))
    with pytest.raises(ReleaseError, match="use one of nation, area"):
        select(frame, content.headline, "living", by="board")


def test_shuffled_rows_give_the_same_views() -> None:
    content = make_content()
    mixed = {name: frame.sample(frac=1, random_state=1).reset_index(drop=True)
             for name, frame in content.tables.items() if name in ("estimates", "implied_duration")}
    for view in (national_by_year, areas_at_index_date):
        pd.testing.assert_frame_equal(
            view(content.tables, content.headline), view(content.tables | mixed, content.headline))


def test_an_index_date_inside_a_year_stands_beside_the_end_of_that_year() -> None:
    held, head = tables(), headline() | {"index_date": "2020-06-30"}
    frame = held["estimates"]
    inside = frame[(frame["year"] == 2020) & (frame["quantity"] == "living")].assign(index_date="2020-06-30")
    numbers = ["median", "lower", "upper"]
    inside[numbers] *= 0.9
    for name in numbers:
        head[f"living_{name}"] *= 0.9
    content = make_content(headline=head, tables=held | {"estimates": pd.concat([frame, inside])})
    shown = content.tables["estimates"]
    assert select(shown, head, "living")["index_date"].tolist() == ["2020-06-30"]
    assert len(select(shown, head, "living", by="area")) == 14
    assert set(select(shown, head, "living", by="year")["index_date"].str[5:]) == {"12-31"}
    assert len(national_by_year(content.tables, head)) == 29


def test_projected_years_are_flagged() -> None:
    content = make_content()
    rows = national_by_year(content.tables, content.headline)
    assert list(rows.loc[rows["projected"], "year"]) == [2021, 2022, 2023, 2024, 2025]


def test_the_sensitivity_table_holds_every_family_and_ratio() -> None:
    content = make_content()
    rows = national_sensitivity(content.tables, content.headline)
    wanted = {"Weibull", "piecewise exponential", "log-logistic", "1.0", "1.35", "1.88"}
    assert wanted <= set(rows["scenario"])
    assert rows[["living_median", "newly_diagnosed_median"]].notna().all(axis=None)


def test_formulas_are_neutralised_and_numbers_are_not() -> None:
    frame = pd.DataFrame({
        "text": ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "plain", "<1", "10+", "-0.5", "+4"],
        "number": [-1.0, *[2.0] * 9]})
    out = neutralised(frame)
    assert list(out["text"]) == [
        "'=1+1", "'+cmd", "'-2+3", "'@SUM(A1)", "'\tx", "plain", "<1", "10+", "-0.5", "+4"]
    pd.testing.assert_series_equal(out["number"], frame["number"])
    assert frame["text"][0] == "=1+1"


def test_coverage_is_told_in_spans_and_by_names() -> None:
    assert year_spans([2001, 1999, 1998, 2003]) == "1998–1999, 2001, 2003"
    content = make_content()
    rows = coverage_summary(content.tables["coverage"], {"S92000003": "Scotland"})
    assert list(rows["areas"]) == ["All 14 areas"]
    assert rows["deaths"][0] == "through Scotland 1997–2020; projected 2021–2025"
    changed = content.tables["coverage"].copy()
    changed.loc[(changed["area_code"] == "S08000024") & (changed["year"] == 2010), "deaths"] = "own"
    assert len(coverage_summary(changed)) == 2


def test_groups_of_areas_stand_apart_from_the_areas() -> None:
    content = make_content()
    estimates = content.tables["estimates"]
    area = estimates.loc[estimates["area_level"] != estimates["area_level"].iloc[0], "area_code"].iloc[0]
    group = estimates[estimates["area_code"] == area].assign(area_code="G", area_name="A group", area_level="group")
    both = pd.concat([estimates, group], ignore_index=True)
    assert set(select(both, content.headline, "living", by="group")["area_code"]) == {"G"}
    assert set(select(both, content.headline, "living", by="area")["area_code"]) == set(
        select(estimates, content.headline, "living", by="area")["area_code"])


@pytest.mark.parametrize(("values", "shown"), [
    ((0.0649, 0.0411, 0.101), "0.065 (0.041 to 0.101)"), ((1.35, 0.744, 2.42), "1.35 (0.74 to 2.42)"),
    ((-0.0004, -0.195, 0.187), "0.00 (-0.20 to 0.19)"), ((0.9847, 0.9091, 1.0604), "0.985 (0.909 to 1.060)"),
    ((0.0, float("nan"), 1.0), ""), ((2.0, 2.0, 2.0), "2.00 (2.00 to 2.00)")])
def test_a_parameter_has_as_many_places_as_its_interval_asks(values: tuple[float, float, float], shown: str) -> None:
    assert span(*values) == shown


def test_percentages_never_show_minus_nothing() -> None:
    assert percent(-0.004) == "0 %"
    assert percent(-0.05) == "-5 %"
    assert percent_span(0.274, 0.12, 0.484) == "27 % (12 to 48 %)"
    assert [contraction_words(v) for v in (-0.004, 0.04, -0.1, 0.06, 0.9, -0.4)] == [
        "about 0 %", "about 0 %", "about 0 %", "6 %", "90 %", "-40 %"]


def test_the_run_is_told_in_words_and_quantities_by_the_names_of_their_areas() -> None:
    given = {"cores": None, "structure": "abc123", "versions": {"numpy": "2"}, "rhat": 1.003, "runs": [
        {"seed": 1, "draws": 1000, "tune": 800, "seconds": 41.6, "divergences": 0, "passed": True, "failures": []}]}
    diagnostics = make_content().tables["diagnostics"].assign(quantity="living, S08000029, 2020")
    made = make_content(diagnostics=given, tables=make_content().tables | {"diagnostics": diagnostics})
    told = dict(run(made).rows)
    assert told["Processor cores"] == "as many as there are"
    assert told["Attempt 1"].startswith("1,000 draws of each chain after 800 for tuning")
    assert not any("{" in value or "None" in value for value in told.values())
    assert not {"Structure", "Versions"} & set(told)
    assert {row[0] for row in sheets_checks.diagnostics(made).rows} == {"living, NHS Fife, 2020"}


def test_weights_of_a_basis_are_left_to_the_table() -> None:
    rows = make_content().tables["prior_posterior"]
    numbered = rows.assign(parameter=[f"time_effect [{i}]" for i in range(len(rows))])
    assert without_weights(numbered).empty
    assert len(without_weights(rows.assign(parameter="kappa [80 and over]"))) == len(rows)
