"""Published completeness and counts of people with metastatic disease: for reference, never fitted to."""

from collections.abc import Callable

import pandas as pd
from published_studies import numbers_in

# data row -> (date from, date to, what it counts). 1 January is the end of 31 December of the year before.
COUNTS = {
    1: ("2016-04-01", "2017-03-31", "people with a hospital code for it at any time in a financial year"),
    2: ("2020-04-01", "2021-03-31", "people with a hospital code for it at any time in a financial year"),
    3: ("2019-10-01", "2022-09-30", "de novo diagnoses in three years, not people living with it"),
    4: ("2023-01-01", "2025-12-31", "people living with it, scaled up from the English hospital-code count"),
    5: ("2025-11-01", "2025-11-30",
        "people living with it, a round figure quoted in parliament; origin not published"),
    6: ("2012-12-31", "2012-12-31",
        "women living on the date, de novo and recurrent, by back-calculation from deaths"),
    7: ("2012-12-31", "2012-12-31", "women living on the date, de novo only, counted by registries"),
    8: ("2012-12-31", "2012-12-31", "women living on the date, recurrent only: the total less de novo"),
    9: ("2016-12-31", "2016-12-31", "women living on the date, projected by the same back-calculation"),
    10: ("2020-01-01", "2020-12-31", "women living, projected by the same back-calculation, rounded"),
    11: ("2013-01-01", "2013-12-31", "certified breast cancer deaths of women in the year"),
    12: ("2013-01-01", "2013-12-31",
         "people identified as having it, definition not published; completeness unknown"),
    13: ("", "2016-12-31", "people living with it, a round figure; method not published"),
    14: ("", "2016-12-31", "deaths in a year, a round figure"),
}


def comparison_figures(published: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """Figures that people quote, what each counts and for which date."""
    rows = published("metastatic_prevalence_and_incidence_published.csv")
    if len(rows) != len(COUNTS):
        raise SystemExit("metastatic_prevalence_and_incidence_published.csv: rows without a decision")
    for number, column in enumerate(("date_from", "date_to", "counts")):
        rows[column] = [COUNTS[i][number] for i in range(1, len(rows) + 1)]
    before = rows["source"].shift()
    rows["source"] = rows["source"].where(rows["source"] != "same report", before)
    rows["source"] = rows["source"].where(rows["source"] != "same report", before.shift())
    return rows[["region", "measure", "date_or_period", "date_from", "date_to", "value", "unit", "counts",
                 "method", "role", "source"]]


def completeness_published(published: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """How much of metastatic disease registers and algorithms find: one number, or a range, in each row."""
    found = []
    for cells in published("completeness_published.csv").to_dict("records"):
        measures = [m.strip() for m in cells["measure"].split(" / ")]
        prefix, sep, first = measures[0].partition(": ")
        if sep:
            measures[0] = first
        values = [v.strip() for v in cells["value"].split(" / ")]
        if len(measures) != len(values):
            raise SystemExit("completeness_published.csv: as many measures as values are needed")
        for measure, value in zip(measures, values, strict=True):
            bounds = numbers_in(value)
            ranged = len(bounds) == 2 and "%" in value
            low, high = (f"{float(b) / 100:g}" for b in bounds) if ranged else ("", "")
            single = value if not low else ""
            proportion = bool(low) or float(single) < 1
            found.append({
                "setting": cells["setting"], "measure": f"{prefix}: {measure}" if sep else measure,
                "value": single, "value_lower": low, "value_upper": high,
                "unit": "proportion" if proportion else "count", "denominator": cells["denominator"],
                "source": cells["source"]})
    return pd.DataFrame(found)
