"""Completeness: the probability that a true case is in a source. One file a component."""

from sbc_prevalence.model.completeness.by_source import SourceCompleteness
from sbc_prevalence.model.completeness.component import (
    AbstractCompleteness,
    CompletenessSource,
    completeness_name,
)

COMPLETENESS: dict[str, type[AbstractCompleteness]] = {cls.kind: cls for cls in (SourceCompleteness,)}

__all__ = [
    "COMPLETENESS",
    "AbstractCompleteness",
    "CompletenessSource",
    "SourceCompleteness",
    "completeness_name",
]
