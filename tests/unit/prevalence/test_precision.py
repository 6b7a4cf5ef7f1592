"""Each quantity of each area is rounded as its own Monte Carlo error allows."""

import numpy as np
import pandas as pd
import pytest
from estimates_factory import estimates

from sbc_prevalence.errors import FitRefused
from sbc_prevalence.prevalence.precision import COLUMNS, precision_table, rounding_units


def table_of(*rows):
    return pd.DataFrame([(q, code, "all", "all", error) for q, code, error in rows], columns=list(COLUMNS))


def test_a_quantity_with_a_small_error_keeps_its_unit_where_another_of_the_same_area_does_not():
    units = rounding_units(table_of(("living", "T", 16.6), ("newly_diagnosed", "T", 1.9), ("living", "A", 4.9)), 10)
    assert units == {"living": {"T": 50, "A": 10}, "newly_diagnosed": {"T": 10}}


def test_the_worst_cell_of_a_quantity_decides():
    units = rounding_units(table_of(("living", "T", 1.0), ("living", "T", 5.0)), 10)
    assert units == {"living": {"T": 20}}


def test_no_unit_at_all_is_a_refusal_that_names_the_quantity():
    with pytest.raises(FitRefused, match="newly diagnosed, T"):
        rounding_units(table_of(("newly_diagnosed", "T", 501.0)), 10)


def test_the_error_of_every_reported_total_is_looked_at():
    est = estimates()
    table = precision_table(est)
    assert set(table["quantity"]) == {"living", "newly_diagnosed", "certified_deaths"}
    assert set(table.loc[table["quantity"] == "living", "area_code"]) == {"T", "A", "B", "C", "G"}
    draws = est.draws.incidence.sum((1, 2))
    total = table.query("quantity == 'newly_diagnosed' and area_code == 'T' and presentation == 'all'")["mcse"].item()
    spread = draws.std(0, ddof=1) / np.sqrt(draws.shape[0])
    assert 0.5 * spread.max() < total < 3 * spread.max()
