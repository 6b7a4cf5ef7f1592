"""What was done with patient records, as tables of the report: rows by rule, facts that differ between extracts."""

import pandas as pd

from sbc_prevalence.release.content import ATTRITION, DISAGREEMENTS, ReleaseContent
from sbc_prevalence.release.sheet import Sheet
from sbc_prevalence.release.words import heading, persons

FACT_WORDS = {"metastatic_date": "date of metastatic diagnosis", "presentation": "presentation", "area_code": "area",
              "sex": "sex", "death_date": "date of death"}


def attrition(content: ReleaseContent) -> Sheet | None:
    """Rows that each rule of the case definition removed, extract by extract."""
    if not content.has(ATTRITION):
        return None
    cells, flags = [], []
    for source, rows in content.tables[ATTRITION].groupby("source", sort=False):
        cells.append([heading(str(source)), "", "", ""])
        flags.append("group")
        for row in rows.to_dict("records"):
            cells.append([str(row["meaning"]), "" if row["rule"] == "read" else persons(row["removed"]),
                          persons(row["remaining"]), "" if pd.isna(row["persons"]) else persons(row["persons"])])
            flags.append("")
    return Sheet(
        "Which rows of each extract are cases: rows that each rule removed, in the order of the rules, those that "
        f"remain, and the persons behind them. Rounded to {content.rounding_unit}, each number by itself.",
        ["Rule", "Removed", "Remaining", "Persons"], cells, frozenset(), flags)


def disagreements(content: ReleaseContent) -> Sheet | None:
    """People in several extracts whose facts differ."""
    if not content.has(DISAGREEMENTS):
        return None
    cells = [[f"{FACT_WORDS.get(str(row['fact']), str(row['fact']))} ({row['sources']})", persons(row["in_several"]),
              persons(row["disagree"])] for row in content.tables[DISAGREEMENTS].to_dict("records")]
    return Sheet(
        "People whom several extracts hold: of how many each fact is told more than once, and of how many it differs. "
        f"Rounded to {content.rounding_unit}.", ["Fact", "Told more than once", "Differs"], cells)
