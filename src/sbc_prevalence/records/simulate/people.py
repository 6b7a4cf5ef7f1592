"""People of the simulated world: first tumour, metastasis, death. Whole arrays at a time; no loop over people."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.records.dates import DAYS_PER_YEAR
from sbc_prevalence.records.simulate.process import (
    LONGEST_YEARS,
    REFERENCE_YEAR,
    Floats,
    Ints,
    World,
    drawn,
)

Flags = NDArray[np.bool_]
NEVER = np.int64(2**31 - 1)
"""Day number of what never happens."""
DE_NOVO_WITHIN_DAYS = 60


@dataclass(frozen=True, eq=False, repr=False)
class People:
    """A block of simulated people; days are counted from 1 January 1970, `NEVER` where nothing happens.

    Parameters
    ----------
    number : int array, shape (n,)
        Running number over all blocks.
    man : bool array
    birth_year : int array
    primary_day, death_day : int arrays
    metastasis_day : int array
        Diagnosis of distant spread in life; `NEVER` also for those found at death.
    found_at_death, certified : bool arrays
        Spread that nobody diagnosed in life; death certified as breast cancer.
    recurrent : bool array
        Whether spread was diagnosed more than the window after the first tumour.
    area, area_then, area_later : int arrays
        Board at the first tumour, at metastatic diagnosis, and later.
    """

    number: Ints
    man: Flags
    birth_year: Ints
    primary_day: Ints
    metastasis_day: Ints
    death_day: Ints
    found_at_death: Flags
    certified: Flags
    recurrent: Flags
    area: Ints
    area_then: Ints
    area_later: Ints

    @property
    def diagnosed(self) -> Flags:
        """People with metastatic disease diagnosed in life."""
        return np.asarray(self.metastasis_day < NEVER)

    def __len__(self) -> int:
        return int(self.number.size)


def simulate_people(world: World, first: int, n: int, rng: np.random.Generator) -> People:
    """People number `first` to `first + n - 1`.

    Parameters
    ----------
    world : World
    first, n : int
    rng : numpy.random.Generator
        Of this block alone.
    """
    process = world.process
    cell = drawn(world.cell_steps, rng.random(n))
    area, year = cell % len(world.areas), world.years[cell // len(world.areas)]
    primary = _day_in_year(year, rng.random(n))
    band, low, width = world.age_bands
    chosen = drawn(band, rng.random(n))
    age = low[chosen] + width[chosen] * rng.random(n)

    other = world.other_steps.times(world.other_row(year, age), rng.exponential(size=n))
    spread, late = _times_of_spread(world, area, year, age, rng)
    recurs = late & (spread < other)
    has = ~late | recurs
    at_death = recurs & (rng.random(n) < process.found_at_death)

    day = np.where(has, primary + np.floor(np.where(has, spread, 0.0) * DAYS_PER_YEAR).astype(np.int64), NEVER)
    recurrent = has & (day - primary > process.window_days)
    death = primary + _in_days(other)
    lives = np.flatnonzero(has & ~at_death)
    after = _survival(world, day[lives], recurrent[lives], age[lives] + spread[lives], rng)
    death[lives] = np.minimum(day[lives] + _in_days(after), NEVER)
    death[at_death] = day[at_death]
    certified = has & (at_death | (rng.random(n) < process.certified))

    then = _moved(world, area, process.moved, rng)
    later = _moved(world, then, process.moved_after, rng)
    return People(
        number=np.arange(first, first + n), man=rng.random(n) < process.men,
        birth_year=np.floor(year + 0.5 - age).astype(np.int64), primary_day=primary,
        metastasis_day=np.where(at_death, NEVER, day), death_day=death, found_at_death=at_death, certified=certified,
        recurrent=recurrent, area=area, area_then=then, area_later=later)


def _day_in_year(year: Ints, chance: Floats) -> Ints:
    start = year_start(year)
    return start + np.floor(chance * (year_start(year + 1) - start)).astype(np.int64)


def year_start(year: Ints) -> Ints:
    """Day number of 1 January."""
    return np.asarray((np.asarray(year) - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64))


def year_of(day: Ints) -> Ints:
    """Calendar year of a day number."""
    return np.asarray(day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970)


def _in_days(years: Floats) -> Ints:
    """Whole days, at most a life."""
    return np.floor(np.minimum(years, 2.0 * LONGEST_YEARS) * DAYS_PER_YEAR).astype(np.int64)


def _times_of_spread(
    world: World, area: Ints, year: Ints, age: Floats, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """Years from first tumour to spread as if nobody died of anything else, and whether it is no de novo disease."""
    process, table, n = world.process, world.recurrence, area.size
    decades = (np.clip(year, REFERENCE_YEAR - 25, REFERENCE_YEAR + 25) - REFERENCE_YEAR) / 10.0
    logit = np.log(process.de_novo_share / (1.0 - process.de_novo_share)) + process.de_novo_trend * decades
    late = rng.random(n) >= 1.0 / (1.0 + np.exp(-logit))
    category = drawn(table.category_steps, rng.random(n))
    period = table.period(year.astype(float) + 0.5, rng.random(n))
    early, after = (np.clip(table.middles[0] - year - 0.5, 0, 20) / 10.0, np.clip(year + 0.5 - table.middles[-1], 0, 20)
                    / 10.0)
    log_factor = (process.recurrence_log_error + world.area_effect[area] + process.recurrence_drift[0] * early
                  + process.recurrence_drift[1] * after)
    spent = rng.exponential(size=n) * np.exp(-log_factor)
    net = table.steps.times(table.row(category, age, period), spent)
    soon = rng.random(n) * (DE_NOVO_WITHIN_DAYS / DAYS_PER_YEAR)
    return np.where(late, net, soon), late


def _survival(world: World, day: Ints, recurrent: NDArray[np.bool_], age: Floats, rng: np.random.Generator) -> Floats:
    """Years from metastatic diagnosis to death from any cause: Weibull, and in no year less than other causes."""
    process, n = world.process, day.size
    year = year_of(day)
    decades = (np.clip(year + 0.5, 1985.0, process.last_year + 0.5) - REFERENCE_YEAR) / 10.0
    factor = np.log(2.0) * np.exp(process.hazard_trend * decades) * np.where(recurrent, process.hazard_ratio, 1.0)
    shape, median = process.survival_shape, process.survival_median
    left, found = rng.exponential(size=n), np.full(n, float(LONGEST_YEARS))
    open_ = np.arange(n)
    for m in range(LONGEST_YEARS):
        before, after = factor[open_] * (m / median) ** shape, factor[open_] * ((m + 1) / median) ** shape
        floor = world.other_hazard(year[open_] + m, (age[open_] + m).astype(np.int64))
        growth = np.maximum(after - before, floor)
        dies = left[open_] <= growth
        gone = open_[dies]
        by_family = median * ((before[dies] + left[gone]) / factor[gone]) ** (1.0 / shape)
        found[gone] = np.minimum(by_family, m + left[gone] / floor[dies])
        left[open_] -= growth
        open_ = open_[~dies]
        if open_.size == 0:
            break
    return found


def _moved(world: World, area: Ints, share: float, rng: np.random.Generator) -> Ints:
    """Boards after some people moved, each to a board drawn by its size."""
    moves, to = rng.random(area.size) < share, drawn(world.area_steps, rng.random(area.size))
    return np.where(moves, to, area)
