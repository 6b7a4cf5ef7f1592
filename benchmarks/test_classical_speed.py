"""The counting method against persons simulated one by one, and Kaplan-Meier of cells against raw rows."""

import datetime

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from timing import best_seconds

from sbc_prevalence.estimators.counting import count_living, step_curve
from sbc_prevalence.estimators.days import end_of_day, lives
from sbc_prevalence.estimators.survival_cells import kaplan_meier_of_cells, survival_cells

LAST = datetime.date(2020, 12, 31)
SIMULATIONS = 1000


def register(n, seed):
    rng = np.random.default_rng(seed)
    diagnosed = 2021.0 - 12.0 * rng.uniform(size=n)
    life, lost = rng.exponential(5.0, n), rng.exponential(20.0, n)
    end = np.minimum(lost, 2021.0 - diagnosed)
    days = np.maximum(np.floor(np.minimum(life, end) * 365.25), 0.5)
    return pd.DataFrame({"diagnosed": diagnosed, "exit_years": days / 365.25, "died": (life <= end).astype(int)})


def one_by_one(people):
    """Expected living and its spread: each lost person's fate drawn many times from the curve, person by person."""
    rng = np.random.default_rng(1)
    days = lives(people)
    curve = step_curve(np.zeros(len(people)), people["exit_years"].to_numpy(float), people["died"].to_numpy(float))
    moment, total, known = end_of_day(LAST), np.zeros(SIMULATIONS), 0
    for start, end, died in zip(days["diagnosis"], days["exit"], days["died"], strict=True):
        if died == 1:
            continue
        if end + 1.25 >= moment:
            known += 1
            continue
        log_s = curve.log_at(np.array([(end - start) / 365.25, (moment - start) / 365.25]))
        total += rng.random(SIMULATIONS) < np.exp(log_s[1] - log_s[0])
    return known + total.mean(), total.std()


def test_counting_a_hundred_thousand_people_is_fifty_times_faster_than_simulating_each(benchmark):
    people = register(100_000, 1)
    answer = count_living(people, [LAST], beyond="flat").iloc[0]
    mean, spread = one_by_one(people)
    assert abs(mean - answer["living"]) < 4 * spread / np.sqrt(SIMULATIONS) + 1
    assert abs(spread / answer["se_binomial"] - 1) < 0.1
    counted = best_seconds(lambda: count_living(people, [LAST], beyond="flat"))
    ratio = best_seconds(lambda: one_by_one(people), 1) / counted
    benchmark.extra_info["simulated one by one / counted"] = ratio
    benchmark(lambda: count_living(people, [LAST], beyond="flat"))
    assert ratio >= 50


def test_kaplan_meier_of_a_million_people_through_cells_is_no_slower_than_raw_rows(benchmark):
    people = register(1_000_000, 2)
    raw = best_seconds(lambda: KaplanMeierFitter().fit(people["exit_years"], people["died"]), 2)
    cells = best_seconds(lambda: kaplan_meier_of_cells(survival_cells(people)), 2)
    benchmark.extra_info.update({"raw rows / through cells": raw / cells, "cells": len(survival_cells(people))})
    benchmark.pedantic(lambda: survival_cells(people), rounds=1)
    assert cells <= raw
