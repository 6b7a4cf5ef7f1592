"""Area codes: which exist, which were replaced, and whether a table's codes fit the areas of a study."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.tables import Table, row_numbers
from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import AREA_CODE, AREA_LEVEL, AREA_NAME, YEAR, AreaSet, is_gss_code

NAMED = 10
BEFORE_2014 = re.compile(r"S080000(?:0[1-9]|1[0-4])")
"""Scottish health boards before 1 April 2014 (SSI 2013/347): other areas under the names of today."""
NO_PLACE = re.compile(r"RA27\d\d|S27\d{6}")
"""Codes of people without an address in a board: no fixed abode, not known, outside Scotland."""
COUNTED_ONCE = frozenset({"deaths", "primary_registrations", "registrations"})
"""Kinds in which the same people must not stand in a whole and in its parts in the same year."""


def geography() -> pd.DataFrame:
    """Carried codes: ``area_code``, ``area_name``, ``area_level``, ``enacted``, ``archived`` (ISO, empty)."""
    return load_carried("geography_codes").copy()


def superseded_codes() -> dict[str, str]:
    """Codes that were replaced, and the code in force of the area of the same name."""
    codes = geography()
    current = codes[codes["archived"] == ""].set_index(AREA_NAME)[AREA_CODE]
    gone = codes[codes["archived"] != ""]
    return {str(code): str(current[name])
            for code, name in zip(gone[AREA_CODE], gone[AREA_NAME], strict=True) if name in current.index}


def load_areas(name: str, *, total_code: str, total_name: str, total_level: str = "nation") -> AreaSet:
    """Areas of a study from a carried table, e.g. ``scotland_boards`` or ``uk_nations``.

    Parameters
    ----------
    name : str
        Name of the carried table.
    total_code, total_name, total_level : str
        The whole.
    """
    return area_set_from(load_carried(name), total_code=total_code, total_name=total_name, total_level=total_level)


def area_set_from(
    table: Table | pd.DataFrame, *, total_code: str, total_name: str, level: str | None = None,
    total_level: str = "total", where: str | None = None,
) -> AreaSet:
    """Areas of a study from a table of them, in the order of their codes whatever the order of its rows.

    Parameters
    ----------
    table : Table or DataFrame
        Columns ``area_code``, ``area_name`` and, optionally, ``area_level``; one row per modelled area. A row
        with the code of the whole is not allowed unless it is the only one.
    total_code, total_name : str
        The whole.
    level : str, optional
        Word for the areas; the ``area_level`` of the first code otherwise, else ``"area"``.
    total_level : str
        Word for the whole.
    where : str, optional
        Name that messages use.

    Raises
    ------
    DataError
        With every fault: columns missing, empty or repeated codes, replaced codes, the whole among its parts.
    """
    frame = table.copy() if isinstance(table, Table) else table.reset_index(drop=True).copy()
    where = where or (table.name if isinstance(table, Table) else "areas")
    missing = [column for column in (AREA_CODE, AREA_NAME) if column not in frame.columns]
    if missing:
        raise DataError([
            Problem("E-COLUMN-MISSING", where, "a required column is missing", "Add it.", column=column)
            for column in missing])
    codes, names = frame[AREA_CODE].astype(str).str.strip(), frame[AREA_NAME].astype(str).str.strip()
    problems = _superseded(codes, where, superseded_codes())
    problems += _rows_where((codes == "") | (names == ""), where, Problem(
        "E-AREAS", where, "every area needs a code and a name", "Fill the cells.", column=AREA_CODE))
    problems += _rows_where(codes.duplicated(keep=False) & (codes != ""), where, Problem(
        "E-DUPLICATE", where, "each area may be listed once", "Remove the repeated rows.", column=AREA_CODE))
    if len(codes) > 1:
        problems += _rows_where(codes == total_code, where, Problem(
            "E-AREA-TOTAL", where, "the whole is listed among its parts",
            "Remove this row: the whole is given apart, by total_code.", column=AREA_CODE))
    if problems:
        raise DataError(problems)
    if level is None:
        given = AREA_LEVEL in frame.columns and len(frame) > 0
        level = str(frame[AREA_LEVEL].iloc[int(codes.argsort().iloc[0])]) if given else "area"
    found = AreaSet(tuple(codes), tuple(names), total_code, total_name, level=level, total_level=total_level)
    return found.sorted_by_code()


def check_codes(
    frame: pd.DataFrame, areas: AreaSet, *, where: str, kind: str, require_all: bool | None = None,
) -> list[Problem]:
    """Every fault of the area codes of one table, for the areas of a study.

    Parameters
    ----------
    frame : DataFrame
        Column ``area_code``, and ``year`` where there is one; in the order of the file.
    areas : AreaSet
    where : str
        File or table, for messages.
    kind : str
        Kind of evidence. In ``deaths``, ``primary_registrations`` and ``registrations`` a whole and one of
        its parts must not both be given for the same year: the same people would count twice. Other kinds
        (``population``) may hold both.
    require_all : bool, optional
        Whether each modelled area must occur; by default only for ``primary_registrations``.

    Returns
    -------
    list of Problem
        Empty when all is well. Codes are named; no other cell value is.
    """
    codes = frame[AREA_CODE].astype(str).str.strip().reset_index(drop=True)
    replaced = {old: new for old, new in superseded_codes().items() if old not in areas.all_codes}
    problems = _mixed(codes, where, replaced) + _superseded(codes, where, replaced)
    problems += _unknown(codes, areas, where, replaced)
    if kind in COUNTED_ONCE:
        problems += _double_counted(frame.reset_index(drop=True), codes, areas, where)
    needed = kind == "primary_registrations" if require_all is None else require_all
    if needed:
        problems += _missing(codes.replace(replaced), areas, where)
    return problems


def _rows_where(mask: "pd.Series[bool]", where: str, problem: Problem) -> list[Problem]:
    if not mask.any():
        return []
    rows = row_numbers(mask[mask].index)
    return [replace(problem, rows=rows, n_rows=len(mask))]


def _superseded(codes: "pd.Series[Any]", where: str, replaced: Mapping[str, str]) -> list[Problem]:
    problems: list[Problem] = []
    for old in sorted(set(codes) & set(replaced)):
        problems += _rows_where(codes == old, where, Problem(
            "E-AREA-SUPERSEDED", where, f"the area code {old} is no longer in force",
            f"Write {replaced[old]}, the code in force for the same area.", column=AREA_CODE))
    return problems


def _mixed(codes: "pd.Series[Any]", where: str, replaced: Mapping[str, str]) -> list[Problem]:
    present = set(codes)
    pairs = [(old, new) for old, new in replaced.items() if old in present and new in present]
    return [Problem(
        "E-AREA-MIXED", where, f"one area stands under two codes, {old} and {new}",
        f"Use {new} throughout, and check that no year is given twice.", column=AREA_CODE)
        for old, new in pairs]


def _unknown(
    codes: "pd.Series[Any]", areas: AreaSet, where: str, replaced: Mapping[str, str],
) -> list[Problem]:
    valid = areas.all_codes
    problems: list[Problem] = []
    unknown = sorted(set(codes) - set(valid) - set(replaced))
    for pattern, code, requirement, remedy in (
        (BEFORE_2014, "E-AREA-BOUNDARY",
         "codes from before April 2014 are of other areas: boundaries changed, not only codes",
         "Ask for the figures by the boards of today; a code must not be exchanged for that of the same name."),
        (NO_PLACE, "E-AREA-NO-PLACE", "people without an address in an area stand under a code of their own",
         "Add an area for them to [areas], or leave the rows out and say so in the note of the evidence."),
    ):
        apart = [text for text in unknown if pattern.fullmatch(text)]
        unknown = [text for text in unknown if text not in apart]
        problems += _rows_where(codes.isin(apart), where, Problem(code, where, requirement, remedy, column=AREA_CODE))
    named = [code for code in unknown if is_gss_code(code)][:NAMED]
    for code in named:
        near = difflib.get_close_matches(code, valid, n=1, cutoff=0.6)
        hint = f"The nearest is {near[0]} ({areas.name_of(near[0])}). " if near else ""
        problems += _rows_where(codes == code, where, Problem(
            "E-AREA-UNKNOWN", where, f"the area code {code} is none of the areas of this study",
            f"{hint}Correct the code, remove the rows or add the area to [areas].", column=AREA_CODE))
    rest = codes.isin(set(unknown) - set(named))
    problems += _rows_where(rest, where, Problem(
        "E-AREA-UNKNOWN", where, "an area code is none of the areas of this study",
        f"Write a code as [areas] has it ({_some(areas)}), or add the area there.", column=AREA_CODE))
    return problems


def _some(areas: AreaSet) -> str:
    """The codes of a few areas, as an example."""
    codes = areas.all_codes
    return ", ".join(codes) if len(codes) <= NAMED else f"{', '.join(codes[:NAMED])}, ..."


def _members(areas: AreaSet) -> dict[str, frozenset[str]]:
    wholes = {code: frozenset(members) for code, members in (areas.groups or {}).items()}
    if areas.total_code not in areas.codes:
        wholes[areas.total_code] = frozenset(areas.codes) | frozenset(areas.groups or {})
    return wholes


def _double_counted(
    frame: pd.DataFrame, codes: "pd.Series[Any]", areas: AreaSet, where: str,
) -> list[Problem]:
    problems: list[Problem] = []
    year = frame[YEAR].astype(str).str.strip() if YEAR in frame.columns else pd.Series("", index=codes.index)
    for whole, parts in _members(areas).items():
        in_parts = codes.isin(parts)
        clash = (codes == whole) & year.isin(set(year[in_parts]))
        problems += _rows_where(clash, where, Problem(
            "E-AREA-TOTAL", where,
            f"a row of the whole ({whole}) stands among rows of its parts for the same year",
            "Give the whole or its parts in a year, not both: the same people would count twice.",
            column=AREA_CODE))
    return problems


def _missing(codes: "pd.Series[Any]", areas: AreaSet, where: str) -> list[Problem]:
    absent = [code for code in areas.codes if code not in set(codes)]
    if not absent:
        return []
    listed = ", ".join(f"{code} ({areas.name_of(code)})" for code in absent)
    return [Problem(
        "E-AREA-MISSING", where, f"{len(absent)} of {len(areas.codes)} areas have no row",
        "Add their rows, or take the areas out of [areas].", column=AREA_CODE, detail=f"missing: {listed}")]
