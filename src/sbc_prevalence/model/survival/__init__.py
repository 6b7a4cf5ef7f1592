"""All-cause survival after metastatic diagnosis by presentation: one file a family, and the frame around them."""

from sbc_prevalence.model.survival.frame import SYSTEM_SHARE, TRENDS, AbstractSurvival
from sbc_prevalence.model.survival.generalised_gamma import GeneralisedGammaSurvival
from sbc_prevalence.model.survival.log_logistic import LogLogisticSurvival
from sbc_prevalence.model.survival.mixture_cure import MixtureCureSurvival
from sbc_prevalence.model.survival.piecewise_exponential import PiecewiseExponentialSurvival
from sbc_prevalence.model.survival.priors import shared_priors
from sbc_prevalence.model.survival.weibull import WeibullSurvival

FAMILIES: dict[str, type[AbstractSurvival]] = {
    cls.family: cls
    for cls in (
        WeibullSurvival,
        PiecewiseExponentialSurvival,
        LogLogisticSurvival,
        GeneralisedGammaSurvival,
        MixtureCureSurvival,
    )
}

__all__ = [
    "FAMILIES",
    "SYSTEM_SHARE",
    "TRENDS",
    "AbstractSurvival",
    "GeneralisedGammaSurvival",
    "LogLogisticSurvival",
    "MixtureCureSurvival",
    "PiecewiseExponentialSurvival",
    "WeibullSurvival",
    "shared_priors",
]
