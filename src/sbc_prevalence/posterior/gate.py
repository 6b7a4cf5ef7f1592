"""The gate: what a fit must satisfy before anybody may read a number from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TAIL = (0.05, 0.95)
SHOWN = 5
OK, CONSTANT, FAILED = "ok", "constant", "failed"
COLUMNS = ("quantity", "rhat", "ess_bulk", "ess_tail", "status")


@dataclass(frozen=True)
class GateLimits:
    """Thresholds of a publishable fit.

    Parameters
    ----------
    chains : int
        Fewest chains.
    rhat : float
        Largest rank-normalised R-hat.
    ess : float
        Smallest bulk and tail effective sample size.
    e_bfmi : float
        Smallest energy fraction of missing information, in each chain.
    divergences : int
        Most divergent transitions after tuning.

    References
    ----------
    Vehtari et al. (2021), doi:10.1214/20-BA1221; Betancourt (2016), arXiv:1604.00695.
    """

    chains: int = 4
    rhat: float = 1.01
    ess: float = 400.0
    e_bfmi: float = 0.3
    divergences: int = 0


@dataclass(frozen=True)
class GateReport:
    """What the gate found.

    Parameters
    ----------
    table : DataFrame
        One row per reported quantity: quantity, rhat, ess_bulk, ess_tail, status (ok, constant, failed).
    failures : tuple of str
        One sentence per failed requirement: what, its value, the threshold, what to try.
    mendable : tuple of bool
        For each failure, whether a longer run may mend it.
    divergences : int
    e_bfmi : tuple of float
        By chain.
    limits : GateLimits
    unchecked : tuple of str
        Requirements that could not be checked, and why.
    """

    table: pd.DataFrame
    failures: tuple[str, ...]
    mendable: tuple[bool, ...]
    divergences: int
    e_bfmi: tuple[float, ...]
    limits: GateLimits = field(default_factory=GateLimits)
    unchecked: tuple[str, ...] = ()

    @classmethod
    def empty(cls, limits: GateLimits) -> "GateReport":
        """A report of a fit that has not been judged: not passed."""
        return cls(pd.DataFrame(columns=list(COLUMNS)), ("the fit has not been judged",), (False,), 0, (), limits)

    @property
    def passed(self) -> bool:
        """Whether every requirement is met."""
        return not self.failures

    @property
    def worth_extending(self) -> bool:
        """Whether it failed, and only in ways that a longer run may mend."""
        return not self.passed and all(self.mendable)

    def worst(self) -> dict[str, float]:
        """Largest R-hat, smallest bulk and tail ESS over all quantities that vary."""
        return {"rhat": float(self.table["rhat"].max()), "ess_bulk": float(self.table["ess_bulk"].min()),
                "ess_tail": float(self.table["ess_tail"].min())}

    def __str__(self) -> str:
        if self.passed:
            worst = self.worst()
            return (f"passed: {len(self.table)} quantities, R-hat up to {worst['rhat']:.4f}, bulk ESS from "
                    f"{worst['ess_bulk']:.0f}, tail ESS from {worst['ess_tail']:.0f}")
        return "refused:\n" + "\n".join(f"  {i}. {text}" for i, text in enumerate(self.failures, 1))


def convergence(reported: Mapping[str, Floats]) -> pd.DataFrame:
    """Rank-normalised R-hat, bulk and tail ESS of each quantity.

    Parameters
    ----------
    reported : mapping of name to array, shape (n_chains, n_draws)

    Returns
    -------
    DataFrame
        quantity, rhat, ess_bulk, ess_tail (NaN where constant or not finite), constant, finite.
    """
    names = list(reported)
    values = np.stack([np.asarray(reported[name], dtype=float) for name in names])
    finite = np.isfinite(values).all((1, 2))
    first = values[:, :1, :1]
    constant = finite & (values == first).all((1, 2))
    varies = np.flatnonzero(finite & ~constant)
    found = np.full((3, len(names)), np.nan)
    if varies.size and values.shape[2] >= 4:
        chosen = values[varies]
        found[0, varies] = array_stats.rhat(chosen, method="rank")
        found[1, varies] = array_stats.ess(chosen, method="bulk")
        found[2, varies] = array_stats.ess(chosen, method="tail", prob=TAIL)
    return pd.DataFrame({"quantity": names, "rhat": found[0], "ess_bulk": found[1], "ess_tail": found[2],
                         "constant": constant, "finite": finite})


def diagnose(
    reported: Mapping[str, Floats],
    sample_stats: Mapping[str, NDArray[Any]],
    *,
    asked_draws: int,
    asked_chains: int,
    limits: GateLimits | None = None,
    ceilings: Mapping[str, float] | None = None,
    parameters: Mapping[str, Floats] | None = None,
) -> GateReport:
    """Judge a fit by the quantities that will be reported.

    Parameters
    ----------
    reported : mapping of name to array, shape (n_chains, n_draws)
        National and area totals by year, in persons; the nation's implied duration, in years.
    sample_stats : mapping of str to array, shape (n_chains, n_draws)
        ``diverging`` and ``energy``.
    asked_draws, asked_chains : int
        What the sampler was asked for; fewer means that it was interrupted.
    limits : GateLimits, optional
    ceilings : mapping of name to float, optional
        Values that no draw of a quantity may exceed: the women alive in the area.
    parameters : mapping of name to array, shape (n_chains, n_draws, ...), optional
        Checked for finite values.
    """
    limits = limits or GateLimits()
    failures: list[tuple[str, bool]] = []
    if not reported:
        return replace(GateReport.empty(limits), failures=("nothing was reported: there is no quantity to judge",))
    shape = np.asarray(next(iter(reported.values()))).shape
    failures += _shortfall(shape, asked_chains, asked_draws, limits)
    found = convergence(reported)
    failures += _not_finite(found, parameters or {})
    failures += _over_ceiling(reported, ceilings or {})
    table, slow = _judged(found, limits)
    failures += slow
    divergences, energy_fractions, stats_failures = _sampler(sample_stats, shape, limits)
    failures += stats_failures
    unchecked = () if ceilings else ("living against women alive: no population was given",)
    return GateReport(table, tuple(text for text, _ in failures), tuple(mend for _, mend in failures),
                      divergences, energy_fractions, limits, unchecked)


def _shortfall(shape: tuple[int, ...], chains: int, draws: int, limits: GateLimits) -> list[tuple[str, bool]]:
    failures = []
    if shape[0] < chains or shape[1] < draws:
        failures.append((f"the fit is incomplete: {shape[0]} chains of {shape[1]} draws came back, {chains} of {draws} "
                         "were asked for. Run it again without interrupting it", False))
    if shape[0] < limits.chains:
        failures.append((f"too few chains: {shape[0]}, at least {limits.chains} are needed to see chains disagree. "
                         "Raise 'chains'", False))
    return failures


def _not_finite(found: pd.DataFrame, parameters: Mapping[str, Floats]) -> list[tuple[str, bool]]:
    bad = list(found.loc[~found["finite"], "quantity"])
    bad += [f"parameter {name}" for name, values in parameters.items() if not np.isfinite(values).all()]
    return [(f"{_named(bad)} not finite in some draws. Look for a prior that is too wide or evidence that the model "
             "cannot produce", False)] if bad else []


def _over_ceiling(reported: Mapping[str, Floats], ceilings: Mapping[str, float]) -> list[tuple[str, bool]]:
    over = {name: float(np.max(reported[name])) for name, top in ceilings.items() if np.any(reported[name] > top)}
    if not over:
        return []
    name = max(over, key=lambda n: over[n] / ceilings[n])
    return [(f"more people living with the disease than women alive in {len(over)} quantities, most of all {name}: "
             f"{over[name]:.3g} in one draw, {ceilings[name]:.0f} women. A chain has left the plausible region: look at "
             "the priors and the evidence of that area", False)]


def _judged(found: pd.DataFrame, limits: GateLimits) -> tuple[pd.DataFrame, list[tuple[str, bool]]]:
    varies = ~found["constant"] & found["finite"]
    checks = (
        ("rhat", found["rhat"], ~(found["rhat"] <= limits.rhat), "R-hat", f"at most {limits.rhat:g}", True),
        ("ess_bulk", found["ess_bulk"], ~(found["ess_bulk"] >= limits.ess), "bulk ESS", f"at least {limits.ess:g}",
         False),
        ("ess_tail", found["ess_tail"], ~(found["ess_tail"] >= limits.ess), "tail ESS", f"at least {limits.ess:g}",
         False))
    failed = ~found["finite"]
    failures: list[tuple[str, bool]] = []
    for _, values, outside, label, threshold, high in checks:
        bad = varies & outside
        failed |= bad
        if bad.any():
            order = values[bad].sort_values(ascending=not high, na_position="first").index
            worst = [(found["quantity"].loc[i], float(values.loc[i])) for i in order[:SHOWN]]
            shown = ", ".join(f"{name} ({value:{'.4f' if high else '.0f'}})" for name, value in worst)
            more = "" if len(order) <= SHOWN else f" and {len(order) - SHOWN} more"
            failures.append((f"{label} of {len(order)} of {len(found)} quantities is not {threshold}: {shown}{more}. "
                             "Try more draws ('draws', 'tune')", True))
    status = np.where(failed, FAILED, np.where(found["constant"], CONSTANT, OK))
    return found.assign(status=status)[list(COLUMNS)], failures


def _sampler(
    stats: Mapping[str, NDArray[Any]], shape: tuple[int, ...], limits: GateLimits
) -> tuple[int, tuple[float, ...], list[tuple[str, bool]]]:
    missing = [name for name in ("diverging", "energy") if name not in stats]
    if missing:
        return 0, (), [(f"the sampler gave no {' and no '.join(missing)}: the fit cannot be judged", False)]
    failures: list[tuple[str, bool]] = []
    if any(np.shape(stats[name]) != shape for name in ("diverging", "energy")):
        failures.append(("the sampler's statistics and the draws differ in number. Run it again", False))
    divergences = int(np.sum(stats["diverging"]))
    if divergences > limits.divergences:
        failures.append((f"{divergences} divergent transitions, at most {limits.divergences} allowed. Raise "
                         "'target_accept' towards 0.99", True))
    energy = np.asarray(stats["energy"], dtype=float)
    if not np.isfinite(energy).all():
        failures.append(("the energy of some draws is not finite. Look for a prior that is too wide", False))
        return divergences, (), failures
    fractions = tuple(float(f) for f in np.atleast_1d(array_stats.bfmi(energy)))
    low = [f"chain {i} ({f:.2f})" for i, f in enumerate(fractions) if not f >= limits.e_bfmi]
    if low:
        failures.append((f"E-BFMI below {limits.e_bfmi:g}: {', '.join(low)}. Tune for longer; if that does not help, a "
                         "spread parameter is barely informed and its prior should be tighter", True))
    return divergences, fractions, failures


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN]) + ("" if len(names) <= SHOWN else f" and {len(names) - SHOWN} more")
    return f"{shown} {'is' if len(names) == 1 else 'are'}"
