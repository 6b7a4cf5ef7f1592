"""Groups of areas (regions, networks) and neighbours, from tables of them, laid on the areas of a study."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from sbc_prevalence.data.tables import Table, row_numbers
from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import AREA_CODE, AreaSet

GROUP_CODE, GROUP_NAME, NEIGHBOUR_CODE = "group_code", "group_name", "neighbour_code"


def with_groups(areas: AreaSet, table: Table) -> AreaSet:
    """The same areas with groups of them.

    Parameters
    ----------
    areas : AreaSet
    table : Table
        ``group_code``, ``group_name``, ``area_code``; one row per member. A member is a modelled area, or another
        group of the table: groups nest to any depth. Groups need not cover all areas and may overlap.

    Raises
    ------
    DataError
        With every fault: columns missing, unknown members, groups that contain themselves, codes of areas.
    """
    frame, where = _texts(table, (GROUP_CODE, GROUP_NAME, AREA_CODE)), table.name
    groups = sorted(set(frame[GROUP_CODE]))
    known = {*areas.codes, *groups}
    problems = _at_rows(~frame[AREA_CODE].isin(known), where, Problem(
        "E-AREA-UNKNOWN", where, "a member is neither a modelled area nor a group of this table",
        "Correct the code, or add the area to [areas].", column=AREA_CODE))
    problems += _at_rows(frame[GROUP_CODE].isin({*areas.codes, areas.total_code}), where, Problem(
        "E-GROUP-CODE", where, "a group has the code of an area or of the whole",
        "Give the group a code of its own.", column=GROUP_CODE))
    problems += _at_rows(frame.duplicated([GROUP_CODE, AREA_CODE], keep=False), where, Problem(
        "E-DUPLICATE", where, "each member may stand once in a group", "Remove the repeated rows.", column=AREA_CODE))
    problems += _at_rows(frame.groupby(GROUP_CODE)[GROUP_NAME].transform("nunique") > 1, where, Problem(
        "E-GROUP-NAME", where, "a group has several names", "Give each group one name.", column=GROUP_NAME))
    members = {str(group): list(rows[AREA_CODE]) for group, rows in frame.groupby(GROUP_CODE, sort=False)}
    circular = [] if problems else [group for group in groups if _reaches(group, group, members)]
    if circular:
        problems += _at_rows(frame[GROUP_CODE].isin(circular), where, Problem(
            "E-GROUP-CIRCLE", where, "a group contains itself", "Take it out of its own members.", column=GROUP_CODE))
    if problems:
        raise DataError(problems)
    flat = {group: tuple(code for code in areas.codes if code in _areas_of(group, members)) for group in groups}
    names = dict(zip(frame[GROUP_CODE], frame[GROUP_NAME], strict=True))
    return replace(areas, groups=flat, group_names={group: names[group] for group in groups})


def with_neighbours(areas: AreaSet, table: Table) -> AreaSet:
    """The same areas with their neighbours.

    Parameters
    ----------
    areas : AreaSet
    table : Table
        ``area_code``, ``neighbour_code``: pairs of modelled areas that share a border; each pair once or twice. An
        area without a row is a single island.

    Raises
    ------
    DataError
        With every fault: columns missing, unknown codes, an area that is its own neighbour.
    """
    frame, where = _texts(table, (AREA_CODE, NEIGHBOUR_CODE)), table.name
    problems: list[Problem] = []
    for column in (AREA_CODE, NEIGHBOUR_CODE):
        problems += _at_rows(~frame[column].isin(areas.codes), where, Problem(
            "E-AREA-UNKNOWN", where, "a code is none of the modelled areas",
            "Correct the code, or remove the row.", column=column))
    problems += _at_rows(frame[AREA_CODE] == frame[NEIGHBOUR_CODE], where, Problem(
        "E-NEIGHBOUR-SELF", where, "an area is given as its own neighbour", "Remove the row.", column=NEIGHBOUR_CODE))
    if problems:
        raise DataError(problems)
    place = {code: i for i, code in enumerate(areas.codes)}
    given = zip(frame[AREA_CODE], frame[NEIGHBOUR_CODE], strict=True)
    pairs = {tuple(sorted(pair, key=place.__getitem__)) for pair in given}
    ordered = sorted(pairs, key=lambda pair: [place[code] for code in pair])
    return replace(areas, neighbours=tuple((a, b) for a, b in ordered))


def _texts(table: Table, needed: tuple[str, ...]) -> pd.DataFrame:
    frame = table.copy().reset_index(drop=True)
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        raise DataError([Problem("E-COLUMN-MISSING", table.name, "a required column is missing", "Add it.", column=column)
                         for column in missing])
    frame = frame[list(needed)].astype(str).apply(lambda column: column.str.strip())
    empty = (frame == "").any(axis=1)
    if problems := _at_rows(empty, table.name, Problem(
            "E-MISSING", table.name, "every cell must be filled", "Fill the cells or remove the rows.")):
        raise DataError(problems)
    return frame


def _areas_of(group: str, members: Mapping[str, list[str]]) -> frozenset[str]:
    inside: set[str] = set()
    for member in members[group]:
        inside |= _areas_of(member, members) if member in members else {member}
    return frozenset(inside)


def _reaches(start: str, goal: str, members: Mapping[str, list[str]]) -> bool:
    seen: set[str] = set()
    waiting = [m for m in members[start] if m in members]
    while waiting:
        group = waiting.pop()
        if group == goal:
            return True
        if group not in seen:
            seen.add(group)
            waiting += [m for m in members[group] if m in members]
    return False


def _at_rows(mask: "pd.Series[bool]", where: str, problem: Problem) -> list[Problem]:
    return [replace(problem, rows=row_numbers(mask[mask].index), n_rows=len(mask))] if mask.any() else []
