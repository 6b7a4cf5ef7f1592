"""Completeness index: limited-duration over complete prevalence, a ratio of years seen, never of people registered."""

from collections.abc import Callable

import numpy as np
from scipy import integrate

from sbc_prevalence.errors import EvidenceError, Problem


def completeness_index(
    survival: Callable[[float], float], window_years: float, *, growth: float = 0.0, horizon_years: float = np.inf
) -> float:
    """R_L = N_L / N of a population whose diagnoses grow by a constant rate.

    N_L = integral_0^L exp(-growth u) S(u) du, N the same to the horizon: of people diagnosed u years ago there were
    exp(-growth u) times as many as now. Complete prevalence is limited-duration prevalence over R_L.

    Parameters
    ----------
    survival : callable
        S(u), all-cause, of years since diagnosis.
    window_years : float
        L: years that the register has seen.
    growth : float
        Of the logarithm of yearly diagnoses.
    horizon_years : float
        How long ago anybody now living may have been diagnosed.

    Raises
    ------
    EvidenceError
        If the window is not positive and within the horizon, or the living would be without end.

    References
    ----------
    Capocaccia R, De Angelis R (1997), Statistics in Medicine 16, 425-440.
    """
    if not 0.0 < window_years <= horizon_years:
        raise _refused("the window must be positive and within the horizon", "Give years since diagnosis.")

    def living(u: float) -> float:
        return float(np.exp(-growth * u) * survival(u))

    return _share(living, window_years, horizon_years)


def completeness_index_at_age(
    incidence: Callable[[float], float], survival: Callable[[float, float], float], age: float, window_years: float
) -> float:
    """R_L(x) = integral_{x-L}^x I(a) S(a, x-a) da / integral_0^x I(a) S(a, x-a) da, at attained age x.

    Parameters
    ----------
    incidence : callable
        I(a) of age at diagnosis, per person-year of the birth cohort.
    survival : callable
        S(a, u) of age at diagnosis and years since.
    age, window_years : float

    Raises
    ------
    EvidenceError
        If the window or the age is not positive.
    """
    if not window_years > 0 or not age > 0:
        raise _refused("age and window must be positive", "Give years.")
    return _share(lambda u: float(incidence(age - u) * survival(age - u, u)), min(window_years, age), age)


def _share(living: Callable[[float], float], window: float, horizon: float) -> float:
    seen, _ = integrate.quad(living, 0.0, window, epsabs=0.0, epsrel=1e-10, limit=500)
    endless = np.isinf(horizon) and not living(1e4) < 1e-6
    unseen = 0.0
    if not endless and window < horizon:
        unseen, _ = integrate.quad(living, window, horizon, epsabs=1e-12, epsrel=1e-10, limit=500)
    if endless or not np.isfinite(unseen) or not seen > 0:
        raise _refused("the living must be finite in number: survival does not fall fast enough for this growth",
                       "Give horizon_years.")
    return float(seen / (seen + unseen))


def _refused(requirement: str, remedy: str) -> EvidenceError:
    return EvidenceError(Problem("E-COMPLETENESS-INDEX", "completeness index", requirement, remedy))
