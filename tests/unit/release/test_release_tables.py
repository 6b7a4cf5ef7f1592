"""Views of the tables, and text that must not run as a formula."""

import pandas as pd
import pytest
from content_factory import headline, make_content, tables

from sbc_prevalence.errors import ReleaseError
from sbc_prevalence.grid import DURATION_BANDS
from sbc_prevalence.release.tables import (
    areas_at_index_date,
    coverage_summary,
    national_by_year,
    national_sensitivity,
    neutralised,
    select,
    year_spans,
)


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
