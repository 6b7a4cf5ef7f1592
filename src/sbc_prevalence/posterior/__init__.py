"""Fit, judge, keep: nothing here imports PyMC or the sampler before a model is compiled."""

from sbc_prevalence.posterior.compiled import Compiled, compile_model
from sbc_prevalence.posterior.fit import fit
from sbc_prevalence.posterior.fitted import Fitted, load_fitted
from sbc_prevalence.posterior.gate import GateLimits, GateReport, diagnose
from sbc_prevalence.posterior.sampling import FitProgress

__all__ = [
    "Compiled",
    "FitProgress",
    "Fitted",
    "GateLimits",
    "GateReport",
    "compile_model",
    "diagnose",
    "fit",
    "load_fitted",
]
