"""Net survival: how long patients would live if they died of nothing but the disease."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sbc_prevalence.estimators.relative_survival import cumulative_background, matched_background

Floats = NDArray[np.float64]

STEPS_PER_YEAR = 73
PEOPLE_AT_A_TIME = 1_000


def net_survival(
    people: pd.DataFrame, life_table: pd.DataFrame | None, durations: Sequence[float], *, ci_prob: float = 0.95
) -> pd.DataFrame:
    """Net survival by Pohar Perme, Stare and Esteve, with delayed entry. Prevalence does not need it.

    Each person at risk stands for 1 / S_P(u) people who would still be there if there were no other causes, S_P the
    survival of the population of the same age, sex and calendar year. The excess hazard is

        [sum_i dN_i / S_Pi - sum_i Y_i dH_Pi / S_Pi] / sum_i Y_i / S_Pi

    in steps of 5 days, its variance sum_i dN_i / S_Pi^2 over the square of the denominator; net survival is exp(- its
    sum), with the interval on the logarithm. Unlike Ederer's second method it does not change with the age of those who
    are still followed; unlike relative survival it may rise.

    Parameters
    ----------
    people : DataFrame
        From `estimators.survival.records`, with ``age_years``; with ``sex`` where the life table has it.
    life_table : DataFrame
        ``age``, ``year``, ``hazard`` (deaths from all causes per person-year), and ``sex`` where there are several.
    durations : sequence of float
        Years since diagnosis.
    ci_prob : float

    Returns
    -------
    DataFrame
        ``duration_years``, ``net``, ``se_log``, ``lower``, ``upper``, ``ci_prob``; NaN after the last person at risk.

    Raises
    ------
    EvidenceError
        If there is no life table, or ages or sexes are missing.

    References
    ----------
    Pohar Perme M, Stare J, Esteve J (2012), Biometrics 68, 113-120, doi:10.1111/j.1541-0420.2011.01640.x.
    """
    groups = matched_background(people, life_table, "net survival")
    u = np.asarray(durations, dtype=float)
    edges = np.arange(int(np.ceil(u.max(initial=0.0) * STEPS_PER_YEAR)) + 1) / STEPS_PER_YEAR
    dying, squared, expected, there = (np.zeros(edges.size - 1) for _ in range(4))
    for rows, table in groups:
        for start in range(0, len(rows), PEOPLE_AT_A_TIME):
            some = rows.iloc[start : start + PEOPLE_AT_A_TIME]
            entry, end = (some[c].to_numpy(float) for c in ("entry_years", "exit_years"))
            died = some["died"].to_numpy(float)
            hazard = cumulative_background(some, table, edges)
            weight = np.exp(0.5 * (hazard[:, 1:] + hazard[:, :-1]))
            share = np.clip(np.minimum(end[:, None], edges[1:]) - np.maximum(entry[:, None], edges[:-1]), 0.0, None)
            share *= STEPS_PER_YEAR * weight
            expected += (share * np.diff(hazard, axis=1)).sum(0)
            there += share.sum(0)
            step = np.ceil(end * STEPS_PER_YEAR - 1e-9).astype(np.int64) - 1
            seen = np.flatnonzero((died == 1) & (step < edges.size - 1))
            own = weight[seen, step[seen]]
            np.add.at(dying, step[seen], own)
            np.add.at(squared, step[seen], own**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.where(there > 0, (dying - expected) / there, np.nan)
        variance = np.where(there > 0, squared / there**2, np.nan)
    total, spread = (np.concatenate([[0.0], np.cumsum(x)]) for x in (excess, variance))
    log_net, se = np.interp(u, edges, total), np.sqrt(np.interp(u, edges, spread))
    z = float(stats.norm.ppf(0.5 + ci_prob / 2))
    return pd.DataFrame({"duration_years": u, "net": np.exp(-log_net), "se_log": se, "lower": np.exp(-log_net - z * se),
                         "upper": np.exp(-log_net + z * se), "ci_prob": ci_prob})
