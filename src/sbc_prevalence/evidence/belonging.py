"""Which registrations a piece of evidence on a source belongs to: triangles of its delay, cases found at death."""

from collections.abc import Sequence
from typing import Any

from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.registered import Registrations
from sbc_prevalence.grid import ALL, PRESENTATION

ON_A_SOURCE = {"reporting_triangle": "reporting delay", "death_certificate_cases": "cases found at death"}
"""Kinds that say something of a source of registrations and nothing without it."""


def owned(pieces: Sequence[Evidence], piece: Any, presentation: str) -> list[tuple[str, str]]:
    """Registrations that a piece belongs to: name of the piece and presentation, of one presentation or of all.

    Parameters
    ----------
    pieces : sequence of Evidence
        Registrations among them are looked at.
    piece : ReportingTriangle or DeathCertificateCases
        Its option ``registrations`` is their name or source; without it they are those of its own source.
    presentation : str
        Of the rows in question; ``all`` belongs to each.
    """
    wanted = piece.registrations or piece.provenance.source
    return [
        (counted.name, kind)
        for counted in pieces
        if counted.kind == "registrations" and wanted in (counted.name, counted.provenance.source)
        for kind in sorted(set(counted.data[PRESENTATION])) if presentation in (kind, ALL)]


def problems(pieces: Sequence[Evidence], failed_kinds: frozenset[str] = frozenset()) -> list[Problem]:
    """Pieces that belong to no registrations, and registrations of which two pieces would say the same."""
    if "registrations" in failed_kinds:
        return []
    found: list[Problem] = []
    taken: dict[tuple[str, str, str], str] = {}
    for piece in pieces:
        if piece.kind not in ON_A_SOURCE:
            continue
        for presentation in dict.fromkeys(piece.data[PRESENTATION]):
            labels = owned(pieces, piece, presentation)
            if not labels:
                found.append(Problem(
                    "E-BELONGS-TO-NOTHING", piece.name,
                    f"{ON_A_SOURCE[piece.kind]} must belong to registrations of the same source and presentation",
                    "Give the counts as registrations too, or name them in the option 'registrations'.",
                    key="registrations", detail=f"presentation '{presentation}'"))
            for name, kind in labels:
                first = taken.setdefault((piece.kind, name, kind), piece.name)
                if first != piece.name:
                    found.append(Problem(
                        "E-SOURCE-OVERLAP", f"{first} and {piece.name}",
                        f"two tables of {piece.kind} belong to the same registrations",
                        "Join them, or name the registrations of each in the option 'registrations'."))
    for (kind, name, presentation), owner in taken.items():
        if kind == "death_certificate_cases":
            found += _said_twice(pieces, owner, name, (name, presentation), taken)
    return found


def _said_twice(
    pieces: Sequence[Evidence], owner: str, name: str, label: tuple[str, str], taken: dict[tuple[str, str, str], str]
) -> list[Problem]:
    """Cases found at death beside a triangle, or beside a completeness taken as known."""
    found = []
    triangle = taken.get(("reporting_triangle", *label))
    if triangle is not None:
        found.append(Problem(
            "E-DELAY-TWICE", f"{owner} and {triangle}",
            "cases found at death and a reporting triangle both say when the same registrations come",
            "Give one of the two: a hazard of registration already makes them late."))
    if any(isinstance(piece, Registrations) and piece.name == name and piece.completeness is not None
           and piece.completeness.kind == "known" for piece in pieces):
        found.append(Problem(
            "E-COMPLETENESS-TWICE", name, "completeness is taken as known, and cases found at death say what it is",
            "Give a prior that can be wrong (logit_normal), or leave the cases found at death out.", key="completeness"))
    return found
