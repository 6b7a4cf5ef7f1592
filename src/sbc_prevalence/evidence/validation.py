"""Validation in two phases: a cheap classification of all records, and a gold standard for some of them."""

from dataclasses import dataclass
from typing import ClassVar

from sbc_prevalence.evidence.base import Evidence


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ValidationSample(Evidence):
    """Records by stratum of a cheap classification, with a random part of each stratum examined case by case.

    Each stratum is in the audited source or not; some may be suspicious on other grounds. Completeness is the share in
    the source of the true cases of all strata together, so that a few true cases among many records outside the source
    weigh as much as they should.
    """

    kind: ClassVar[str] = "validation_sample"
