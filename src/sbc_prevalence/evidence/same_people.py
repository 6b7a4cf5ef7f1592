"""The same people in several pieces of evidence: told as warnings, with what it does to the answer."""

from collections.abc import Sequence
from itertools import combinations

from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.survival_records import SurvivalCells
from sbc_prevalence.grid import span_of_years


def same_people(pieces: Sequence[Evidence]) -> list[Problem]:
    """Warnings of people who stand in survival records and elsewhere.

    Parameters
    ----------
    pieces : sequence of Evidence
    """
    own = [piece for piece in pieces if isinstance(piece, SurvivalCells) and piece.population == "described"]
    return _deaths_twice(own, pieces) + _records_twice(own)


def _deaths_twice(own: Sequence[SurvivalCells], pieces: Sequence[Evidence]) -> list[Problem]:
    deaths = [piece.name for piece in pieces if piece.kind == "deaths"]
    return [
        Problem(
            "W-DEATHS-TWICE", f"{piece.name} and {', '.join(deaths)}",
            "deaths of people in the survival records are among the certified deaths as well",
            "Both may stay: records say how long people live, certified deaths how many people there are. They share "
            "their chance variation, which the model takes for independent, so intervals are not exact; fit once "
            "without either piece and compare.", severity="warning")
        for piece in own if deaths]


def _records_twice(own: Sequence[SurvivalCells]) -> list[Problem]:
    found = []
    for one, two in combinations(own, 2):
        shared = _covered(one) & _covered(two)
        if shared:
            years = sorted({year for _, year in shared})
            found.append(Problem(
                "W-RECORDS-TWICE", f"{one.name} and {two.name}",
                "two sets of survival records are of the population described, in the same years of diagnosis",
                "If the same people are in both, leave one out: they would count twice, and intervals would be too "
                "narrow.", detail=f"diagnosed {span_of_years(years[0], years[-1], ' to ')}", severity="warning"))
    return found


def _covered(piece: SurvivalCells) -> set[tuple[str, int]]:
    rows = piece.data[["presentation", "diagnosis_year_from", "diagnosis_year_to"]].drop_duplicates()
    return {(str(presentation), year) for presentation, first, last in rows.itertuples(index=False)
            for year in range(int(first), int(last) + 1)}
