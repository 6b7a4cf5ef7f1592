"""From people of a sheet to the living: known, probably alive, not recorded. Draws, no PyMC.

Those known to be living are counted as they are. Each person lost is alive with ``S(t) / S(contact)``. A person on the
sheet diagnosed since it began stands for ``Gamma(1, c)`` people of the same date: given completeness c the diagnoses not
recorded are ``Poisson((1 - c) G)``, and so are those of them that live, thinned by S. Before the sheet began diagnoses
ran at the rate since, changed by a growth; of the people living from then a share, unknown from 0 to 1, was put on the
sheet, and who is there tells of those who are not (a truncated gamma, in closed form).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sbc_prevalence.config.trust import TrustCompleteness
from sbc_prevalence.trust.curves import Curves, posterior_curves
from sbc_prevalence.trust.people import Floats, People

GROWTH_MEAN, GROWTH_SD = 0.01, 0.02
"""Yearly growth of diagnoses before the sheet began: a judgement; UK primary registrations grew by about 1 % a year."""
BEFORE_YEARS = 30
NODES = 2001
PARTS = ("known", "lost", "not_recorded", "before_sheet")


@dataclass(frozen=True, eq=False)
class TrustEstimate:
    """Draws of the living on the index date, by what the sheet knows of them.

    Parameters
    ----------
    parts : mapping of str to array, shape (draws)
        ``known``, ``lost`` (lost but alive), ``not_recorded`` (diagnosed since the sheet began), ``before_sheet``
        (diagnosed before, and not on it).
    diagnosed : array, shape (draws, years)
        People diagnosed in each calendar year, recorded or not.
    years : tuple of int
        Full calendar years since the sheet began.
    completeness : array, shape (draws)
    family : mapping of str to float
        Weight of each family of curves.
    median_survival : array, shape (draws, 2)
        Years; recurrent, de novo.
    effective : float
        Effective number of importance draws of survival.
    """

    parts: dict[str, NDArray[np.int64]]
    diagnosed: NDArray[np.int64]
    years: tuple[int, ...]
    completeness: Floats
    family: dict[str, float]
    median_survival: Floats
    effective: float

    @property
    def living(self) -> NDArray[np.int64]:
        """All parts together, shape (draws)."""
        return np.asarray(sum(self.parts[name] for name in PARTS))

    def __repr__(self) -> str:
        return f"TrustEstimate(draws={self.living.size}, median={int(np.median(self.living))}, years={len(self.years)})"


def completeness_draws(stated: TrustCompleteness, draws: int, rng: np.random.Generator) -> Floats:
    """Completeness of the sheet from a stated belief, an audit, or both: by quadrature on a grid.

    A belief is normal on the logit scale; an audit alone starts from Jeffreys' prior.
    """
    grid = (np.arange(NODES) + 0.5) / NODES
    log_density = np.zeros(NODES)
    if stated.median is not None and stated.lower95 is not None and stated.upper95 is not None:
        logit = np.log(grid / (1 - grid))
        middle, low, high = (np.log(p / (1 - p)) for p in (stated.median, stated.lower95, stated.upper95))
        sd = (high - low) / 3.92
        log_density += -0.5 * ((logit - middle) / sd) ** 2 - np.log(grid * (1 - grid))
    else:
        log_density += -0.5 * np.log(grid * (1 - grid))
    if stated.known is not None and stated.found is not None:
        log_density += stats.binom.logpmf(stated.found, stated.known, grid)
    weights = np.exp(log_density - log_density.max())
    chosen = rng.choice(NODES, size=draws, p=weights / weights.sum())
    return np.asarray((chosen + rng.random(draws)) / NODES)


def estimate_trust(
    people: People,
    completeness: TrustCompleteness,
    *,
    families: tuple[str, ...] = ("weibull", "log_logistic"),
    years: tuple[int, ...] = (),
    lost_hazard_ratio: float = 1.0,
    entered_at_start: bool = False,
    draws: int = 4000,
    seed: int = 1,
) -> TrustEstimate:
    """Living people on the index date.

    Parameters
    ----------
    people : People
    completeness : TrustCompleteness
    families : tuple of {"weibull", "log_logistic"}
    years : tuple of int
        Full calendar years in which diagnoses are counted.
    lost_hazard_ratio : float
    entered_at_start : bool
        Whether people diagnosed before the sheet began, and living then, are as likely to be on it as those since; else
        their share may be anything.
    draws : int
    seed : int
    """
    rng = np.random.default_rng(seed)
    curves = posterior_curves(people, families, draws, rng)
    c = completeness_draws(completeness, draws, rng)
    known = np.full(draws, int(people.known_living.sum()))
    alive, before_lost = _lost(people, curves, lost_hazard_ratio, rng)
    recent = people.since_began
    shadows = rng.gamma(1.0, 1.0, size=(draws, int(recent.sum()))) / c[:, None]
    survives = curves.at(people.years_since[recent], people.de_novo[recent], people.share_de_novo)
    missed = rng.poisson(((1 - c)[:, None] * shadows * survives).sum(axis=1))
    rate = (shadows.sum(axis=1) + rng.gamma(0.5, 1.0, draws) / c) / people.window_years
    on_sheet = int((people.known_living & ~recent).sum()) + before_lost
    before, log_weight = _before(people, curves, rate, on_sheet, c if entered_at_start else None, rng)
    diagnosed = np.column_stack([_diagnosed(int((people.year == y).sum()), c, rng) for y in years]) if years else (
        np.zeros((draws, 0), dtype=np.int64))
    weight = np.exp(log_weight - log_weight.max())
    kept = rng.choice(draws, size=draws, p=weight / weight.sum())
    half = np.array([[curves.times[min(int(np.searchsorted(row, np.log(2))), row.size - 1)] for row in pair]
                     for pair in curves.cumulative_hazard[kept][:: max(1, draws // 1000)]])
    family = {name: float((curves.family[kept] == i).mean()) for i, name in enumerate(curves.families)}
    found = TrustEstimate(
        {"known": known, "lost": alive, "not_recorded": missed, "before_sheet": before}, diagnosed, years, c, family,
        half, curves.effective)
    return replace(found, parts={name: part[kept] for name, part in found.parts.items()}, diagnosed=diagnosed[kept],
                   completeness=c[kept])


def _lost(people: People, curves: Curves, ratio: float, rng: np.random.Generator) -> tuple[
        NDArray[np.int64], NDArray[np.int64]]:
    """How many of those lost are alive, in all and of those diagnosed before the sheet began."""
    lost = people.lost
    de_novo, share = people.de_novo[lost], people.share_de_novo
    end = curves.at(people.years_since[lost], de_novo, share, ratio)
    start = curves.at(people.contact[lost], de_novo, share, ratio)
    alive = rng.random(end.shape) < np.clip(end / np.maximum(start, 1e-300), 0.0, 1.0)
    return alive.sum(axis=1), alive[:, ~people.since_began[lost]].sum(axis=1)


def _diagnosed(recorded: int, c: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """People diagnosed in a year: those recorded, and those not, given how many were recorded."""
    expected = rng.gamma(recorded + 0.5, 1.0, size=c.size) / c
    return np.asarray(recorded + rng.poisson((1 - c) * expected))


def _before(
    people: People, curves: Curves, rate: Floats, on_sheet: NDArray[np.int64], share: Floats | None,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], Floats]:
    """Living people diagnosed before the sheet began who are not on it, and the log weight of each draw."""
    width = BEFORE_YEARS / 360
    back = np.asarray((np.arange(360) + 0.5) * width, dtype=np.float64)
    unknown = np.full(back.size, np.nan)
    alive = curves.at(people.window_years + back, unknown, people.share_de_novo)
    growth = rng.normal(GROWTH_MEAN, GROWTH_SD, rate.size)
    slope = np.exp(-growth[:, None] * (back + people.window_years / 2))
    mean = rate * (alive * slope).sum(axis=1) * width
    if share is not None:
        return rng.poisson((1 - share) * mean), np.asarray(stats.poisson.logpmf(on_sheet, share * mean))
    shape = on_sheet + 1.0
    below = stats.gamma.cdf(mean, shape)
    scaled = stats.gamma.ppf(rng.random(rate.size) * np.maximum(below, 1e-300), shape)
    share = np.clip(np.nan_to_num(scaled / np.maximum(mean, 1e-12), nan=0.5), 0.0, 1.0)
    log_weight = np.log(np.maximum(below, 1e-300)) - np.log(np.maximum(mean, 1e-12))
    return rng.poisson((1 - share) * mean), np.asarray(log_weight)
