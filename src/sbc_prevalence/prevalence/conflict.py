"""Conflict: each source left out in turn, what all the others predict for it, and where the figures go without it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

from sbc_prevalence.errors import FitRefused
from sbc_prevalence.model.anchors import anchor_problems
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.observation import Observation
from sbc_prevalence.model.observing.of_sources import SourceObservation
from sbc_prevalence.model.observing.sources import source_titles, sources_of
from sbc_prevalence.model.observing.together import evidence_terms
from sbc_prevalence.model.prevalence_model import COMPILED
from sbc_prevalence.posterior.fitted import informed_by_counts
from sbc_prevalence.prevalence.draws import FittedLike, chunks, flattened
from sbc_prevalence.prevalence.identifiability import Refit
from sbc_prevalence.prevalence.intervals import median_and_interval
from sbc_prevalence.prevalence.power_scaling import K_HAT_LIMIT, smoothed_log_weights
from sbc_prevalence.prevalence.quantity import LIVING, NEWLY_DIAGNOSED
from sbc_prevalence.prevalence.totals import Totals, totals

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

Floats = NDArray[np.float64]

REWEIGHTED, REFITTED = "draws reweighted", "fitted again"
REFUSED, ALONE = "refused by the gate", "nothing else counts people"
UNANCHORED = "nothing else anchors completeness"
CONFLICT_LEVEL = 0.05
N_PATTERN = 200
FEWEST_EFFECTIVE = 100.0
SMALLEST_SHARE = 1e-3
BOUNDS = ("median", "lower", "upper")
CONFLICT_COLUMNS = (
    "source", "title", "observed", "predicted_median", "predicted_lower", "predicted_upper", "ratio", "z", "p_level",
    "p_pattern", "p_adjusted", "in_conflict",
    *(f"{q}_{b}" for q in (LIVING, NEWLY_DIAGNOSED) for b in (*BOUNDS, "shift", "shift_sd")), "method", "k_hat")


@dataclass(frozen=True)
class Predictive:
    """What all other evidence says of a source.

    Parameters
    ----------
    observed : float
        Level of the source; see `Observation.level`.
    predicted : array, shape (n_replicates,)
        Levels of sources simulated from draws that did not see it.
    p_level : float
        Two-sided predictive p-value of the level.
    p_pattern : float
        Predictive p-value of the source's predictive density: rows that do not belong together give a small one.
    """

    observed: float
    predicted: Floats
    p_level: float
    p_pattern: float

    @property
    def z(self) -> float:
        """Distance of the log level from its prediction, in predictive sds."""
        least = 0.5 if max(self.observed, float(np.max(self.predicted))) > 1 else SMALLEST_SHARE
        logs = np.log(np.maximum(self.predicted, least))
        spread = logs.std()
        return float((np.log(max(self.observed, least)) - logs.mean()) / spread) if spread > 0 else float("nan")


def conflicts(
    est: "Estimates", refit: Refit | None, *, ci_prob: float, n_replicates: int = 1000, seed: int | None = None
) -> pd.DataFrame:
    """One row for each source of evidence, the most contradicted first.

    Parameters
    ----------
    est : Estimates
    refit : callable or None
        Fits again without a source. It is asked where the draws cannot be reweighted (k-hat of 0.7 or more); without
        it these sources have no figures.
    ci_prob : float
    n_replicates : int
        Sources simulated for each.
    seed : int, optional

    Returns
    -------
    DataFrame
        ``observed`` and ``predicted_*``: level of the source (a total of counts; for published survival a hazard);
        ``ratio`` observed / predicted median; ``z``; ``p_level``, ``p_pattern``; ``p_adjusted``: twice the smaller of
        the two, adjusted over the sources by Holm's method; ``in_conflict`` where that is below 0.05;
        ``living_*`` and ``newly_diagnosed_*``: the whole without the source, expected persons, its relative ``shift``
        and ``shift_sd`` in posterior sds; ``method`` and ``k_hat``.

    References
    ----------
    Presanis et al. (2013), conflict in evidence networks, doi:10.1214/13-STS426; Gelfand, Dey and Chang (1992),
    cross-validated predictive checks.
    """
    fitted, inputs = est.fitted, est.fitted.inputs
    seed = est.seed if seed is None else seed
    everything = _national(totals(fitted, flattened(fitted.parameters)[0], est.index_date))
    titles = source_titles(inputs)
    rows: list[dict[str, Any]] = []
    for source, names in sources_of(inputs).items():
        if all(inputs.power_of(name) == 0 for name in names):
            continue
        row: dict[str, Any] = {"source": source, "title": titles[source]}
        other, row["method"], row["k_hat"] = without(fitted, names, refit, seed)
        if other is not None:
            found = predictive(other, names, n_replicates, seed)
            row |= _predicted(found, ci_prob)
            whole = _national(totals(other, flattened(other.parameters)[0], est.index_date))
            for quantity, values in whole.items():
                row |= _moved(quantity, everything[quantity], values, ci_prob)
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(CONFLICT_COLUMNS))
    given = table[["p_level", "p_pattern"]].notna().any(axis=1)
    if given.any():
        smaller = table.loc[given, ["p_level", "p_pattern"]].min(axis=1)
        adjusted = multipletests(np.minimum(2.0 * smaller.to_numpy(dtype=float), 1.0), method="holm")[1]
        table.loc[given, "p_adjusted"] = adjusted
    table["in_conflict"] = table["p_adjusted"].astype(float) < CONFLICT_LEVEL
    order = table.assign(far=-table["z"].astype(float).abs()).sort_values(["p_adjusted", "far"], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def conflict_words(table: pd.DataFrame) -> str:
    """Which sources the others contradict, in sentences; a finding, not a verdict on who is right."""
    tried = table[table["p_adjusted"].notna()]
    if tried.empty:
        return "No source could be left out, so that conflict between sources is not known from this run."
    named = tried[tried["in_conflict"].astype(bool)]
    untried = [str(title) for title in table.loc[table["p_adjusted"].isna(), "title"]]
    more = f" Not tried: {', '.join(untried)}." if untried else ""
    if named.empty:
        return f"No source is contradicted by all the others together.{more}"
    said = [f"{title}: {_by(ratio)} all other evidence predicts (z {z:.1f})" for title, ratio, z in zip(
        named["title"], named["ratio"].astype(float), named["z"].astype(float), strict=True)]
    if len(said) == 1:
        return f"One source is contradicted by all the others together. {said[0]}.{more}"
    return (f"{len(said)} sources are contradicted by all the others together, the furthest first. {'; '.join(said)}. "
            "Where one source is wrong, it pulls the others with it and makes them look wrong too: the first is "
            f"the one to examine first.{more}")


def _by(ratio: float) -> str:
    return f"{abs(ratio - 1.0):.0%} {'more' if ratio > 1 else 'less'} than".replace("%", " %")


def without(
    fitted: FittedLike, names: tuple[str, ...], refit: Refit | None, seed: int
) -> tuple[FittedLike | None, str, float]:
    """A fit that did not see some observations, how it was had, and the k-hat of the weights that were tried.

    Parameters
    ----------
    fitted : Fitted
    names : tuple of str
        Observations of one source.
    refit : callable or None
    seed : int
        Of the resampling of draws.
    """
    bare = fitted.inputs.with_power({name: 0.0 for name in names})
    if not informed_by_counts(bare):
        return None, ALONE, float("nan")
    if anchor_problems(fitted.model, bare):
        return None, UNANCHORED, float("nan")
    log_weights, k_hat = smoothed_log_weights(_without_its_likelihood(fitted, bare))
    weights = np.exp(log_weights)
    if k_hat < K_HAT_LIMIT and 1.0 / (weights**2).sum() >= FEWEST_EFFECTIVE:
        chosen = np.random.default_rng([seed, 11]).choice(weights.size, weights.size, p=weights / weights.sum())
        flat, _, _ = flattened(fitted.parameters)
        resampled = {name: value[chosen][None] for name, value in flat.items()}
        return replace(fitted, inputs=bare, parameters=resampled), REWEIGHTED, k_hat  # type: ignore[type-var]
    if refit is None:
        return None, f"not done: k-hat {k_hat:.2f}", k_hat
    try:
        return refit(fitted.model, bare), REFITTED, k_hat
    except FitRefused:
        return None, REFUSED, k_hat


def _without_its_likelihood(fitted: FittedLike, bare: ModelInputs) -> Floats:
    """Log density of the draws without some evidence less that with it, shape (n_draws,)."""
    model, found = fitted.model, []
    for _, p in chunks(flattened(fitted.parameters)[0]):
        seen = model.observed(p, fitted.inputs, COMPILED)
        unseen = model.observed(p, bare, COMPILED) if model.completeness.has_regimes else seen
        less, more = (sum(evidence_terms(p, *given).values()) for given in ((unseen, bare), (seen, fitted.inputs)))
        found.append(np.asarray(less - more))
    return np.concatenate(found)


def predictive(fitted: FittedLike, names: tuple[str, ...], n_replicates: int, seed: int) -> Predictive:
    """Observations of one source against their replicates from a fit that did not see them.

    Each replicate is a whole source, drawn by the evidence's own simulator from one draw.

    Parameters
    ----------
    fitted : Fitted
        Without the source.
    names : tuple of str
        Its observations.
    n_replicates : int
    seed : int
    """
    model, inputs = fitted.model, fitted.inputs
    flat, _, _ = flattened(fitted.parameters)
    n = next(iter(flat.values())).shape[0]
    chosen = np.linspace(0, n - 1, min(n, n_replicates)).astype(np.int64)
    p = {name: value[chosen] for name, value in flat.items()}
    seen = model.resolved(p, inputs, seed=seed)
    pieces = [piece for piece in inputs.observations if piece.name in names]
    copies = []
    for i in range(chosen.size):
        one, sight = (_draws(of, i, chosen.size) for of in (p, seen))
        drawn: dict[str, Any] = {}
        for piece in pieces:
            drawn |= piece.simulate(one, sight, inputs, lambda word, i=i: _stream(seed, i, word))  # type: ignore[misc]
        copies.append({**inputs.arrays, **drawn})
    observed = _level(pieces, inputs.arrays)
    levels = np.array([_level(pieces, arrays) for arrays in copies])
    levels = levels[np.isfinite(levels)]  # a replicate may hold nobody who could be found
    return Predictive(observed, levels, two_sided(observed, levels), _pattern(pieces, p, seen, inputs, copies))


def two_sided(observed: float, replicated: Floats) -> float:
    """Two-sided p-value of a value among replicates; ties count half. NaN where there is nothing to compare."""
    if not np.isfinite(observed) or not replicated.size:
        return float("nan")
    below = (replicated < observed).sum() + 0.5 * (replicated == observed).sum()
    share = (below + 0.5) / (replicated.size + 1.0)
    return float(2.0 * min(share, 1.0 - share))


def _pattern(
    pieces: list[Observation], p: Mapping[str, Floats], seen: Mapping[str, Any], inputs: ModelInputs,
    copies: list[dict[str, Any]],
) -> float:
    """Share of replicates whose predictive density is not above that of the observed source.

    The density of a replicate is estimated without the draw that it came from, so that replicates and the observed
    source are alike if the draws hold the truth.
    """
    n = len(copies)
    chosen = np.unique(np.linspace(0, n - 1, min(n, N_PATTERN)).astype(np.int64))
    few, sight = _draws(p, chosen, n), _draws(seen, chosen, n)

    def density(arrays: Mapping[str, Any], own: int | None) -> float:
        given = replace(inputs, arrays=arrays)
        terms: Floats = np.sum([_loglik(piece, few, sight, given) for piece in pieces], axis=0)
        if own is not None:
            terms = np.delete(terms, own)
        return float(np.logaddexp.reduce(terms) - np.log(terms.size))

    observed = density(inputs.arrays, None)
    replicated = np.array([density(copies[at], own) for own, at in enumerate(chosen)])
    below = (replicated < observed).sum() + 0.5 * (replicated == observed).sum()
    return float((below + 0.5) / (replicated.size + 1.0))


def _loglik(piece: Observation, p: Mapping[str, Floats], seen: Mapping[str, Any], inputs: ModelInputs) -> Floats:
    """Log-likelihood of an observation where the regime of every area has been drawn, shape (n_draws,)."""
    if isinstance(piece, SourceObservation):
        return np.asarray(piece.rows(p, seen, inputs).sum(-1))
    return np.asarray(sum(piece.terms(p, seen, inputs).values()))


def _level(pieces: list[Observation], arrays: Mapping[str, Any]) -> float:
    return float(sum(piece.level(arrays) for piece in pieces))


def _draws(value: Any, chosen: Any, n: int) -> Any:
    """Chosen draws of an array whose first axis holds n draws, of a mapping of such arrays; anything else as it is."""
    if isinstance(value, Mapping):
        return {key: _draws(part, chosen, n) for key, part in value.items()}
    return value[chosen] if np.ndim(value) and np.shape(value)[0] == n else value


def _stream(seed: int, i: int, word: str) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, 13, i, crc32(word.encode())]))


def _national(found: Totals) -> dict[str, Floats]:
    """Living and newly diagnosed of the whole, which comes first."""
    keys = found.keys
    return {q: found.values[:, int(keys.index[keys["quantity"] == q][0])] for q in (LIVING, NEWLY_DIAGNOSED)}


def _predicted(found: Predictive, ci_prob: float) -> dict[str, float]:
    if not found.predicted.size:
        return {"observed": found.observed, "p_pattern": found.p_pattern}
    median, lower, upper = median_and_interval(found.predicted, ci_prob)
    return {
        "observed": found.observed, "predicted_median": float(median), "predicted_lower": float(lower),
        "predicted_upper": float(upper), "ratio": found.observed / float(median), "z": found.z,
        "p_level": found.p_level, "p_pattern": found.p_pattern}


def _moved(quantity: str, before: Floats, after: Floats, ci_prob: float) -> dict[str, float]:
    """Median and interval without the source, and how far it moved."""
    found = {f"{quantity}_{b}": float(v) for b, v in zip(BOUNDS, median_and_interval(after, ci_prob), strict=True)}
    moved = float(np.median(after) / np.median(before)) - 1.0
    shift = (np.log(after).mean() - np.log(before).mean()) / np.log(before).std()
    return {**found, f"{quantity}_shift": moved, f"{quantity}_shift_sd": float(shift)}
