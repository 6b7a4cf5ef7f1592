"""Pieces of evidence as a reader counts them: the presentations of one source belong together."""

import re
from typing import TYPE_CHECKING

from sbc_prevalence.grid import ALL, PRESENTATIONS

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

_PARTS = tuple(f"_{word}" for word in (*PRESENTATIONS, ALL))


def sources_of(inputs: "ModelInputs") -> dict[str, tuple[str, ...]]:
    """Names of the observations by source, in the order of the evidence.

    Observations of one class whose names differ by a presentation only are one source: registrations of de novo and of
    recurrent disease by one registry, the audits of both.
    """
    found: dict[tuple[str, type], list[str]] = {}
    for piece in inputs.observations:
        found.setdefault((_stem(piece.name), type(piece)), []).append(piece.name)
    stems = [stem for stem, _ in found]
    return {stem if stems.count(stem) == 1 else names[0]: tuple(names) for (stem, _), names in found.items()}


def count_sources(inputs: "ModelInputs") -> tuple[str, ...]:
    """Sources of `sources_of` that count people: deaths, registrations, the living."""
    words = {piece.name: piece.words for piece in inputs.observations}
    return tuple(source for source, names in sources_of(inputs).items() if any(words[name] for name in names))


def source_titles(inputs: "ModelInputs") -> dict[str, str]:
    """What each source of `sources_of` is, in words."""
    by_name = {piece.name: piece for piece in inputs.observations}
    found = {}
    for source, names in sources_of(inputs).items():
        piece = by_name[names[0]]
        title = piece.title or piece.words or type(piece).__name__
        word = re.sub(r"^tables_|_csv$", "", source).replace("_", " ")
        found[source] = title if word in title else f"{title} ({word})"
    return found


def _stem(name: str) -> str:
    for part in _PARTS:
        name = name.replace(part, "")
    return name
