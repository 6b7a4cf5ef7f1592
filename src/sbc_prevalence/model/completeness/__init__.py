"""Completeness: the probability that a true case is in a source. One file a component."""

from sbc_prevalence.model.completeness.by_source import SourceCompleteness
from sbc_prevalence.model.completeness.component import (
    AbstractCompleteness,
    CompletenessSource,
    completeness_name,
)
from sbc_prevalence.model.completeness.hierarchical import HierarchicalCompleteness
from sbc_prevalence.model.completeness.joint import JointCompleteness
from sbc_prevalence.model.completeness.regime import RegimeCompleteness

COMPLETENESS: dict[str, type[AbstractCompleteness]] = {
    cls.kind: cls
    for cls in (SourceCompleteness, HierarchicalCompleteness, JointCompleteness, RegimeCompleteness)
}

__all__ = [
    "COMPLETENESS",
    "AbstractCompleteness",
    "CompletenessSource",
    "HierarchicalCompleteness",
    "JointCompleteness",
    "RegimeCompleteness",
    "SourceCompleteness",
    "completeness_name",
]
