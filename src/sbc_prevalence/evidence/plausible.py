"""Pieces that are sound each and look unlikely together, or in their unit: told as warnings, which stop nothing."""

from collections.abc import Sequence

import pandas as pd

from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.grid import AREA_CODE, COUNT_LOWER, COUNT_UPPER, YEAR

USUAL_DEATHS = (0.08, 0.70)
"""Deaths for each primary registration; 0.2 to 0.3 in the United Kingdom since 1990."""
LONGEST_FOLLOW_UP_YEARS = 20.0
"""Published follow-up after a metastatic diagnosis ends at 5 to 15 years."""
SHOWN = 8


def warnings(pieces: Sequence[Evidence]) -> list[Problem]:
    """Deaths that do not suit the primaries, areas without the deaths that others have, months for years."""
    by_kind = {piece.kind: piece for piece in pieces}
    found: list[Problem] = []
    if "published_survival" in by_kind:
        found += _months_for_years(by_kind["published_survival"])
    if "deaths" in by_kind and "primary_registrations" in by_kind:
        deaths, primaries = by_kind["deaths"], by_kind["primary_registrations"]
        found += _unlikely_deaths(deaths, primaries) + _areas_without_deaths(deaths, primaries)
    return found


def _months_for_years(piece: Evidence) -> list[Problem]:
    frame = piece.frame
    if "duration_years" not in frame or not (frame["duration_years"] > LONGEST_FOLLOW_UP_YEARS).any():
        return []
    return [Problem(
        "W-UNIT-MONTHS", piece.name,
        f"follow-up after a metastatic diagnosis seldom exceeds {LONGEST_FOLLOW_UP_YEARS:g} years",
        "If the durations are in months, divide them by 12. If they are years, leave them as they are.",
        column="duration_years", severity="warning")]


def _by_year(piece: Evidence) -> pd.Series:
    """Middle of the counts of each year, all rows together."""
    middle = (piece.frame[COUNT_LOWER] + piece.frame[COUNT_UPPER]) / 2
    return middle.groupby(piece.frame[YEAR]).sum()


def _unlikely_deaths(deaths: Evidence, primaries: Evidence) -> list[Problem]:
    both = pd.concat([_by_year(deaths), _by_year(primaries)], axis=1, join="inner", keys=["deaths", "primaries"]).sum()
    low, high = USUAL_DEATHS
    if not both["primaries"] or not both["deaths"] or low <= both["deaths"] / both["primaries"] <= high:
        return []
    return [Problem(
        "W-DEATHS-PRIMARIES", f"{deaths.name} and {primaries.name}",
        f"deaths of a year are usually between {low:g} and {high:g} of its primary registrations",
        "Look for rates in place of counts, for another cancer or sex, and for areas that one of the two lacks. If both "
        "are right, leave them as they are.", column="count", severity="warning",
        detail="in the years that both have")]


def _areas_without_deaths(deaths: Evidence, primaries: Evidence) -> list[Problem]:
    own = set(deaths.frame[AREA_CODE])
    areas = sorted(set(primaries.frame[AREA_CODE]))
    without = [code for code in areas if code not in own]
    if not without or len(without) == len(areas):
        return []
    named = ", ".join(without[:SHOWN]) + (f" and {len(without) - SHOWN} more" if len(without) > SHOWN else "")
    return [Problem(
        "W-AREA-DEATHS", deaths.name, "some areas have deaths of their own and others have none",
        "If their rows are missing, add them. If they are not known, leave them out: those areas then rest on their "
        "primaries and on the prior.", column=AREA_CODE, severity="warning", detail=f"without deaths: {named}")]
