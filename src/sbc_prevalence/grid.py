"""The study grid and the vocabulary: names in, labelled axes out. No data, no statistics."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError, Problem

AREA, SEX, AGE_BAND, PRESENTATION, YEAR, DURATION = (
    "area",
    "sex",
    "age_band",
    "presentation",
    "year",
    "duration",
)
AGE_AT_DIAGNOSIS = "age_at_diagnosis"
CHAIN, DRAW = "chain", "draw"

DE_NOVO, RECURRENT, ALL = "de_novo", "recurrent", "all"
PRESENTATIONS: tuple[str, ...] = (DE_NOVO, RECURRENT)
GROUP_LEVEL = "group"

AREA_CODE, AREA_NAME, AREA_LEVEL = "area_code", "area_name", "area_level"
COUNT, COUNT_LOWER, COUNT_UPPER, COUNT_STATUS = "count", "count_lower", "count_upper", "count_status"
SOURCE, AS_OF = "source", "as_of"
HISTORY, YEAR_TO = "history", "year_to"
COUNT_STATUSES: tuple[str, ...] = ("exact", "suppressed", "rounded", "bounded")

DURATION_BANDS: tuple[str, ...] = ("<1", "1-2", "2-5", "5-10", "10+")
DURATION_EDGES: tuple[int, ...] = (0, 1, 2, 5, 10)

_BAND = re.compile(r"^(\d{1,3})\s*[-–]\s*(\d{1,3})$")
_UNDER = re.compile(r"^(?:<|under\s*)(\d{1,3})$", re.IGNORECASE)
_OVER = re.compile(r"^(\d{1,3})\s*(?:\+|and over)$", re.IGNORECASE)
_GSS = re.compile(r"^[EWSNKJLM]\d{8}$")


def parse_age_band(text: str) -> tuple[int, int | None]:
    """Half-open age band ``[from, to)`` in completed years; ``to`` is None for an open band.

    Parameters
    ----------
    text : str
        ``"50-54"``, ``"<5"``, ``"90+"``; a single age ``"67"`` is the band of that year.

    Raises
    ------
    ValueError
        If the text is none of these or the band is empty.
    """
    text = text.strip()
    if match := _BAND.match(text):
        low, high = int(match[1]), int(match[2]) + 1
        if high <= low:
            raise ValueError("an age band must end after it starts")
        return low, high
    if match := _UNDER.match(text):
        return 0, int(match[1])
    if match := _OVER.match(text):
        return int(match[1]), None
    if text.isdigit():
        return int(text), int(text) + 1
    raise ValueError("an age band reads '50-54', '<5', '90+' or a single age")


@dataclass(frozen=True)
class AgeBands:
    """Age bands that follow each other from birth, the last one open.

    Parameters
    ----------
    labels : tuple of str
        E.g. ``("0-49", "50-64", "65-79", "80+")``: completed years of age.

    Raises
    ------
    EvidenceError
        If they do not begin at 0, leave a gap, overlap, or the last is not open.
    """

    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        try:
            edges = [parse_age_band(text) for text in self.labels]
        except ValueError as error:
            raise _bands_refused(str(error)) from None
        if len(edges) < 2:
            raise _bands_refused("at least two age bands are needed")
        if edges[0][0] != 0:
            raise _bands_refused("the first age band must begin at 0")
        if edges[-1][1] is not None:
            raise _bands_refused("the last age band must be open, e.g. 80+")
        if any(end != start for (_, end), (start, _) in pairwise(edges)):
            raise _bands_refused("each age band must begin where the one before it ends")

    @property
    def starts(self) -> tuple[int, ...]:
        """First age of each band."""
        return tuple(parse_age_band(text)[0] for text in self.labels)

    @property
    def size(self) -> int:
        """Number of bands."""
        return len(self.labels)

    def place(self, text: str) -> int | None:
        """Position of the band that holds another one whole; None if that one lies across two."""
        low, high = parse_age_band(text)
        found = sum(start <= low for start in self.starts) - 1
        end = self.starts[found + 1] if found + 1 < self.size else None
        fits = end is None or (high is not None and high <= end)
        return found if fits else None


def _bands_refused(requirement: str) -> EvidenceError:
    return EvidenceError(Problem(
        "E-AGE-BANDS", "ages", requirement, "Write e.g. ['0-49', '50-64', '65-79', '80+'].", key="model.ages"))


def is_gss_code(code: str) -> bool:
    """Whether a text has the shape of a 9-character GSS code (not whether the code exists)."""
    return bool(_GSS.match(code))


def span_of_years(first: int, last: int, joint: str = "-") -> str:
    """``1997-2020``; a single year stands alone."""
    return str(int(first)) if int(first) == int(last) else f"{int(first)}{joint}{int(last)}"


def year_fraction(index_date: date) -> tuple[int, float]:
    """Calendar year of a date and the share of that year gone at the *end* of the day.

    31 December gives 1.0; 29 February 2024 gives 60 / 366.
    """
    start, following = date(index_date.year, 1, 1), date(index_date.year + 1, 1, 1)
    return index_date.year, ((index_date - start).days + 1) / (following - start).days


@dataclass(frozen=True)
class AreaSet:
    """Areas that are modelled, and the larger areas made of them.

    Parameters
    ----------
    codes : tuple of str
        Modelled areas (boards, trusts, nations), 9-character GSS codes. They must not overlap.
    names : tuple of str
        A name for each of them.
    total_code, total_name : str
        The whole: all modelled areas together.
    level, total_level : str
        Words for the kind of area, e.g. ``"NHS health board"`` and ``"nation"``.
    groups : mapping of str to tuple of str, optional
        Codes of further groups (regions, networks) and their member codes.
    group_names : mapping of str to str, optional
        Names of the groups.
    neighbours : tuple of (str, str)
        Pairs of modelled areas that share a border.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    total_code: str
    total_name: str
    level: str = "area"
    total_level: str = "total"
    groups: Mapping[str, tuple[str, ...]] | None = None
    group_names: Mapping[str, str] | None = None
    neighbours: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        problems = []
        if len(self.codes) != len(self.names):
            problems.append("codes and names differ in number")
        if not self.codes:
            problems.append("no area is given")
        if len(set(self.codes)) != len(self.codes):
            problems.append("an area code occurs twice")
        single = len(self.codes) == 1 and self.codes[0] == self.total_code
        if self.total_code in self.codes and not single:
            problems.append("the code of the whole is also the code of a part")
        for group, members in (self.groups or {}).items():
            if not set(members) <= set(self.codes):
                problems.append(f"group {group} has members that are not modelled areas")
            if group in self.codes or group == self.total_code:
                problems.append(f"group {group} has the code of an area or of the whole")
        if not {code for pair in self.neighbours for code in pair} <= set(self.codes):
            problems.append("neighbours are given that are not modelled areas")
        if problems:
            raise EvidenceError(
                [
                    Problem(
                        "E-AREAS",
                        "areas",
                        text,
                        "List each modelled area once, and the whole apart from them.",
                    )
                    for text in problems
                ]
            )

    @property
    def all_codes(self) -> tuple[str, ...]:
        """Codes at which evidence may sit: parts, groups, the whole."""
        extra = tuple(self.groups or ())
        whole = () if self.total_code in self.codes else (self.total_code,)
        return self.codes + extra + whole

    @property
    def shown(self) -> tuple[str, ...]:
        """All codes in the order in which people see them: the whole, the areas by name, the groups by name."""
        def by_name(codes: Iterable[str]) -> list[str]:
            return sorted(codes, key=lambda code: (self.name_of(code).casefold(), code))

        parts = [code for code in self.codes if code != self.total_code]
        return (self.total_code, *by_name(parts), *by_name(self.groups or ()))

    def sorted_by_code(self) -> "AreaSet":
        """The same areas in the order of their codes: the order of the rows of a table then changes no digit."""
        order = sorted(range(len(self.codes)), key=self.codes.__getitem__)
        return replace(self, codes=tuple(self.codes[i] for i in order), names=tuple(self.names[i] for i in order))

    def name_of(self, code: str) -> str:
        """Name of a part, a group or the whole."""
        if code == self.total_code:
            return self.total_name
        if self.groups and code in self.groups:
            return (self.group_names or {}).get(code, code)
        return self.names[self.codes.index(code)]

    def level_of(self, code: str) -> str:
        """Word for the kind of area that a code stands for."""
        if code == self.total_code:
            return self.total_level
        return GROUP_LEVEL if self.groups and code in self.groups else self.level

    def membership(self, codes: Sequence[str]) -> NDArray[np.float64]:
        """Matrix of shape (len(codes), n_areas): 1 where a modelled area belongs to a code.

        Raises
        ------
        EvidenceError
            If a code is neither a modelled area, a group nor the whole.
        """
        unknown = [c for c in codes if c not in self.all_codes]
        if unknown:
            raise EvidenceError(
                Problem(
                    "E-AREA-UNKNOWN",
                    "areas",
                    f"{len(unknown)} area codes belong to no modelled area or group",
                    "Add the areas to the configuration or correct the codes.",
                    detail=", ".join(unknown[:5]),
                )
            )
        matrix = np.zeros((len(codes), len(self.codes)))
        for i, code in enumerate(codes):
            if code == self.total_code:
                matrix[i] = 1.0
            elif self.groups and code in self.groups:
                matrix[i, [self.codes.index(m) for m in self.groups[code]]] = 1.0
            else:
                matrix[i, self.codes.index(code)] = 1.0
        return matrix


@dataclass(frozen=True)
class StudyGrid:
    """Axes of one study: areas and calendar years.

    Parameters
    ----------
    areas : AreaSet
    first_primary_year : int
        First year of primary diagnoses that feed recurrences, far before the data.
    first_year : int
        First year of metastatic diagnoses that the model carries.
    first_data_year, last_data_year : int
        First and last year with deaths (or other counts of metastatic disease).
    last_year : int
        Last year, projected where it lies beyond ``last_data_year``.
    first_reported_year : int
        First year in the published tables.
    """

    areas: AreaSet
    first_primary_year: int
    first_year: int
    first_data_year: int
    last_data_year: int
    last_year: int
    first_reported_year: int

    def __post_init__(self) -> None:
        order = (
            self.first_primary_year,
            self.first_year,
            self.first_data_year,
            self.last_data_year,
            self.last_year,
        )
        if list(order) != sorted(order):
            raise EvidenceError(
                Problem(
                    "E-GRID",
                    "grid",
                    "years must run: first primary, first metastatic, first and last data, last year",
                    "Make backcast_years and recurrence_lag_years at least 1.",
                    key="backcast_years",
                )
                if self.last_year >= self.last_data_year
                else Problem(
                    "E-GRID",
                    "grid",
                    f"tables must not end ({self.last_year}) before the data do ({self.last_data_year})",
                    "Move last_year, or take it out: it is then the last year with data.",
                    key="last_year",
                )
            )
        if not self.first_year <= self.first_reported_year <= self.last_year:
            raise EvidenceError(
                Problem(
                    "E-GRID",
                    "grid",
                    f"the first year of the tables ({self.first_reported_year}) must lie in the years that the model "
                    f"carries, {self.first_year} to {self.last_year}",
                    "Move it, or make backcast_years larger.",
                    key="first_reported_year",
                )
            )

    @property
    def years(self) -> NDArray[np.int64]:
        """Years of metastatic diagnosis."""
        return np.arange(self.first_year, self.last_year + 1)

    @property
    def primary_years(self) -> NDArray[np.int64]:
        """Years of primary diagnosis."""
        return np.arange(self.first_primary_year, self.last_year + 1)

    @property
    def reported_years(self) -> NDArray[np.int64]:
        """Years in the published tables."""
        return np.arange(self.first_reported_year, self.last_year + 1)

    def is_projected(self, year: int) -> bool:
        """Whether a year lies beyond the last year with data."""
        return year > self.last_data_year
