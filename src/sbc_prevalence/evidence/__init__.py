"""Evidence: numbers with a meaning and an origin, frozen and validated, brought onto one grid by a bundle."""

from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.bundle import EvidenceBundle
from sbc_prevalence.evidence.counted import Deaths, PrimaryAgeProfile, PrimaryRegistrations
from sbc_prevalence.evidence.death_certificates import DeathCertificateCases
from sbc_prevalence.evidence.gather import bundle_from_tables
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
from sbc_prevalence.evidence.registry import EVIDENCE_KINDS, from_table
from sbc_prevalence.evidence.reporting import ReportingTriangle
from sbc_prevalence.evidence.survival_records import LifeTableCells, PatientSurvival
from sbc_prevalence.evidence.validation import ValidationSample

__all__ = [
    "EVIDENCE_KINDS",
    "AccuracyPrior",
    "ComparisonFigures",
    "CompletenessAudit",
    "CompletenessPrior",
    "CompletenessStep",
    "DeathCertificateCases",
    "Deaths",
    "DependencePrior",
    "DistantRecurrence",
    "Evidence",
    "EvidenceBundle",
    "GroupedCodes",
    "LifeTableCells",
    "LivingCounts",
    "LossPrior",
    "OtherCauseMortality",
    "OverlappingLists",
    "PatientSurvival",
    "Population",
    "PrimaryAgeProfile",
    "PrimaryRegistrations",
    "PublishedSurvival",
    "RegimeSurvey",
    "Registrations",
    "ReportingTriangle",
    "ValidationSample",
    "bundle_from_tables",
    "from_table",
]
