"""Kinds of evidence by name: from a table and a kind to an object, from many tables to a bundle."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sbc_prevalence.data.tables import Table
from sbc_prevalence.errors import ConfigError, EvidenceError, Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.counted import Deaths, PrimaryAgeProfile, PrimaryRegistrations
from sbc_prevalence.evidence.death_certificates import DeathCertificateCases
from sbc_prevalence.evidence.grouped_codes import GroupedCodes
from sbc_prevalence.evidence.overlapping_lists import OverlappingLists
from sbc_prevalence.evidence.population import Population
from sbc_prevalence.evidence.priors import (
    AccuracyPrior,
    CompletenessPrior,
    CompletenessStep,
    DependencePrior,
    LossPrior,
)
from sbc_prevalence.evidence.published import (
    ComparisonFigures,
    DistantRecurrence,
    OtherCauseMortality,
    PublishedSurvival,
)
from sbc_prevalence.evidence.regime_survey import RegimeSurvey
from sbc_prevalence.evidence.registered import CompletenessAudit, LivingCounts, Registrations
from sbc_prevalence.evidence.reporting import ReportingTriangle
from sbc_prevalence.evidence.survival_records import LifeTableCells, PatientSurvival
from sbc_prevalence.evidence.validation import ValidationSample

_CLASSES: Iterable[type[Evidence]] = (
    Deaths,
    PrimaryRegistrations,
    PrimaryAgeProfile,
    Population,
    PublishedSurvival,
    DistantRecurrence,
    Registrations,
    CompletenessAudit,
    ValidationSample,
    RegimeSurvey,
    OverlappingLists,
    GroupedCodes,
    LivingCounts,
    ReportingTriangle,
    DeathCertificateCases,
    PatientSurvival,
    LifeTableCells,
    OtherCauseMortality,
    ComparisonFigures,
)

EVIDENCE_KINDS: Mapping[str, type[Evidence]] = {cls.kind: cls for cls in _CLASSES}


def from_table(kind: str, table: Table, **options: Any) -> Evidence:
    """Evidence of a kind from a table as read.

    Parameters
    ----------
    kind : str
        One of :data:`EVIDENCE_KINDS`.
    table : Table
    **options
        Options of the class; tables of options (``completeness``, ``sensitivity``, ``specificity``) may be
        plain mappings, as a configuration file gives them.

    Raises
    ------
    ConfigError
        If the kind is unknown.
    DataError, EvidenceError
        With every fault of the table or of the options.
    """
    if kind not in EVIDENCE_KINDS:
        near = difflib.get_close_matches(kind, EVIDENCE_KINDS, n=1)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        raise ConfigError(
            Problem(
                "E-KIND",
                table.name,
                "this kind of evidence is not known",
                f"{hint}Kinds: {', '.join(EVIDENCE_KINDS)}.",
                key="kind",
            )
        )
    return EVIDENCE_KINDS[kind].from_table(table, **{k: _option(k, v) for k, v in options.items()})


def _option(name: str, value: Any) -> Any:
    """A prior or a step from a plain mapping; anything else as it is."""
    if name == "steps" and isinstance(value, Sequence):
        return tuple(_made(CompletenessStep, name, item) if isinstance(item, Mapping) else item for item in value)
    made = {
        "completeness": CompletenessPrior,
        "metastatic_share": CompletenessPrior,
        "dependence": DependencePrior,
        "mention": CompletenessPrior,
        "lost": LossPrior,
        "sensitivity": AccuracyPrior,
        "specificity": AccuracyPrior,
    }.get(name)
    if made is None or not isinstance(value, Mapping):
        return value
    return _made(made, name, value)


def _made(made: type[Any], name: str, value: Mapping[str, Any]) -> Any:
    """An option's object from its keys, every wrong key named."""
    known = {item.name for item in fields(made)}
    if unknown := sorted(set(value) - known):
        raise EvidenceError(
            [
                Problem(
                    "E-PRIOR",
                    "evidence options",
                    f"{name} has no such key",
                    f"Its keys are {', '.join(sorted(known))}.",
                    key=f"{name}.{key}",
                )
                for key in unknown
            ]
        )
    if made is CompletenessPrior and "kind" not in value:
        raise EvidenceError(
            Problem(
                "E-PRIOR",
                "evidence options",
                f"{name} needs its kind",
                "Write kind = 'known' or 'logit_normal'.",
                key=name,
            )
        )
    if made is LossPrior and "kind" not in value:
        raise EvidenceError(
            Problem("E-PRIOR", "evidence options", "loss needs its kind", "Write kind = 'share' or 'per_year'.", key=name)
        )
    if made is CompletenessStep and (absent := sorted(known - set(value))):
        raise EvidenceError([
            Problem("E-PRIOR", "evidence options", "a step needs its year and its reason", "Give both.",
                    key=f"{name}.{key}") for key in absent])
    if made is DependencePrior and (absent := sorted(known - {"source"} - set(value))):
        raise EvidenceError([
            Problem("E-PRIOR", "evidence options", "dependence needs its odds ratio with an interval", "Give all three.",
                    key=f"{name}.{key}") for key in absent])
    return made(**value)
