"""Parametric survival of people in strata: one family, a scale for each stratum, fitted by lifelines; its draws."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import autograd.numpy as anp
import numpy as np
import pandas as pd
from autograd.scipy.special import expit
from lifelines import GeneralizedGammaRegressionFitter
from lifelines.fitters import ParametricRegressionFitter
from numpy.typing import NDArray
from scipy import special

from sbc_prevalence.errors import EvidenceError, Problem

Floats = NDArray[np.float64]

FEWEST_DEATHS = 10
"""Deaths below which a stratum shares the scale of the first one: its own would be noise."""
CELL_YEARS, CELL_GROWTH = 0.05, 0.02
"""Widths of cells: (time + the first) x the second, so that early deaths, which tell the shape, keep their times."""
FAMILIES = ("weibull", "log_logistic", "generalised_gamma", "mixture_cure")


class _Weibull(ParametricRegressionFitter):  # type: ignore[misc]
    _fitted_parameter_names: tuple[str, ...] = ("scale_", "shape_")

    def _power(self, params: Any, T: Any, Xs: Any) -> Any:
        return anp.exp(anp.exp(Xs["shape_"] @ params["shape_"]) * (anp.log(T) - Xs["scale_"] @ params["scale_"]))

    def _cumulative_hazard(self, params: Any, T: Any, Xs: Any) -> Any:
        return self._power(params, T, Xs)


class _LogLogistic(_Weibull):
    def _cumulative_hazard(self, params: Any, T: Any, Xs: Any) -> Any:
        return anp.log1p(self._power(params, T, Xs))


class _MixtureCure(_Weibull):
    _fitted_parameter_names = ("scale_", "shape_", "cure_")

    def _cumulative_hazard(self, params: Any, T: Any, Xs: Any) -> Any:
        never = expit(Xs["cure_"] @ params["cure_"])
        return -anp.log(never + (1.0 - never) * anp.exp(-self._power(params, T, Xs)))

    def _create_initial_point(self, Ts: Any, E: Any, entries: Any, weights: Any, Xs: Any) -> Any:
        point = {name: np.zeros(Xs[name].shape[1]) for name in self._fitted_parameter_names}
        point["cure_"] = point["cure_"] - 1.0
        return point


_FITTERS: dict[str, tuple[Any, str, tuple[str, ...]]] = {
    "weibull": (_Weibull, "scale_", ("scale_", "shape_")),
    "log_logistic": (_LogLogistic, "scale_", ("scale_", "shape_")),
    "mixture_cure": (_MixtureCure, "scale_", ("scale_", "shape_", "cure_")),
    "generalised_gamma": (GeneralizedGammaRegressionFitter, "mu_", ("mu_", "sigma_", "lambda_")),
}


@dataclass(frozen=True, eq=False)
class StrataSurvival:
    """A family fitted to people in strata: the same shape, a scale for each stratum.

    Parameters
    ----------
    family : str
        Of `FAMILIES`.
    strata : tuple of str
    names : tuple of str
        Kinds of parameters in the order of the estimates.
    estimates : array, shape (n_parameters,)
        log scales [log years] by stratum (differences from the first after the first), then the others: log shape and
        logit of the share never dying, or log sigma and lambda.
    covariance : array, shape (n_parameters, n_parameters)
    design : array, shape (n_strata, n_scales)
        Scales of the strata from their parameters.
    log_likelihood : float
    last_follow_up : float
        Longest time since diagnosis at which anybody was followed [years]; what lies beyond is extrapolated.
    least_hazard : array, shape (n_strata,)
        Yearly hazard below which that of the family never falls: mortality from other causes.
    """

    family: str
    strata: tuple[str, ...]
    names: tuple[str, ...]
    estimates: Floats
    covariance: Floats
    design: Floats
    log_likelihood: float
    last_follow_up: float
    least_hazard: Floats = field(repr=False)

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2.0 * self.estimates.size - 2.0 * self.log_likelihood

    def draws(self, n: int, rng: np.random.Generator) -> Floats:
        """Parameters drawn from their estimated joint distribution; shape (n, n_parameters)."""
        return rng.multivariate_normal(self.estimates, self.covariance, size=n, check_valid="ignore")

    def log_survival(self, parameters: Floats, u: Floats) -> Floats:
        """log S at ascending times.

        Parameters
        ----------
        parameters : array, shape (n, n_parameters)
        u : array, shape (m,)
            Years since diagnosis, ascending from 0.

        Returns
        -------
        array, shape (n, n_strata, m)
        """
        n_scales = self.design.shape[1]
        location = (parameters[:, :n_scales] @ self.design.T)[..., None]
        others = parameters[:, n_scales:, None, None]
        with np.errstate(divide="ignore", over="ignore", under="ignore"):
            log_u = np.log(np.maximum(u, 1e-12))
            if self.family == "generalised_gamma":
                total = _generalised_gamma(log_u, location, np.exp(others[:, 0]), others[:, 1])
            else:
                power = np.exp(np.minimum(np.exp(others[:, 0]) * (log_u - location), 600.0))
                if self.family == "weibull":
                    total = power
                elif self.family == "log_logistic":
                    total = np.log1p(power)
                else:
                    never = special.expit(others[:, 1])
                    total = -np.log(never + (1.0 - never) * np.exp(-power))
        total = np.minimum(np.where(u > 0, total, 0.0), 700.0)
        if self.least_hazard.any():
            growth = np.maximum(np.diff(total, axis=-1), self.least_hazard[:, None] * np.diff(u))
            total = np.concatenate([total[..., :1], total[..., :1] + np.cumsum(growth, axis=-1)], axis=-1)
        return -total


def _generalised_gamma(log_u: Floats, mu: Floats, sigma: Floats, lam: Floats) -> Floats:
    """Cumulative hazard in the parameters of lifelines."""
    lam = np.where(np.abs(lam) < 1e-3, 1e-3, lam)
    shape = 1.0 / lam**2
    at = np.exp(np.minimum(lam * (log_u - mu) / sigma, 600.0)) * shape
    alive = np.where(lam > 0, special.gammaincc(shape, at), special.gammainc(shape, at))
    return np.asarray(-np.log(np.maximum(alive, 1e-300)))


def fit_strata(
    entry_years: Floats, exit_years: Floats, died: Floats, stratum: NDArray[np.int64], strata: tuple[str, ...],
    family: str, *, least_hazard: Floats | float | None = None,
) -> StrataSurvival:
    """Fit a family to people in strata by maximum likelihood with delayed entry (lifelines), through narrow cells.

    Parameters
    ----------
    entry_years, exit_years, died : arrays, shape (n,)
        Years since diagnosis of coming under observation and of leaving it.
    stratum : int array, shape (n,)
        Positions in `strata`. A stratum with fewer than `FEWEST_DEATHS` deaths has the scale of the first.
    strata : tuple of str
    family : str
        Of `FAMILIES`.
    least_hazard : array or float, optional
        See `StrataSurvival`. A mixture cure is refused without it, because nobody lives for ever; 0 is an answer.

    Raises
    ------
    EvidenceError
        If the family is unknown, a mixture cure has no least hazard, there are too few deaths, or the fit fails.
    """
    if family not in FAMILIES:
        raise _refused("E-FAMILY", f"the survival family is one of {', '.join(FAMILIES)}", "Choose one of them.")
    if family == "mixture_cure" and least_hazard is None:
        raise _refused("E-FAMILY", "a mixture cure needs least_hazard, mortality from other causes, because nobody lives "
                       "for ever", "Give it by stratum [per year].")
    if int(died.sum()) < FEWEST_DEATHS:
        raise _refused("E-FEW-DEATHS", f"fewer than {FEWEST_DEATHS} deaths were observed",
                       "A family cannot be fitted: use the counting method alone.")
    deaths = np.bincount(stratum, weights=died, minlength=len(strata))
    own = [k for k in range(1, len(strata)) if deaths[k] >= FEWEST_DEATHS and deaths[0] >= FEWEST_DEATHS]
    design = np.zeros((len(strata), 1 + len(own)))
    design[:, 0] = 1.0
    for column, k in enumerate(own, 1):
        design[k, column] = 1.0
    make, scale, names = _FITTERS[family]
    cells = _cells(entry_years, exit_years, died, stratum)
    columns = [f"x{c}" for c in range(design.shape[1])]
    frame = cells.drop(columns="stratum").join(pd.DataFrame(design[cells["stratum"].to_numpy()], columns=columns))
    scales = " + ".join(columns[1:]) if own else "1"
    # lifelines labels the rows of its covariance in the order given, and computes them in alphabetical order
    formulas = {name: scales if name == scale else "1" for name in sorted(names)}
    fitter = make()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            fitter.fit(frame[[*columns[1:], "exit", "entry", "died", "weight"]], "exit", event_col="died",
                       entry_col="entry", weights_col="weight", regressors=formulas)
        order = [(name, c) for name in names for c in (
            ["Intercept"] if name != scale else ["Intercept", *columns[1:]])]
        estimates = np.array([fitter.params_[key] for key in order], dtype=float)
        covariance = fitter.variance_matrix_.loc[order, order].to_numpy(float)
    except EvidenceError:
        raise
    except Exception as error:  # lifelines raises many kinds where a likelihood has no maximum
        why = f"{family} has no maximum of its likelihood here"
        raise _refused("E-FIT", why, "Choose another family.") from error
    if not np.isfinite(covariance).all() or np.linalg.eigvalsh(covariance).min() < -1e-8 or covariance.max() > 25.0:
        raise _refused("E-FIT", f"{family} is not determined by these people", "Choose another family.")
    floor = np.broadcast_to(np.asarray(0.0 if least_hazard is None else least_hazard, dtype=float), (len(strata),))
    return StrataSurvival(family, strata, names, estimates, covariance, design, float(fitter.log_likelihood_),
                          float(exit_years.max()), floor)


def _cells(entry: Floats, end: Floats, died: Floats, stratum: NDArray[np.int64]) -> pd.DataFrame:
    """People with the same cells of entry and exit, as one weighted row."""
    begun, gone = (np.log1p(t / CELL_YEARS) / CELL_GROWTH for t in (entry, end))
    last = np.floor(gone)
    first = np.minimum(np.round(begun), last)
    frame = pd.DataFrame({
        "entry": CELL_YEARS * np.expm1(first * CELL_GROWTH), "exit": CELL_YEARS * np.expm1((last + 0.5) * CELL_GROWTH),
        "died": died.astype(int), "stratum": stratum})
    cells = frame.groupby(["entry", "exit", "died", "stratum"], as_index=False).size()
    return cells.rename(columns={"size": "weight"})


def _refused(code: str, requirement: str, remedy: str) -> EvidenceError:
    return EvidenceError(Problem(code, "survival by stratum", requirement, remedy))
