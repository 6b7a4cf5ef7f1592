"""What every piece of evidence has: a checked frame, a name, an origin, and a face that shows no cells."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from html import escape
from typing import Any, ClassVar, Self

import pandas as pd

from sbc_prevalence.data import schemas
from sbc_prevalence.data.tables import Provenance, Table
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import AREA_CODE, AS_OF, SOURCE, YEAR


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Evidence(ABC):
    """A labelled, validated, frozen table with a meaning. Build one with :meth:`from_frame`.

    Parameters
    ----------
    name : str
        Name that messages and reports use: the file, the carried table or a word of the user's.
    data : pandas.DataFrame
        Typed frame as :func:`sbc_prevalence.data.schemas.check` returns it. Read :attr:`frame`, which is a
        copy.
    provenance : Provenance
        Publisher, title, year, licence, source, date of extraction.

    Raises
    ------
    EvidenceError
        If an option does not mean anything, or ``data`` did not pass the schema.
    """

    kind: ClassVar[str]
    frame_kind: ClassVar[str] = ""
    """Kind of table that :attr:`frame` is, where it is not the kind that was given."""
    name: str
    data: pd.DataFrame
    provenance: Provenance

    def __post_init__(self) -> None:
        needed = {c for c, spec in schemas.SCHEMAS[self.frame_kind or self.kind].columns.items() if spec.required}
        absent = sorted(needed - set(self.data.columns))
        if absent:
            raise EvidenceError(
                Problem(
                    "E-UNCHECKED",
                    self.name,
                    "the frame did not pass the schema of this kind of evidence",
                    "Build evidence with from_frame or from_table, which check it.",
                    detail=f"no {', '.join(absent)}",
                )
            )
        if problems := self.option_problems():
            raise EvidenceError(problems)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        name: str | None = None,
        source: str | None = None,
        as_of: str | None = None,
        provenance: Provenance | None = None,
        **options: Any,
    ) -> Self:
        """Evidence from a data frame, typed or of text (pandas, or anything with ``to_pandas`` or of
        columns).

        Parameters
        ----------
        frame : DataFrame-like
            Tidy table of this kind; row numbers in messages are those of a file with a header in row 1.
        name : str, optional
            Name that messages use; the kind otherwise.
        source, as_of : str, optional
            Short name of the source and ISO date of extraction, for tables without these columns.
        provenance : Provenance, optional
            Full origin; ``source`` and ``as_of`` take precedence.
        **options
            Options of this class, e.g. ``window_days``.

        Raises
        ------
        DataError
            With every fault of the table.
        EvidenceError
            If an option does not mean anything.
        """
        name = name or (provenance.name if provenance else cls.kind)
        origin = provenance or Provenance(name=name)
        if source:
            origin = replace(origin, source=source)
        if as_of:
            origin = replace(origin, as_of=str(as_of))
        return cls.from_table(Table.from_frame(frame, name=name, provenance=origin), **options)

    @classmethod
    def from_table(cls, table: Table, *, defaults: Mapping[str, str] | None = None, **options: Any) -> Self:
        """Evidence from a table as read: see :meth:`from_frame`."""
        known = {item.name for item in fields(cls)} - {"name", "data", "provenance"}
        if unknown := sorted(set(options) - known):
            raise EvidenceError(
                [
                    Problem(
                        "E-OPTION-UNKNOWN",
                        table.name,
                        f"{cls.kind} has no such option",
                        _options_in_words(known),
                        key=option,
                    )
                    for option in unknown
                ]
            )
        checked = schemas.check(table, cls.kind, defaults=defaults)
        held, told = cls._held(checked, table.name, options)
        made = cls(name=table.name, data=held, provenance=_completed(table.provenance, checked), **options)
        object.__setattr__(made, "_told", tuple(told))
        return made

    @classmethod
    def _held(cls, checked: pd.DataFrame, name: str, options: dict[str, Any]) -> tuple[pd.DataFrame, list[Problem]]:
        """What of a checked table is kept, and what deserves a look in the rest."""
        del name, options
        return checked, []

    @property
    def frame(self) -> pd.DataFrame:
        """The checked frame, a copy that the caller may change."""
        return self.data.reset_index(drop=True)

    @property
    def area_codes(self) -> tuple[str, ...]:
        """Area codes that occur, in the order of their first row; empty for evidence without areas."""
        return tuple(dict.fromkeys(self.data[AREA_CODE])) if AREA_CODE in self.data.columns else ()

    @property
    def years(self) -> tuple[int, ...]:
        """Calendar years that occur, sorted; empty for evidence without years."""
        return tuple(sorted({int(y) for y in self.data[YEAR]})) if YEAR in self.data.columns else ()

    def option_problems(self) -> list[Problem]:
        """Faults of the options of this piece, not of its frame."""
        return []

    def warnings(self) -> list[Problem]:
        """What stops nothing and deserves a look; ``severity`` is "warning"."""
        return [*getattr(self, "_told", ())]

    def shape_in_words(self) -> dict[str, str]:
        """Name, rows, years, areas, source: what a reader sees of the table. Never a cell."""
        words = {"name": self.name, "rows": str(len(self.data))}
        if self.years:
            words["years"] = "-".join(str(y) for y in dict.fromkeys((self.years[0], self.years[-1])))
        if self.area_codes:
            words["areas"] = str(len(self.area_codes))
        words["source"] = self.provenance.source or self.provenance.publisher
        words["as of"] = self.provenance.as_of
        return words

    def __repr__(self) -> str:
        inside = ", ".join(
            f"{key.replace(' ', '_')}={value!r}" for key, value in self.shape_in_words().items()
        )
        return f"{type(self).__name__}({inside})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(key)}</th><td>{escape(value)}</td></tr>'
            for key, value in self.shape_in_words().items()
        )
        return f"<table><caption>{escape(type(self).__name__)}</caption>{rows}</table>"


def _options_in_words(known: set[str]) -> str:
    return f"Its options are {', '.join(sorted(known))}." if known else "It has no options; leave it out."


def _completed(provenance: Provenance, frame: pd.DataFrame) -> Provenance:
    """Provenance whose source and date come from the rows where it does not say."""
    sources, dates = sorted(set(frame[SOURCE])), sorted(set(frame[AS_OF]))
    return replace(
        provenance, source=provenance.source or "; ".join(sources[:3]), as_of=provenance.as_of or dates[-1]
    )
