"""What each kind of evidence observes of the latent quantities: one file a kind."""

from sbc_prevalence.model.observation import Observation, Seen
from sbc_prevalence.model.observing.audits import AuditedSource
from sbc_prevalence.model.observing.death_certificates import CertificateCases
from sbc_prevalence.model.observing.deaths import DeathCounts, expected_deaths
from sbc_prevalence.model.observing.grouped_codes import GroupedCounts
from sbc_prevalence.model.observing.living_counts import FlaggedLiving
from sbc_prevalence.model.observing.overlapping_lists import ListedHistories
from sbc_prevalence.model.observing.published_survival import PublishedPoints
from sbc_prevalence.model.observing.regimes import RegimeAnswers
from sbc_prevalence.model.observing.registrations import RegisteredCounts
from sbc_prevalence.model.observing.reporting_triangles import TriangleCounts
from sbc_prevalence.model.observing.survival_records import SurvivalRecords
from sbc_prevalence.model.observing.validation_sample import ValidatedSample

OBSERVATIONS: tuple[type[Observation], ...] = (
    DeathCounts,
    PublishedPoints,
    RegisteredCounts,
    AuditedSource,
    ValidatedSample,
    RegimeAnswers,
    ListedHistories,
    GroupedCounts,
    FlaggedLiving,
    TriangleCounts,
    CertificateCases,
    SurvivalRecords,
)

__all__ = [
    "OBSERVATIONS",
    "AuditedSource",
    "CertificateCases",
    "DeathCounts",
    "FlaggedLiving",
    "GroupedCounts",
    "ListedHistories",
    "Observation",
    "PublishedPoints",
    "RegimeAnswers",
    "RegisteredCounts",
    "Seen",
    "SurvivalRecords",
    "TriangleCounts",
    "ValidatedSample",
    "expected_deaths",
]
