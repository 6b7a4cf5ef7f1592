"""Rounding never narrows an interval, never shows more than the count, and leaves no dust."""

import numpy as np
import pandas as pd
from content_factory import make_content
from hypothesis import given
from hypothesis import strategies as st

from sbc_prevalence.release.rounding import (
    UNITS_FOR_A_RATE,
    downward,
    nearest,
    public_content,
    round_headline,
    significant,
    upward,
)

sizes = st.floats(0, 1e6, allow_nan=False)
units = st.sampled_from([0.01, 0.1, 1.0, 5.0, 10.0, 100.0])


@given(sizes, units)
def test_bounds_go_outward_and_the_median_to_the_nearest(value: float, unit: float) -> None:
    low, middle, high = float(downward(value, unit)), float(nearest(value, unit)), float(upward(value, unit))
    assert low <= value + 1e-6
    assert high >= value - 1e-6
    assert high - low <= unit + 1e-6
    assert abs(middle - value) <= unit / 2 + 1e-6
    assert low <= middle <= high


@given(sizes, units)
def test_rounding_twice_is_rounding_once(value: float, unit: float) -> None:
    for rule in (nearest, downward, upward):
        once = rule(value, unit)
        assert rule(once, unit) == once


def test_known_cases() -> None:
    assert float(nearest(3.64, 0.1)) == 3.6
    assert float(nearest(15, 10)) == 20.0
    assert float(downward(3.4000000001, 0.1)) == 3.4
    assert float(upward(3.4, 0.1)) == 3.4
    assert float(downward(4.9, 10)) == 0.0
    np.testing.assert_allclose(significant([0.0012345, 123456.0, 0.0, np.nan]), [0.00123, 123000, 0, np.nan])


def test_public_counts_are_multiples_of_the_unit_and_contain_the_exact_interval() -> None:
    content = make_content(rounding_unit=10)
    public = public_content(content)
    for name in ("estimates", "sensitivity", "deaths_fit"):
        exact, shown = content.tables[name], public.tables[name]
        counts = exact.get("quantity", pd.Series("living", exact.index)).isin(["living", "newly_diagnosed"])
        values = shown.loc[counts, ["median", "lower", "upper"]].to_numpy(float)
        np.testing.assert_array_equal(values % 10, 0)
        assert (shown.loc[counts, "lower"] <= exact.loc[counts, "lower"]).all()
        assert (shown.loc[counts, "upper"] >= exact.loc[counts, "upper"]).all()


def test_rates_come_from_rounded_counts_so_they_do_not_undo_the_rounding() -> None:
    keys = ["basis", "area_code", "year", "presentation", "duration_band"]
    content = make_content()
    changed = content.tables["estimates"].copy()
    living = changed["quantity"].isin(["living", "living_per_100k"])
    moved = changed.copy()
    for column in ("median", "lower", "upper"):  # a shift too small to move any rounded Orkney count
        moved.loc[living & (changed["area_code"] == "S08000025"), column] *= 1.0001
    first = public_content(content).tables["estimates"].set_index([*keys, "quantity"])
    second = public_content(make_content(tables={**content.tables, "estimates": moved})).tables["estimates"]
    pd.testing.assert_frame_equal(first, second.set_index([*keys, "quantity"]))
    rate = first.xs("living_per_100k", level="quantity")["median"].dropna()
    count = first.xs("living", level="quantity")["median"].reindex(rate.index)
    population = count / rate * 1e5
    spread = population.groupby("area_code").agg(lambda p: p.max() / p.min())
    assert (spread < 1.05).all()


def test_a_rate_of_too_few_persons_is_left_out() -> None:
    table = public_content(make_content()).tables["estimates"]
    keys = ["basis", "area_code", "year", "presentation", "duration_band"]
    counts = table[table["quantity"] == "newly_diagnosed"].set_index(keys)["median"]
    rates = table[table["quantity"] == "new_per_100k"].set_index(keys)["median"]
    few = counts.reindex(rates.index) < 10 * UNITS_FOR_A_RATE
    assert few.any()
    assert (~few).any()
    assert rates[few].isna().all()
    assert rates[~few].notna().all()


def test_the_headline_is_rounded_like_the_table() -> None:
    content = make_content()
    public = public_content(content)
    assert public.headline["living_median"] == 3890
    assert public.headline["implied_duration_lower"] == 2.4
    assert public.headline["implied_duration_upper"] == 5.0
    assert round_headline(public.headline, {"living": 10, "newly_diagnosed": 10}) == public.headline


def test_the_given_tables_are_not_changed() -> None:
    content = make_content()
    before = {name: frame.copy() for name, frame in content.tables.items()}
    public_content(content)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, content.tables[name])


def test_tables_of_the_evidence_show_persons_to_their_unit_and_shares_to_a_hundredth() -> None:
    made = make_content()
    shown = public_content(made).tables
    before = shown["identifiability"].query("quantity == 'living'")
    for column in ("median", "lower", "upper", "prior_median", "prior_lower", "prior_upper"):
        assert (before[column] % 10 == 0).all()
    years = shown["identifiability"].query("quantity == 'implied_duration'").iloc[0]
    assert (years["median"], years["lower"], years["upper"]) == (3.3, 2.5, 4.2)
    for name, columns in (("influence", ("information_share", "shift", "sensitivity")),
                          ("decomposition", ("share",)), ("identifiability", ("contraction",))):
        for column in columns:
            np.testing.assert_allclose(shown[name][column] * 100, np.round(shown[name][column] * 100), atol=1e-6)
    parts = shown["decomposition"]
    assert (parts[["median", "lower", "upper"]] % 10 == 0).all().all()
    conflict = shown["conflict"].set_index("source")
    assert conflict.loc["register", "observed"] == 6430
    assert conflict.loc["survival", "observed"] == 0.713
    assert np.isnan(conflict.loc["snapshot", "living_median"])
    assert (conflict["living_lower"].dropna() % 10 == 0).all()


def test_the_unit_of_one_quantity_does_not_coarsen_another() -> None:
    made = make_content(rounding_unit=10, rounding_units={"living": {"S92000003": 50}, "newly_diagnosed": {}})
    shown = public_content(made)
    whole = shown.tables["estimates"].query("area_code == 'S92000003'")
    living, new = (whole[whole["quantity"] == q]["median"] for q in ("living", "newly_diagnosed"))
    assert (living % 50 == 0).all()
    assert (new % 50 != 0).any()
    assert shown.headline["living_median"] % 50 == 0
    assert shown.headline["newly_diagnosed_median"] == 1190
    lothian = shown.tables["estimates"].query("area_code == 'S08000024' and quantity == 'living'")
    assert (lothian["median"] % 50 != 0).any()
    assert (shown.tables["deaths_fit"]["observed"] % 50 != 0).any()
    assert (shown.tables["conflict"]["newly_diagnosed_median"].dropna() % 50 != 0).any()
    assert made.rounding_words == (
        "10 persons (the living of Scotland to 50: Monte Carlo error allows no finer unit there)")


def test_a_repetition_is_rounded_as_its_own_fit_allows() -> None:
    rows = make_content().tables["sensitivity"].assign(rounded_to=10)
    rows.loc[rows["scenario"] == "log-logistic", "rounded_to"] = 200
    shown = public_content(make_content(tables=make_content().tables | {"sensitivity": rows})).tables["sensitivity"]
    far = shown["scenario"] == "log-logistic"
    assert (shown.loc[far, "median"] % 200 == 0).all()
    assert (shown.loc[~far, "median"] % 200 != 0).any()


def test_figures_beside_published_ones_are_rounded_as_their_area_allows() -> None:
    rows = make_content().tables["comparisons"].assign(ours_area_code=["S08000024", "S92000003", ""])
    made = make_content(tables=make_content().tables | {"comparisons": rows},
                        rounding_units={"living": {"S92000003": 500}})
    shown = public_content(made).tables["comparisons"]
    assert shown["ours_median"].iloc[0] == 3600
    assert shown["ours_median"].iloc[1] == 4000
