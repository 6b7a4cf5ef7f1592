"""Checks of a table that need several cells or several rows: forms of a count, duplicates, gaps, totals among
parts.

Each takes a :class:`~sbc_prevalence.data.checked.Checked` table and returns problems. Cells that are faulty by
themselves arrive emptied and are passed over here, so that one mistake is reported once.
"""

from itertools import pairwise
from typing import Any

import pandas as pd

from sbc_prevalence.data.checked import Checked, bounds_of
from sbc_prevalence.errors import Problem
from sbc_prevalence.grid import (
    ALL,
    AS_OF,
    COUNT,
    COUNT_LOWER,
    COUNT_STATUS,
    COUNT_UPPER,
    parse_age_band,
)

SHOWN = 8


def count_form(table: Checked) -> list[Problem]:
    """A count is a value, or an interval with a status; bounds in order; the status agrees with them."""
    frame = table.frame
    names = [c for c in (COUNT, COUNT_LOWER, COUNT_UPPER, COUNT_STATUS) if c in frame.columns]
    if not names:
        return []
    told = table.faulty_rows(*names)
    blank = pd.Series(pd.NA, index=frame.index, dtype="Int64")
    value, lower, upper = (frame.get(c, blank) for c in (COUNT, COUNT_LOWER, COUNT_UPPER))
    status = frame.get(COUNT_STATUS, pd.Series("", index=frame.index, dtype=object)).fillna("")
    none = lower.isna() & upper.isna() & (status.isin(["", "exact"]))
    full = lower.notna() & upper.notna() & (status != "")
    empty = value.isna() & lower.isna() & upper.isna() & (status == "")
    found = table.problem("E-MISSING", empty & ~told, column=COUNT)
    found += table.problem("E-COUNT-FORM", ~told & ~empty & ~((none & value.notna()) | full), column=COUNT)
    wrong = ~told & full & (
        (lower > upper)
        | ((value < lower) | (value > upper)).fillna(False)
        | ((status == "exact") & (lower != upper))
    )
    return found + table.problem("E-COUNT-BOUNDS", wrong, column=COUNT_LOWER)


def duplicates(table: Checked, key: tuple[str, ...]) -> list[Problem]:
    """No two rows with the same key; empty parts of a key count as equal."""
    names = table.strata(*key)
    rows = table.frame[names].copy()
    for name in names:
        if name in table.faulty:
            rows = rows[rows[name].notna() & (rows[name].astype(object) != "")]
    repeated = rows.duplicated(keep=False) if names else pd.Series(False, index=rows.index)
    bad = pd.Series(False, index=table.frame.index)
    bad.loc[rows.index] = repeated
    return table.problem("E-DUPLICATE", bad, detail=f"rows are told apart by {', '.join(names)}")


def year_gaps(table: Checked) -> list[Problem]:
    """Years of each area (and sex) follow each other."""
    strata = table.strata("area_code", "sex", "presentation")
    if not table.sound("area_code", "year", *strata):
        return []
    gaps = []
    for key, rows in table.frame.groupby(strata, sort=True):
        have = set(rows["year"].astype(int))
        gaps += [(str(key[0]), y) for y in range(min(have), max(have)) if y not in have]
    if not gaps:
        return []
    return table.problem("E-YEAR-GAP", column="year", detail=f"missing: {_listed(gaps)}")


def area_years(table: Checked) -> list[Problem]:
    """Years without a gap, and every area in every year of the table."""
    if not table.sound("area_code", "year"):
        return []
    years = table.frame["year"].astype(int)
    everywhere = range(int(years.min()), int(years.max()) + 1)
    found: list[Problem] = []
    unseen = [y for y in everywhere if y not in set(years)]
    if unseen:
        found += table.problem(
            "E-YEAR-GAP", column="year", detail="missing: " + _listed([("all", y) for y in unseen])
        )
    have = set(zip(table.frame["area_code"], years, strict=True))
    absent = [
        (a, y)
        for a in sorted(table.frame["area_code"].unique())
        for y in sorted(set(years))
        if (a, y) not in have
    ]
    if absent:
        found += table.problem(
            "E-AREA-YEAR-MISSING", column="area_code", detail=f"missing: {_listed(absent)}"
        )
    return found


def totals_among_parts(table: Checked) -> list[Problem]:
    """No area of a year is the sum of others: by its code (a nation among its boards), or by its counts.

    By counts: at least three years, at least two other areas, and within 1 % (and 2 persons) of their sum in
    all of them; the sum of boards may miss people of unknown board.
    """
    if not table.sound("area_code", "year"):
        return []
    frame = table.frame
    bad = pd.Series(False, index=frame.index)
    for _, rows in frame.groupby("year", sort=False):
        codes = set(rows["area_code"])
        wholes = {c for c in codes if any(other != c and _contains(c, other) for other in codes)}
        bad.loc[rows.index[rows["area_code"].isin(wholes)]] = True
    if not bad.any() and not table.faulty & {COUNT, COUNT_LOWER}:
        for code in _sums_of_others(frame):
            bad |= frame["area_code"] == code
    return table.problem("E-AREA-TOTAL", bad, column="area_code")


def age_bands(table: Checked) -> list[Problem]:
    """Bands of one area and year do not overlap, leave no gap, and span the same ages in all."""
    strata = table.strata("area_code", "year", "index_date", "sex", "presentation")
    if not strata or not table.sound("age_band", *strata):
        return []
    totals: list[Any] = []
    overlaps: list[Any] = []
    broken: list[Any] = []
    spans: set[tuple[int, int]] = set()
    for _, rows in table.frame.groupby(strata, sort=False, dropna=False):
        whole = rows["age_band"] == ALL
        if whole.any() and not whole.all():
            totals += list(rows.index[whole])
        parts = rows.loc[~whole, "age_band"].drop_duplicates()
        edges = sorted((*_edges(text), index) for index, text in parts.items())
        for (_, end, _), (start, _, index) in pairwise(edges):
            if start != end:
                (overlaps if start < end else broken).append(index)
        if edges:
            spans.add((edges[0][0], max(end for _, end, _ in edges)))
    found = table.problem("E-TOTAL-ROW", _marked(table, totals), column="age_band")
    found += table.problem("E-AGE-OVERLAP", _marked(table, overlaps), column="age_band")
    found += table.problem("E-AGE-GAP", _marked(table, broken), column="age_band")
    if len(spans) > 1 and not found:
        found += table.problem(
            "E-AGE-GAP", column="age_band", detail="the first or the last age differs between areas or years"
        )
    return found


def invasive_only(table: Checked) -> list[Problem]:
    """Rows that name a code or a behaviour name invasive breast cancer."""
    found: list[Problem] = []
    if table.sound("icd10"):
        code = table.frame["icd10"].str.upper().str.strip()
        found += table.problem("E-IN-SITU", (code != "") & ~code.str.startswith("C50"), column="icd10")
    if table.sound("behaviour"):
        behaviour = table.frame["behaviour"].str.lower().str.strip()
        found += table.problem(
            "E-IN-SITU", ~behaviour.isin(["", "invasive", "malignant"]), column="behaviour"
        )
    return found


def full_years(table: Checked) -> list[Problem]:
    """Figures were extracted after the year they are for was over."""
    if not table.sound("year", AS_OF):
        return []
    over = table.frame["year"].astype(str) + "-12-31"  # an index date is the end of the named day
    return table.problem("E-AS-OF", table.frame[AS_OF] < over, column=AS_OF)


def presentations(table: Checked) -> list[Problem]:
    """An area and year gives all presentations together or apart."""
    strata = table.strata("area_code", "year", "sex", "age_band")
    if not strata or not table.sound("presentation", *strata):
        return []
    together = table.frame["presentation"] == ALL
    groups = [table.frame[name] for name in strata]
    mixed = together & ~together.groupby(groups).transform("all")
    return table.problem("E-PRESENTATION-MIXED", mixed, column="presentation")


def found_among_known(table: Checked) -> list[Problem]:
    """An audit cannot find more than was known."""
    if not table.has("n_found", "n_known"):
        return []
    return table.problem("E-FOUND", table.frame["n_found"] > table.frame["n_known"], column="n_found")


def examined_among_records(table: Checked) -> list[Problem]:
    """True cases are among those examined, and those among the records of the stratum."""
    if not table.sound("n_records", "n_examined", "n_true"):
        return []
    frame = table.frame
    found = table.problem("E-EXAMINED", frame["n_examined"] > frame["n_records"], column="n_examined")
    found += table.problem("E-EXAMINED", frame["n_true"] > frame["n_examined"], column="n_true")
    return found + table.problem(
        "E-UNEXAMINED", (frame["n_records"] > 0) & (frame["n_examined"] == 0), column="n_examined")


def strata(table: Checked) -> list[Problem]:
    """Every sample has the same strata, some in the source and some not."""
    if not table.sound("area_code", "presentation", "source_audited", "stratum", "in_source"):
        return []
    sample = table.strata("area_code", "presentation", "source_audited", "year")
    odd: list[Any] = []
    one_sided: list[Any] = []
    for _, rows in table.frame.groupby(["presentation", "source_audited"], sort=False):
        first: frozenset[tuple[str, str]] | None = None
        for _, part in rows.groupby(sample, sort=False):
            here = frozenset(zip(part["stratum"], part["in_source"], strict=True))
            first = first or here
            odd += list(part.index) if here != first else []
            one_sided += list(part.index) if part["in_source"].nunique() < 2 else []
    found = table.problem("E-STRATA", _marked(table, odd), column="stratum")
    return found + table.problem("E-STRATA-SIDE", _marked(table, one_sided), column="in_source")


def within_base(table: Checked) -> list[Problem]:
    """People counted are among the people who could have been."""
    if not table.has("base_population"):
        return []
    _, upper, _ = bounds_of(table.frame)
    return table.problem("E-EXCEEDS-BASE", upper > table.frame["base_population"], column=COUNT)


def base_bounds(table: Checked) -> list[Problem]:
    """Bounds of a base population enclose it, and come together."""
    if not (table.has("base_lower") or table.has("base_upper")):
        return []
    blank = pd.Series(pd.NA, index=table.frame.index, dtype="Int64")
    low, middle, high = (table.frame.get(name, blank) for name in ("base_lower", "base_population", "base_upper"))
    alone = low.isna() != high.isna()
    outside = ((low > middle) | (middle > high) | (low >= high) | (low.notna() & middle.isna())).fillna(False)
    return table.problem("E-BASE-BOUNDS", alone | outside, column="base_lower")


def single_ages(table: Checked) -> list[Problem]:
    """Each year has every single age from 0 to 99, and the years follow each other."""
    if not table.sound("age", "year"):
        return []
    ages = (
        table.frame.groupby("year")["age"].agg(lambda column: not set(range(100)) <= set(column)).astype(bool)
    )
    short = [int(year) for year in ages.index[ages]]
    found = table.problem("E-AGES", table.frame["year"].isin(short), column="age")
    have = {int(year) for year in ages.index}
    gaps = [str(year) for year in range(min(have), max(have)) if year not in have]
    if gaps:
        found += table.problem("E-YEAR-GAP", column="year", detail=f"missing: {_listed(gaps)}")
    return found


def _contains(whole: str, part: str) -> bool:
    """Whether one GSS code is the United Kingdom or Great Britain, or a nation, that holds the other."""
    if whole in ("K02000001", "K03000001"):
        return part[:1] in "EWSN" and len(part) == 9
    return (
        whole[1:3] == "92" and whole[:1] in "EWSN" and len(whole) == len(part) == 9 and part[:1] == whole[:1]
    )


def _sums_of_others(frame: pd.DataFrame) -> list[str]:
    lower, upper, _ = bounds_of(frame)
    counts = frame.assign(_count=lower.where(lower == upper).astype("float64"))
    wide = counts.groupby(["year", "area_code"])["_count"].sum(min_count=1).unstack()
    found = []
    for code in wide.columns:
        rest = wide.drop(columns=code)
        usable = wide[code].notna() & (rest.notna().sum(axis=1) >= 2) & (wide[code] > 0)
        others = rest.sum(axis=1)[usable]
        near = (wide.loc[usable, code] - others).abs() <= (0.01 * others).clip(lower=2)
        if usable.sum() >= 3 and near.all():
            found.append(str(code))
    return found


def _edges(band: str) -> tuple[int, int]:
    low, high = parse_age_band(band)
    return low, 999 if high is None else high


def _marked(table: Checked, index: list[Any]) -> "pd.Series[bool]":
    return pd.Series(table.frame.index.isin(index), index=table.frame.index)


def _listed(items: list[Any]) -> str:
    """A few items in words, and how many more."""
    texts = [" ".join(str(part) for part in item) if isinstance(item, tuple) else str(item) for item in items]
    more = len(texts) - SHOWN
    return ", ".join(texts[:SHOWN]) + (f" and {more} more" if more > 0 else "")
