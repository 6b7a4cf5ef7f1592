"""What of a configuration can be read although it is faulty: the tables that it names, the model, the areas.

A slip in one key must not keep the faults of the tables out of sight. Faulty keys are taken out; what then still
makes sense is read. Nothing of this is ever fitted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sbc_prevalence.config.checks import carried_kinds
from sbc_prevalence.config.entries import ENTRY_TYPES, EvidenceEntry
from sbc_prevalence.config.faults import nearest
from sbc_prevalence.config.records import RecordsSection
from sbc_prevalence.config.sections import AreasSection, ModelSection, Section
from sbc_prevalence.errors import Problem

UNREADABLE = frozenset({"E-CONFIG-ORIGIN", "E-CONFIG-TABLE", "E-CONFIG-FILE", "E-CONFIG-TWICE", "E-CONFIG-RECORDS"})
"""Faults after which there is no table to read, or none that has not been read already."""
ANY_WINDOW_DAYS = 120
STANDS_IN: Mapping[str, Any] = {"center": 0.0, "sd": 1.0, "reason": "stands in for a prior with a faulty key"}


@dataclass(frozen=True)
class Readable:
    """The parts of a configuration from which tables are read.

    Parameters
    ----------
    areas : AreasSection or None
        None where the areas cannot be told.
    entries : tuple of EvidenceEntry
        Entries whose tables and options are known.
    tables_only : tuple of EvidenceEntry
        Entries whose options are faulty: their tables can be checked, and no more.
    unread : frozenset of str
        Kinds that were given and whose table cannot be found.
    doubtful : frozenset of str
        Labels of entries with a fault: what they seem to lack may be what was mistyped.
    model : ModelSection
        Faulty keys at their defaults.
    directory : Path
        Folder that files are relative to.
    where : str
        File name for messages.
    numbers : tuple of int
        Place of each of `entries` in the list of the file, counted from 1.
    records : RecordsSection, optional
        None where there are no records, or no keys that make sense.
    """

    areas: AreasSection | None
    entries: tuple[EvidenceEntry, ...]
    tables_only: tuple[EvidenceEntry, ...]
    unread: frozenset[str]
    doubtful: frozenset[str]
    model: ModelSection
    directory: Path
    where: str
    numbers: tuple[int, ...] = ()
    records: RecordsSection | None = None


def readable(raw: Mapping[str, Any], problems: Sequence[Problem], directory: Path | None, where: str) -> Readable:
    """What can be read of a configuration with these problems.

    Parameters
    ----------
    raw : mapping
        Contents of the file.
    problems : sequence of Problem
        Everything that is wrong with it, by key.
    directory : Path, optional
    where : str
    """
    entries: list[EvidenceEntry] = []
    tables_only: list[EvidenceEntry] = []
    numbers: list[int] = []
    unread: set[str] = set()
    doubtful: set[str] = set()
    listed = raw.get("evidence")
    for i, given in enumerate(listed if isinstance(listed, list | tuple) else (), 1):
        own = _below(problems, f"evidence[{i}]")
        if not isinstance(given, Mapping):
            continue
        kind = str(given.get("kind"))
        if kind not in ENTRY_TYPES:
            unread.update(_meant_kind(given))
            continue
        if any(p.code in UNREADABLE for _, p in own):
            unread.add(kind)
            continue
        cls = ENTRY_TYPES[kind]
        whole = _made(cls, given, own) if _options_sound(own, cls) else None
        entry = whole or _made(EvidenceEntry, {k: given[k] for k in EvidenceEntry.model_fields if k in given}, own)
        origins = () if entry is None else (entry.table, entry.file, entry.records)
        if entry is None or sum(origin is not None for origin in origins) != 1:
            unread.add(kind)
            continue
        (tables_only if whole is None else entries).append(entry)
        numbers += [] if whole is None else [i]
        if own:
            doubtful.add(entry.label)
    return Readable(_areas(raw, problems), tuple(entries), tuple(tables_only), frozenset(unread), frozenset(doubtful),
                    _model(raw, problems), directory or Path(), where, tuple(numbers), _records(raw, problems))


def _meant_kind(given: Mapping[str, Any]) -> list[str]:
    """The kind that an entry without a valid kind seems to be of: by its spelling, or by its carried table."""
    close = nearest(str(given.get("kind", "")), list(ENTRY_TYPES))
    carried = carried_kinds().get(str(given.get("table", "")).removeprefix("carried:"))
    return [kind for kind in (close, carried) if kind in ENTRY_TYPES and kind is not None][:1]


def _below(problems: Iterable[Problem], place: str) -> list[tuple[str, Problem]]:
    """Problems at a place or inside it, each with the key inside it (empty at the place itself)."""
    found = []
    for p in problems:
        key = p.key or ""
        if key == place or key.startswith((f"{place}.", f"{place}[")):
            found.append((key.removeprefix(place).removeprefix(".").split(".")[0].split("[")[0], p))
    return found


def _options_sound(own: Sequence[tuple[str, Problem]], cls: type[EvidenceEntry]) -> bool:
    """Whether faults lie only in keys that do not say what the figures mean, or in keys that are not known."""
    return all(key and (p.code == "E-CONFIG-KEY" or (key in EvidenceEntry.model_fields and key not in cls.OPTION_KEYS))
               for key, p in own)


def _made[S: Section](cls: type[S], given: Mapping[str, Any], own: Iterable[tuple[str, Problem]]) -> S | None:
    """A section without its faulty keys; None where it makes no sense without them."""
    faulty = {key for key, _ in own}
    try:
        return cls.model_validate({key: value for key, value in given.items() if key not in faulty})
    except ValidationError:
        return None


def _areas(raw: Mapping[str, Any], problems: Sequence[Problem]) -> AreasSection | None:
    own, given = _below(problems, "areas"), raw.get("areas")
    told = {"areas", "areas.list", "areas.table", "areas.file", "areas.total_code"}
    if not isinstance(given, Mapping) or any(p.key in told or (p.key or "").startswith("areas.list[") for _, p in own):
        return None
    return _made(AreasSection, given, own)


def _records(raw: Mapping[str, Any], problems: Sequence[Problem]) -> RecordsSection | None:
    """Records where all of their keys are sound: half of a definition is none."""
    given = raw.get("records")
    return None if not isinstance(given, Mapping) or _below(problems, "records") else _made(RecordsSection, given, ())


def _model(raw: Mapping[str, Any], problems: Sequence[Problem]) -> ModelSection:
    given = raw.get("model")
    given = dict(given) if isinstance(given, Mapping) else {}
    priors = given.pop("priors", {})
    priors = priors if isinstance(priors, Mapping) else {}
    own = [(key, p) for key, p in _below(problems, "model") if key != "priors"]
    sound = {str(name): STANDS_IN if _below(problems, f"model.priors.{name}") else prior
             for name, prior in priors.items()}
    chosen = {"window_days": ANY_WINDOW_DAYS} | {k: v for k, v in given.items() if k not in {key for key, _ in own}}
    return (_made(ModelSection, {**chosen, "priors": sound}, ())
            or ModelSection(window_days=ANY_WINDOW_DAYS))
