"""Tables that say how far to trust the estimates: ratios, shares, replicated data, priors."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from sbc_prevalence.grid import AREA, AREA_CODE, COUNT_LOWER, COUNT_UPPER, YEAR
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.prevalence.area_order import in_shown_order
from sbc_prevalence.prevalence.draws import chunks, flattened
from sbc_prevalence.prevalence.intervals import median_and_interval

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

Floats = NDArray[np.float64]

PRIOR_STREAM = 3
"""Added to the seed for draws of the priors, so that every table shows the same ones."""
ALL_CAUSE = "deaths in the year, from any cause, of people with the disease (estimated)"
CERTIFIED = "certified breast cancer deaths in the year (observed)"


def certified_deaths(est: "Estimates") -> dict[int, float]:
    """Observed certified deaths of the whole by year; years that lack an area are left out.

    An interval stands at its middle.
    """
    rows, areas = est.fitted.inputs.deaths_frame, est.grid.areas
    if rows.empty:
        return {}
    rows = rows.assign(middle=(rows[COUNT_LOWER] + rows[COUNT_UPPER]) / 2.0)
    rows = rows.groupby([AREA_CODE, YEAR], sort=False)["middle"].sum().reset_index()  # ages together
    found: dict[int, float] = {}
    for year, part in rows.groupby(YEAR):
        whole, parts = part[part[AREA_CODE] == areas.total_code], part[part[AREA_CODE].isin(areas.codes)]
        if len(whole) or len(parts) == len(areas.codes):
            found[int(str(year))] = float((whole if len(whole) else parts)["middle"].sum())
    return found


def living_and_deaths(est: "Estimates") -> tuple[Floats, Floats]:
    """Expected living of the whole at each year's end and all-cause deaths in it, each (n, n_reported)."""
    return est.draws.living.sum((1, 2, 4)), est.draws.deaths.sum((1, 2))


def implied_duration(est: "Estimates", ci_prob: float) -> pd.DataFrame:
    """Rows of living / deaths for both denominators."""
    living, deaths = living_and_deaths(est)
    observed = certified_deaths(est)
    known = [i for i, y in enumerate(est.draws.years) if observed.get(int(y), 0.0) > 0]
    by_certified = living[:, known] / np.array([observed[int(est.draws.years[i])] for i in known])
    parts = [(ALL_CAUSE, est.draws.years, living / deaths), (CERTIFIED, est.draws.years[known], by_certified)]
    frames = []
    for words, years, ratio in parts:
        if not len(years):
            continue
        median, lower, upper = median_and_interval(ratio, ci_prob)
        frames.append(pd.DataFrame({
            "year": years, "area_code": est.grid.areas.total_code, "denominator": words, "median": median,
            "lower": lower, "upper": upper, "projected": [est.grid.is_projected(int(y)) for y in years]}))
    return pd.concat(frames, ignore_index=True)


def shares(est: "Estimates", ci_prob: float) -> pd.DataFrame:
    """Rows of the parts that rest on extrapolation."""
    frames = []
    for name, values in est.draws.shares.items():
        median, lower, upper = median_and_interval(values, ci_prob)
        frames.append(pd.DataFrame({
            "year": est.draws.years, "share": name, "median": median, "lower": lower, "upper": upper}))
    return pd.concat(frames, ignore_index=True)


def deaths_fit(est: "Estimates", ci_prob: float) -> pd.DataFrame:
    """Observed and replicated certified deaths, ages together; an observed interval has no single `observed`."""
    rows = est.fitted.inputs.deaths_frame
    group = rows.groupby([AREA_CODE, YEAR], sort=False)
    place, bounds = group.ngroup().to_numpy(int), group[[COUNT_LOWER, COUNT_UPPER]].sum().reset_index()
    together = np.zeros((est.draws.certified_rep.shape[0], len(bounds)))
    np.add.at(together.T, place, est.draws.certified_rep.T)
    median, lower, upper = median_and_interval(together, ci_prob)
    low, high = bounds[COUNT_LOWER].to_numpy(float), bounds[COUNT_UPPER].to_numpy(float)
    return in_shown_order(pd.DataFrame({
        "area_code": bounds[AREA_CODE].to_numpy(), "year": bounds[YEAR].to_numpy(int),
        "observed": np.where(low == high, low, np.nan), "observed_lower": low, "observed_upper": high,
        "median": median, "lower": lower, "upper": upper}), est.grid.areas)


def _labels(prior: Prior) -> list[str]:
    """Suffixes of the elements of a parameter."""
    if not prior.shape:
        return [""]
    if len(prior.labels) == prior.size:
        return [f" [{label}]" for label in prior.labels]
    return [f" [{', '.join(str(i + 1) for i in index)}]" for index in np.ndindex(*prior.shape)]


def _prior_interval(prior: Prior, ci_prob: float) -> tuple[Floats, float]:
    """Median, lower and upper of a prior, exactly, and its variance on the scale where it is normal."""
    tail = (1.0 - ci_prob) / 2.0
    level = np.array([0.5, tail, 1.0 - tail])
    half = prior.distribution == "half_normal"
    z = norm.ppf((1.0 + level) / 2.0 if half else level)
    quantiles = prior.natural(z, np.asarray(prior.center), np.asarray(prior.sd))
    return np.asarray(quantiles, dtype=float), prior.sd**2 * (1.0 - 2.0 / np.pi if half else 1.0)


def prior_posterior(est: "Estimates", ci_prob: float) -> pd.DataFrame:
    """Rows for each free parameter; area effects by area are left out, their spread is there.

    ``contraction`` is 1 - posterior variance / prior variance on the scale where the prior is normal: 0 where the
    data said nothing, near 1 where they said nearly all. It can be below 0 where data and prior disagree.
    """
    fitted = est.fitted
    after, _, _ = flattened(fitted.parameters)
    rows = []
    for prior in fitted.model.parameters(fitted.inputs).priors:
        if prior.sd == 0.0 or (prior.distribution == "zero_sum_normal" and AREA in prior.dims):
            continue
        old, spread = _prior_interval(prior, ci_prob)
        new = after[prior.name].reshape(after[prior.name].shape[0], -1)
        narrowed = 1.0 - prior.on_normal_scale(new).var(0) / spread
        for suffix, share, b in zip(_labels(prior), narrowed, median_and_interval(new, ci_prob).T, strict=True):
            rows.append((prior.name + suffix, prior.meaning + suffix, prior.group, prior.is_judgement,
                         old[1], old[0], old[2], b[1], b[0], b[2], share))
    return pd.DataFrame(rows, columns=[
        "parameter", "label", "group", "is_judgement", "prior_lower", "prior_median", "prior_upper",
        "posterior_lower", "posterior_median", "posterior_upper", "contraction"])


def prior_predictive(est: "Estimates", ci_prob: float, n_prior: int) -> pd.DataFrame:
    """Rows for the year of the index date, from the priors alone and from the fit."""
    fitted, place = est.fitted, est.position
    t = est.index_date.year - est.grid.first_year
    before = {name: np.empty(n_prior) for name in ("living", "deaths", "de_novo", "new")}
    for here, p in chunks(fitted.prior(n_prior, est.seed + PRIOR_STREAM)):
        latent = fitted.model.latent(p, fitted.inputs)
        cases = latent["incidence"][..., t].sum(-1)
        before["living"][here] = latent["living"][..., t].sum((1, 2))
        before["deaths"][here] = latent["deaths"][..., t].sum((1, 2))
        before["de_novo"][here], before["new"][here] = cases[:, 0], cases.sum(-1)
    living, deaths = living_and_deaths(est)
    cases = est.draws.incidence[..., place].sum(1)
    after = {"living": living[:, place], "deaths": deaths[:, place], "de_novo": cases[:, 0], "new": cases.sum(-1)}
    rows = []
    for stage, values in (("prior", before), ("posterior", after)):
        for quantity, draws in (
                ("implied duration", values["living"] / values["deaths"]),
                ("de novo share of newly diagnosed", values["de_novo"] / values["new"]),
                ("living", values["living"])):
            rows.append((quantity, stage, *median_and_interval(draws, ci_prob)))
    return pd.DataFrame(rows, columns=["quantity", "stage", "median", "lower", "upper"])
