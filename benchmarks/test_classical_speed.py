"""The counting method against resampled and simulated people, and Kaplan-Meier of cells against raw rows."""

import datetime

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from timing import best_seconds

from sbc_prevalence.estimators.counting import count_living, step_curve
from sbc_prevalence.estimators.days import end_of_day, lives
from sbc_prevalence.estimators.survival_cells import kaplan_meier_of_cells, survival_cells

LAST = datetime.date(2020, 12, 31)
SIMULATIONS = 200


def register(n, seed):
    rng = np.random.default_rng(seed)
    diagnosed = 2021.0 - 12.0 * rng.uniform(size=n)
    life, lost = rng.exponential(5.0, n), rng.exponential(20.0, n)
    end = np.minimum(lost, 2021.0 - diagnosed)
    days = np.maximum(np.floor(np.minimum(life, end) * 365.25), 0.5)
    return pd.DataFrame({"diagnosed": diagnosed, "exit_years": days / 365.25, "died": (life <= end).astype(int)})


def simulated(people):
    """Living and its standard error: people resampled, their curve fitted anew, the fate of each lost person drawn."""
    rng = np.random.default_rng(1)
    days = lives(people)
    start, end, died = (days[c].to_numpy(float) for c in ("diagnosis", "exit", "died"))
    moment, zero, years = end_of_day(LAST), np.zeros(len(people)), people["exit_years"].to_numpy(float)
    alive = (died == 0) & (end + 1.25 >= moment)
    lost = (died == 0) & ~alive
    found = []
    for _ in range(SIMULATIONS):
        rows = rng.integers(0, len(people), len(people))
        curve = step_curve(zero, years[rows], died[rows])
        chance = np.exp(curve.log_at((moment - start[lost]) / 365.25) - curve.log_at(years[lost]))
        found.append(alive.sum() + (rng.random(chance.size) < chance).sum())
    return float(np.mean(found)), float(np.std(found))


def test_counting_a_hundred_thousand_people_is_fifty_times_faster_than_simulating_them(benchmark):
    """The same quantity: the living with both parts of its standard error, from 200 resamplings of all people."""
    people = register(100_000, 1)
    answer = count_living(people, [LAST], beyond="flat").iloc[0]
    mean, spread = simulated(people)
    assert abs(mean - answer["living"]) < 5 * spread / np.sqrt(SIMULATIONS) + 1
    assert abs(spread / answer["se"] - 1) < 0.2
    counted = best_seconds(lambda: count_living(people, [LAST], beyond="flat"))
    ratio = best_seconds(lambda: simulated(people), 1) / counted
    benchmark.extra_info["simulated / counted"] = ratio
    benchmark(lambda: count_living(people, [LAST], beyond="flat"))
    assert ratio >= 50


def test_kaplan_meier_of_a_million_people_through_cells_is_no_slower_than_raw_rows(benchmark):
    people = register(1_000_000, 2)
    raw = best_seconds(lambda: KaplanMeierFitter().fit(people["exit_years"], people["died"]), 2)
    cells = best_seconds(lambda: kaplan_meier_of_cells(survival_cells(people)), 2)
    benchmark.extra_info.update({"raw rows / through cells": raw / cells, "cells": len(survival_cells(people))})
    benchmark.pedantic(lambda: survival_cells(people), rounds=1)
    assert cells <= raw
