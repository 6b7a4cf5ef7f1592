"""Made-up trusts whose truth is known: the process that the estimate assumes, for its recovery test and a tutorial."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from sbc_prevalence.trust.curves import HORIZON_YEARS, published_prior, with_floor
from sbc_prevalence.trust.estimate import BEFORE_YEARS, GROWTH_MEAN, GROWTH_SD
from sbc_prevalence.trust.people import DAYS_PER_YEAR, Floats, People

FINE = 1 / 12


@dataclass(frozen=True, repr=False, eq=False)
class TrustWorld:
    """One made-up trust.

    Parameters
    ----------
    living : int
        True number living on the index date.
    people : People
        What its sheet knows.
    born, diagnosed, exit : array
        Of those on the sheet: years of birth, years before the index date (negative).
    """

    living: int
    people: People
    born: Floats
    diagnosed: Floats

    def __repr__(self) -> str:
        return f"TrustWorld(living={self.living}, on_sheet={self.people.n})"


def simulate_trust(
    seed: int,
    *,
    per_year: float = 80.0,
    window_years: float = 6.0,
    completeness: tuple[float, float] = (1.735, 0.42),
    loss_per_year: float = 0.06,
    family: str | None = None,
    de_novo: float = 0.3,
    age: float = 65.0,
) -> TrustWorld:
    """A trust, and what it knows of its people.

    Parameters
    ----------
    seed : int
    per_year : float
        Diagnoses per year in the middle of the sheet's years.
    window_years : float
        Years from the beginning of the sheet to the index date; the extract is of that day.
    completeness : (float, float)
        Mean and sd of the logit of completeness.
    loss_per_year : float
        Hazard of being lost to follow-up.
    family : {"weibull", "log_logistic"}, optional
        Either with equal chance without it.
    de_novo : float
        Share of de novo.
    age : float
        Mean age at diagnosis.
    """
    rng = np.random.default_rng(seed)
    chosen = family or str(rng.choice(["weibull", "log_logistic"]))
    prior = published_prior(chosen)
    point = rng.multivariate_normal(prior.mean, prior.covariance)[None, :]
    times = np.arange(0.0, HORIZON_YEARS + FINE / 2, FINE)
    hazards = with_floor(point, np.zeros(1, dtype=np.int64), (chosen,), times, age)[0]
    growth = rng.normal(GROWTH_MEAN, GROWTH_SD)
    c = 1 / (1 + np.exp(-rng.normal(*completeness)))
    share_before = rng.random()
    span = window_years + BEFORE_YEARS
    edges = np.linspace(-span, 0.0, 2001)
    middle = (edges[1:] + edges[:-1]) / 2
    rate = per_year * np.where(middle < -window_years, np.exp(growth * (middle + window_years / 2)), 1.0)
    counts = rng.poisson(rate * np.diff(edges))
    start = np.repeat(edges[:-1], counts) + rng.random(int(counts.sum())) * (edges[1] - edges[0])
    is_de_novo = rng.random(start.size) < de_novo
    gone = -np.log(rng.random(start.size))
    lived = np.where(is_de_novo, np.interp(gone, hazards[1], times), np.interp(gone, hazards[0], times))
    death = start + lived
    recent = start >= -window_years
    on_sheet = np.where(recent, rng.random(start.size) < c,
                        (death > -window_years) & (rng.random(start.size) < share_before))
    entered = np.where(recent, start, -window_years)
    lost = entered + rng.exponential(1 / loss_per_year, start.size)
    end = np.minimum(np.minimum(death, lost), 0.0)
    died = (death <= lost) & (death <= 0.0)
    s = on_sheet.astype(bool)
    people = People(
        -start[s], is_de_novo[s].astype(float), recent[s], (end[s] >= 0.0) & ~died[s], died[s], end[s] - start[s],
        entered[s] - start[s], end[s] - start[s], died[s],
        np.floor(2024.0 + start[s]).astype(np.int64), window_years, age)
    born = np.floor(2024.0 + start[s] - rng.normal(age, 11.0, int(s.sum())).clip(28, 95))
    return TrustWorld(int((death > 0.0).sum()), people, born, start[s])


def simulated_sheet(world: TrustWorld, index_date: date, *, seed: int = 1, elsewhere: float = 0.05) -> pd.DataFrame:
    """The sheet of a made-up trust in the columns of the template; simulated, and named so in every pseudonym.

    Parameters
    ----------
    world : TrustWorld
    index_date : date
        Also the day of the extract.
    seed : int
    elsewhere : float
        Share of people treated elsewhere.
    """
    rng = np.random.default_rng(seed)
    p = world.people

    def day(years: float) -> str:
        return (index_date + timedelta(days=round(float(years) * DAYS_PER_YEAR))).strftime("%d/%m/%Y")

    rows = []
    for i in range(p.n):
        start, end = world.diagnosed[i], world.diagnosed[i] + p.exit[i]
        first = start - (0.05 if p.de_novo[i] == 1.0 else rng.uniform(1.0, 12.0))
        rows.append({
            "Pseudonym": f"simulated-{i + 1:04}", "Sex": "M" if rng.random() < 0.01 else "F",
            "Year of birth": str(int(world.born[i])), "Area of residence": str(rng.choice(["E07000110", "E07000116"])),
            "First breast cancer": day(first), "Secondary diagnosed": day(start),
            "Entered on sheet": day(start + p.entry[i]),
            "Route": str(rng.choice(["Emergency", "GP", "Follow-up", "Other", ""], p=[0.2, 0.35, 0.3, 0.1, 0.05])),
            "Sites": ";".join(s for s, q in (("Bone", 0.6), ("Liver", 0.35), ("Lung", 0.3), ("Brain", 0.08))
                              if rng.random() < q),
            "ER": str(rng.choice(["+", "-"], p=[0.78, 0.22])), "PR": "", "HER2": "",
            "Status": "Died" if p.died[i] else "Alive" if p.known_living[i] else "Lost",
            "Last seen": "" if p.died[i] else day(end), "Died on": day(end) if p.died[i] else "",
            "Treated": "Elsewhere" if rng.random() < elsewhere else "Here"})
    return pd.DataFrame(rows)
