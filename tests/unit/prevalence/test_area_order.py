"""People see areas in one order: the whole, the areas by name, the groups by name."""

from dataclasses import replace

import pandas as pd
from estimates_factory import GROUPED, fitted_from_priors, with_areas

from sbc_prevalence.grid import AreaSet
from sbc_prevalence.prevalence import estimate
from sbc_prevalence.prevalence.area_order import in_shown_order
from sbc_prevalence.prevalence.content import estimates_table
from small_study import small_inputs

NAMED = replace(GROUPED, names=("Zetton", "beeton", "Ayton"))
"""The same areas, codes A, B and C: their names run the other way, and one begins with a small letter."""
SHOWN = ["T", "C", "B", "A", "G"]


def test_the_whole_comes_first_then_areas_by_name_then_groups() -> None:
    assert list(NAMED.shown) == SHOWN
    assert AreaSet(("T",), ("All",), "T", "All").shown == ("T",)


def test_columns_before_the_area_keep_their_order_and_so_do_rows_within_an_area() -> None:
    rows = [(q, code, year) for q in ("new", "living") for code in "TGABC" for year in (2020, 2019)]
    found = in_shown_order(pd.DataFrame(rows, columns=["quantity", "area_code", "year"]), NAMED)
    assert [tuple(row) for row in found.to_numpy()] == [
        (q, code, year) for q in ("new", "living") for code in SHOWN for year in (2020, 2019)]


def test_every_table_by_area_is_in_that_order() -> None:
    inputs = with_areas(NAMED, small_inputs(area_evidence=True))
    est = estimate(fitted_from_priors(60, inputs=inputs), index_date="2017-12-31")
    tables = {"estimates": estimates_table(est), "identifiability": est.identifiability(n_prior=60),
              "influence": est.influences(), "deaths_fit": est.deaths_fit()}
    for name, table in tables.items():
        codes = list(dict.fromkeys(table["area_code"]))
        assert codes == [code for code in SHOWN if code in codes], name
    assert list(est.point_prevalence("area").table()["area_code"]) == ["C", "B", "A"]
