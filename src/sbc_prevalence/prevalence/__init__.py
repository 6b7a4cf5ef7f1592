"""From draws to epidemiological quantities, always draw by draw."""

from sbc_prevalence.prevalence.estimate import Estimates, estimate
from sbc_prevalence.prevalence.quantity import Quantity

__all__ = ["Estimates", "Quantity", "estimate"]
