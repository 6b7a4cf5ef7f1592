"""A trust's own number, from one sheet of people: no denominators, published curves as prior, one page."""

from sbc_prevalence.trust.estimate import TrustEstimate, estimate_trust
from sbc_prevalence.trust.people import People
from sbc_prevalence.trust.run import TrustRun
from sbc_prevalence.trust.simulate import simulate_trust, simulated_sheet

__all__ = ["People", "TrustEstimate", "TrustRun", "estimate_trust", "simulate_trust", "simulated_sheet"]
