"""Estimates by age as a table of the report."""

from typing import Any

import pandas as pd

from sbc_prevalence.grid import ALL
from sbc_prevalence.release.content import AGES, LIVING, NEWLY, RATES, STANDARDISED, ReleaseContent
from sbc_prevalence.release.sheet import Sheet, interval, words_on_zeros
from sbc_prevalence.release.words import credible, date_words

ATTAINED, AT_DIAGNOSIS = "attained", "at diagnosis"


def ages(content: ReleaseContent) -> Sheet | None:
    """The whole at the headline date by age: living by attained age, newly diagnosed by age at diagnosis."""
    if not content.has(AGES):
        return None
    head = content.headline
    frame = content.tables[AGES]
    frame = frame[(frame["area_code"] == head["area_code"]) & (frame["year"] == int(head["year"]))]
    at_date = frame["index_date"].astype(str).str[:10] == str(head["index_date"])[:10]
    of_year = frame["index_date"].astype(str).str[5:10] == "12-31"
    living, newly = frame[at_date], frame[of_year]
    bands = [band for band in dict.fromkeys(frame["age_band"]) if band != ALL]
    columns = ["Age (years)", "Living, by age on the date (persons)", "Newly diagnosed, by age then (persons)"]
    with_rates = bool((frame["quantity"] == RATES[LIVING]).any())
    if with_rates:
        columns += ["Living per 100,000", "Newly diagnosed per 100,000"]
    cells = []
    for band in [*bands, ALL]:
        kinds = (ALL, ALL) if band == ALL else (ATTAINED, AT_DIAGNOSIS)
        shown = [(living, LIVING, kinds[0], str(head["basis"])), (newly, NEWLY, kinds[1], str(head["basis"]))]
        if with_rates:
            shown += [(living, RATES[LIVING], kinds[0], "expected"), (newly, RATES[NEWLY], kinds[1], "expected")]
        cells.append(["all ages" if band == ALL else band.replace("-", "–"), *(
            _cell(rows, quantity, kind, band, basis) for rows, quantity, kind, basis in shown)])
    if (frame["quantity"] == STANDARDISED[LIVING]).any():
        cells.append(["age-standardised", "", "", *(
            _cell(rows, STANDARDISED[name], "standardised", ALL, "expected")
            for rows, name in ((living, LIVING), (newly, NEWLY)))])
    shown_persons = frame[frame["quantity"].isin([LIVING, NEWLY]) & (frame["basis"] == head["basis"])]
    unit = "; standardised to the European Standard Population 2013" if with_rates else ""
    return Sheet(
        f"{head['area_name']}, {date_words(head['index_date'])} (living) and {head['year']} (newly diagnosed), by age: "
        f"median ({credible(head)}){unit}."
        + words_on_zeros((row["median"], content.unit_of(str(head["area_code"]), str(row["quantity"])))
                         for row in shown_persons.to_dict("records")), columns, cells)


def _cell(rows: pd.DataFrame, quantity: str, kind: str, band: str, basis: str) -> str:
    found = rows[(rows["quantity"] == quantity) & (rows["age_kind"] == kind) & (rows["age_band"] == band)
                 & (rows["basis"] == basis)]
    if not len(found):
        return ""
    row: dict[Any, Any] = found.iloc[0].to_dict()
    return interval(row, "", None if quantity in (LIVING, NEWLY) else 1) or "too few"
