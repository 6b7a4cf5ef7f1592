"""Columns of patient records and of life-table cells, and the checks that need several of their cells."""

from collections.abc import Mapping

import pandas as pd

from sbc_prevalence.data import cells, columns
from sbc_prevalence.data.checked import Checked
from sbc_prevalence.data.patient_records import BY_DATE, BY_YEARS, times_of
from sbc_prevalence.errors import Problem
from sbc_prevalence.grid import AS_OF, PRESENTATIONS, year_fraction

LONGEST_FOLLOW_UP = 60.0
LONGEST_YEARS = 1000.0
ROUNDING = 1e-6

PATIENT: Mapping[str, columns.ColumnSpec] = {
    "presentation": columns.choice(*PRESENTATIONS),
    "diagnosis_date": columns.ColumnSpec(cells.iso_date, "str", required=False),
    "entry_date": columns.ColumnSpec(cells.iso_date, "str", required=False),
    "exit_date": columns.ColumnSpec(cells.iso_date, "str", required=False),
    "diagnosis_year": columns.year(required=False),
    "entry_years": columns.number(-LONGEST_YEARS, LONGEST_YEARS, required=False),
    "exit_years": columns.number(-LONGEST_YEARS, LONGEST_YEARS, required=False),
    "died": columns.ColumnSpec(cells.choice(("0", "1")), "Int64", says="0 (alive at exit) or 1 (died)"),
    "sex": columns.choice("female", "male", required=False),
    "age_years": columns.number(0, 130, required=False),
}
CELLS: Mapping[str, columns.ColumnSpec] = {
    "presentation": columns.choice(*PRESENTATIONS),
    "diagnosis_year_from": columns.year(),
    "diagnosis_year_to": columns.year(),
    "duration_from_years": columns.number(0, LONGEST_FOLLOW_UP),
    "duration_to_years": columns.number(0, LONGEST_FOLLOW_UP, open_low=True),
    "deaths": columns.whole(),
    "person_years": columns.number(0, cells.MAX_PEOPLE, required=False, open_low=True),
    "at_risk": columns.whole(required=False, low=1),
    "withdrawn": columns.whole(required=False),
}
CELL_KEY = ("presentation", "diagnosis_year_from", "diagnosis_year_to", "duration_from_years", "duration_to_years")


def time_form(table: Checked) -> list[Problem]:
    """Times are three dates, or a year and two times since diagnosis, and never a mixture."""
    dates, years = table.strata(*BY_DATE), table.strata(*BY_YEARS)
    if (len(dates), len(years)) in ((len(BY_DATE), 0), (0, len(BY_YEARS))):
        return []
    wanted = BY_DATE if len(dates) > len(years) else BY_YEARS
    lacking = [name for name in wanted if not table.has(name)]
    return table.problem("E-TIME-FORM", column=lacking[0] if lacking else (dates or years)[0])


def order_of_times(table: Checked) -> list[Problem]:
    """Diagnosis, then entry, then exit; in years; and follow-up that was over when the records were extracted."""
    form = next((form for form in (BY_DATE, BY_YEARS) if table.sound(*form)), None)
    if form is None or time_form(table):
        return []
    times = times_of(table.frame)
    entry, end = times["entry_years"], times["exit_years"]
    long = (entry.abs() > LONGEST_FOLLOW_UP) | (end.abs() > LONGEST_FOLLOW_UP)
    found = table.problem("E-UNIT-YEARS", long, column=form[2])
    found += table.problem("E-EXIT-BEFORE-DIAGNOSIS", (end < 0) & ~long, column=form[2])
    found += table.problem("E-ENTRY-BEFORE-DIAGNOSIS", (entry < 0) & (end >= 0) & ~long, column=form[1])
    found += table.problem("E-ENTRY-AFTER-EXIT", (entry > end) & (end >= 0) & ~long, column=form[1])
    if found or not table.sound(AS_OF):
        return found
    if form is BY_DATE:
        late = table.frame["exit_date"] > table.frame[AS_OF]
    else:
        taken = pd.Series([sum(year_fraction(day.date())) for day in pd.to_datetime(table.frame[AS_OF])], index=end.index)
        late = times["diagnosis_year"] + end > taken + ROUNDING
    return found + table.problem("E-FOLLOW-UP-LATE", late, column=form[2])


def cell_intervals(table: Checked) -> list[Problem]:
    """Years and durations in order; intervals of one group do not overlap."""
    found: list[Problem] = []
    group = table.strata("presentation", "diagnosis_year_from", "diagnosis_year_to")
    ends = ("duration_from_years", "duration_to_years")
    if table.sound("diagnosis_year_from", "diagnosis_year_to"):
        wrong = table.frame["diagnosis_year_from"] > table.frame["diagnosis_year_to"]
        found += table.problem("E-ORDER", wrong, column="diagnosis_year_from")
    if not table.sound(*group, *ends):
        return found
    found += table.problem("E-ORDER", table.frame[ends[0]] >= table.frame[ends[1]], column=ends[0])
    rows = table.frame.sort_values(list(ends)).drop_duplicates([*group, *ends])
    before = rows.groupby(group, sort=False)[ends[1]].shift()
    overlap = (rows[ends[0]] < before - ROUNDING).reindex(table.frame.index, fill_value=False)
    return found + table.problem("E-OVERLAP", overlap, column=ends[0])


def cell_exposure(table: Checked) -> list[Problem]:
    """Each table has person-years, or people at risk with those withdrawn; deaths are among them."""
    forms = table.strata("person_years", "at_risk")
    if len(forms) != 1 or (forms == ["person_years"] and table.has("withdrawn")):
        return table.problem("E-EXPOSURE", column="person_years")
    if forms == ["person_years"] or not table.sound("at_risk", "deaths"):
        return []
    gone = table.frame["deaths"]
    if table.has("withdrawn"):
        gone = gone + table.frame["withdrawn"]
    return table.problem("E-AT-RISK", gone > table.frame["at_risk"], column="at_risk")
