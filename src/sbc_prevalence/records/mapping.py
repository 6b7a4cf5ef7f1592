"""Column mapping of one source, declared in TOML: where each column of the schema comes from and what its words mean.

Nothing is inferred. A column that is not named stays empty, a word that is not translated is a fault, a date that is
not of a declared format is a fault.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.records.schema import REQUIRED, SCHEMA, SITES

VERSION = 1
_DIRECTIVES = re.compile(r"%[dmY]")
_ENTRY_KEYS = frozenset({"from", "values", "blank", "formats", "sentinels", "constant"})
_SITE_KEYS = frozenset({"from", "separator", "values"})
SEPARATORS = (";", ",", ":", "/", "#", "~")
_TOP_KEYS = frozenset({"version", "name", "title", "document", "columns", "sites"})


@dataclass(frozen=True)
class ColumnMapping:
    """Where one column of the schema comes from.

    Parameters
    ----------
    column : str
        Column of the schema.
    source_column : str, optional
        Column of the file; none where `constant` holds for the whole file.
    constant : str, optional
        The same value in every row, e.g. the source or its date of extraction.
    values : mapping of str to str
        Word of the file to word of the schema (``true`` and ``false`` for a boolean). Empty: the file's own words are
        those of the schema.
    blank : str, optional
        What an empty cell means; without it the value is missing.
    formats : tuple of str
        Formats of a date, from ``%d``, ``%m``, ``%Y`` and what stands between them. One without ``%d`` tells the month
        only, one of ``%Y`` alone the year only.
    sentinels : tuple of str
        Texts that stand for "no date", e.g. ``"31/12/9999"``: declared, never guessed.
    """

    column: str
    source_column: str | None = None
    constant: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    blank: str | None = None
    formats: tuple[str, ...] = ()
    sentinels: tuple[str, ...] = ()


@dataclass(frozen=True)
class SitesMapping:
    """One column of the file that lists several sites of disease.

    Parameters
    ----------
    source_column : str
    separator : str
        Between the codes of one cell.
    values : mapping of str to str
        Code to a site of the schema, or to ``"none"`` for a code that names no site.
    """

    source_column: str
    separator: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class RecordMapping:
    """The mapping of one source.

    Parameters
    ----------
    name, title, document : str
        Of the mapping; the document that its field names are from.
    columns : mapping of str to ColumnMapping
        By column of the schema.
    sites : SitesMapping, optional
    """

    name: str
    columns: Mapping[str, ColumnMapping]
    sites: SitesMapping | None = None
    title: str = ""
    document: str = ""

    def with_constants(self, **constants: str | date) -> "RecordMapping":
        """The same mapping with facts of the whole file, e.g. ``source="trust"``, ``extract_date="2026-03-31"``."""
        unknown = sorted(set(constants) - set(SCHEMA))
        if unknown:
            raise DataError([_unknown_column(self.name, name) for name in unknown])
        added = {name: ColumnMapping(name, constant=str(value)) for name, value in constants.items()}
        made = RecordMapping(self.name, {**self.columns, **added}, self.sites, self.title, self.document)
        if found := problems_of(made):
            raise DataError(found)
        return made

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Columns of the file that are read."""
        names = [entry.source_column for entry in self.columns.values() if entry.source_column]
        return tuple(dict.fromkeys([*names, *([self.sites.source_column] if self.sites else [])]))


def load_mapping(source: str | Path | Mapping[str, Any]) -> RecordMapping:
    """Mapping from a TOML file (a path), or from its content as a dictionary.

    Raises
    ------
    DataError
        With everything in it that does not mean anything.
    """
    if isinstance(source, Mapping):
        return _from_content(source, "mapping")
    path = Path(source)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DataError(Problem("E-FILE", "mapping", "the mapping must exist", "Correct the path.")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            Problem(
                "E-TOML",
                path.name,
                "a mapping is a TOML file",
                "Correct the syntax.",
                detail=str(error).split("(at ")[-1].rstrip(")"),
            )
        ) from None
    return _from_content(content, path.name)


def presets() -> tuple[str, ...]:
    """Names of the mappings that the package carries."""
    folder = resources.files("sbc_prevalence.records") / "presets"
    return tuple(
        sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
    )


def preset(name: str) -> RecordMapping:
    """A mapping that the package carries, in the style of a published data dictionary.

    It holds documented fields only. Local facts (the source's name, the date of extraction, whatever the document leaves
    open) are added with :meth:`RecordMapping.with_constants`, or in a copy of the file.
    """
    if name not in presets():
        raise DataError(
            Problem(
                "E-PRESET", "mapping", f"a preset is one of {', '.join(presets())}", "Choose one of them."
            )
        )
    text = (resources.files("sbc_prevalence.records") / "presets" / f"{name}.toml").read_text("utf-8")
    return _from_content(tomllib.loads(text), f"{name}.toml")


def missing_columns(mapping: RecordMapping) -> list[Problem]:
    """Required columns of the schema that a mapping does not fill."""
    return [
        Problem(
            "E-UNMAPPED",
            mapping.name,
            "a required column of the schema must be mapped or given as a constant",
            "Name its source column, or give it for the whole file.",
            column=name,
        )
        for name in REQUIRED
        if name not in mapping.columns
    ]


def _from_content(content: Mapping[str, Any], where: str) -> RecordMapping:
    found = [
        Problem(
            "E-KEY-UNKNOWN",
            where,
            "a mapping has no such key",
            f"Its keys are {', '.join(sorted(_TOP_KEYS))}.",
            key=str(key),
        )
        for key in sorted(set(content) - _TOP_KEYS)
    ]
    if content.get("version") != VERSION:
        found.append(Problem("E-VERSION", where, f"version = {VERSION} is read", "State it.", key="version"))
    entries: dict[str, ColumnMapping] = {}
    for column, raw in dict(content.get("columns", {})).items():
        if column not in SCHEMA:
            found.append(_unknown_column(where, column))
            continue
        entry, faults = _entry(column, raw, where)
        found += faults
        if entry:
            entries[column] = entry
    sites, faults = _sites(content.get("sites"), where)
    found += faults
    made = RecordMapping(
        str(content.get("name", where)),
        entries,
        sites,
        str(content.get("title", "")),
        str(content.get("document", "")),
    )
    found += problems_of(made)
    if found:
        raise DataError(found)
    return made


def _unknown_column(where: str, column: str) -> Problem:
    return Problem(
        "E-COLUMN-UNKNOWN",
        where,
        "the record schema has no such column",
        "See docs/reference/record-schema.md.",
        key=f"columns.{column}",
    )


def _entry(column: str, raw: Any, where: str) -> tuple[ColumnMapping | None, list[Problem]]:
    key = f"columns.{column}"
    if not isinstance(raw, Mapping) or set(raw) - _ENTRY_KEYS or ("from" in raw) == ("constant" in raw):
        return None, [
            Problem(
                "E-MAPPING",
                where,
                "a column is mapped by 'from' (with values, blank, formats, sentinels) or by 'constant'",
                "Write e.g. sex = { from = 'SEX', values = { '2' = 'female' } }.",
                key=key,
            )
        ]

    def listed(name: str) -> tuple[str, ...]:
        value = raw.get(name, ())
        return (value,) if isinstance(value, str) else tuple(map(str, value))

    constant = raw.get("constant")
    return ColumnMapping(
        column,
        raw.get("from"),
        None if constant is None else _word(constant),
        {str(k): _word(v) for k, v in dict(raw.get("values", {})).items()},
        None if raw.get("blank") is None else _word(raw["blank"]),
        listed("formats"),
        listed("sentinels"),
    ), []


def _sites(raw: Any, where: str) -> tuple[SitesMapping | None, list[Problem]]:
    if raw is None:
        return None, []
    if not isinstance(raw, Mapping) or set(raw) != _SITE_KEYS or raw["separator"] not in SEPARATORS:
        return None, [
            Problem(
                "E-MAPPING",
                where,
                f"a list of sites has from, separator (one of {' '.join(SEPARATORS)}) and values",
                "Write all three.",
                key="sites",
            )
        ]
    values = {str(k): str(v) for k, v in dict(raw["values"]).items()}
    wrong = sorted(set(values.values()) - {*SITES, "none"})
    found = (
        [
            Problem(
                "E-MAPPING",
                where,
                "codes of sites become sites of the schema, or 'none'",
                "Correct the word.",
                key="sites.values",
            )
        ]
        if wrong
        else []
    )
    return SitesMapping(str(raw["from"]), str(raw["separator"]), values), found


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def problems_of(mapping: RecordMapping) -> list[Problem]:
    """Entries that do not fit the type or the words of their column."""
    found: list[Problem] = []

    def fault(column: str, requirement: str, remedy: str) -> None:
        found.append(Problem("E-MAPPING", mapping.name, requirement, remedy, key=f"columns.{column}"))

    for name, entry in mapping.columns.items():
        spec = SCHEMA[name]
        words = [*entry.values.values(), *(w for w in (entry.blank, entry.constant) if w is not None)]
        if spec.type == "date":
            if entry.constant is None and (
                not entry.formats or not all(map(format_precision, entry.formats))
            ):
                fault(
                    name,
                    "the formats of a date must be declared",
                    "Write formats = ['%d/%m/%Y'], from %d, %m and %Y.",
                )
            if entry.constant is not None and not _is_iso(entry.constant):
                fault(name, "a constant date is an ISO date", "Write 2026-03-31.")
            if entry.values or entry.blank is not None:
                fault(name, "dates have formats and sentinels, not values", "Take values and blank out.")
            continue
        if entry.formats or entry.sentinels:
            fault(name, "formats and sentinels belong to dates", "Take them out.")
        if spec.type == "boolean" and not (
            set(words) <= {"true", "false"} and (entry.values or entry.constant)
        ):
            fault(
                name,
                "a boolean column needs values that become true or false",
                "Write values = { 'Y' = true }.",
            )
        elif spec.allowed and set(words) - set(spec.allowed):
            fault(name, f"words become one of {', '.join(spec.allowed)}", "Correct the word on the right.")
        elif spec.type == "int64" and not all(word.isdigit() for word in words):
            fault(name, "this column holds whole numbers", "Correct the constant.")
    for name in ("primary_date", "metastatic_date"):
        column = mapping.columns.get(name)
        coarse = column is not None and any(format_precision(text) != "day" for text in column.formats)
        if coarse and f"{name}_precision" in mapping.columns:
            fault(name, "precision follows from the formats, or is mapped, not both", "Keep one of the two.")
    return found


def format_precision(text: str) -> str:
    """Precision that a format tells (``day``, ``month``, ``year``); empty if it is not a format."""
    told = _DIRECTIVES.findall(text)
    rest = _DIRECTIVES.sub("", text)
    if len(set(told)) < len(told) or re.search(r"[%\w]", rest.replace("T", "")):
        return ""
    kinds = {
        frozenset({"%d", "%m", "%Y"}): "day",
        frozenset({"%m", "%Y"}): "month",
        frozenset({"%Y"}): "year",
    }
    return kinds.get(frozenset(told), "") if frozenset(told) in kinds else ""


def _is_iso(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
