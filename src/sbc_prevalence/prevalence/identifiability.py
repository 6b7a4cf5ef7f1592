"""What the data identify: how far they narrowed each reported figure, and which part of the evidence did it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.observing.sources import source_titles, sources_of
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.prevalence.area_order import in_shown_order
from sbc_prevalence.prevalence.checks import PRIOR_STREAM
from sbc_prevalence.prevalence.draws import FittedLike, chunks, flattened
from sbc_prevalence.prevalence.intervals import median_and_interval
from sbc_prevalence.prevalence.power_scaling import (
    NOISE,
    WIDE_ALPHAS,
    Influence,
    influence,
    influence_of_refits,
)
from sbc_prevalence.prevalence.quantity import LIVING, NEWLY_DIAGNOSED
from sbc_prevalence.prevalence.totals import COMPLETENESS, INCIDENCE_OF_SOURCE, Totals, totals, totals_of

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

Floats = NDArray[np.float64]
Refit = Callable[[PrevalenceModel, ModelInputs], FittedLike]
"""Fits a model to inputs of the same form and shapes as those of the headline; may raise `FitRefused`."""

EVIDENCE, PRIOR = "evidence", "prior"
DRAWS, REFIT = "draws", "other fits"
READ_DATA, READ_BOTH = "hardly on this prior", "on this prior and on evidence"
READ_PRIOR, READ_APART = "on this prior more than on all evidence", "pulls apart from all else"
HARDLY = 5
"""Share of what would narrow a figure, in whole percents, below which it is said to rest hardly on a prior."""
APART = 2.0
"""Disagreement, in sds, from which a part is said to pull apart from the others."""
GROUP_WORDS = {
    "incidence": "incidence and recurrence", "survival": "survival", "attribution": "how deaths are certified",
    "areas": "differences between areas", "completeness": "completeness and recording"}
IDENTIFIABILITY_COLUMNS = (
    "quantity", "area_code", "area_name", "source", "prior_median", "prior_lower", "prior_upper", "median", "lower",
    "upper", "contraction", "correlation_with_incidence")
INFLUENCE_COLUMNS = (
    "quantity", "area_code", "area_name", "part", "name", "title", "information_share", "information_share_mcse",
    "relative_share", "shift", "disagreement", "sensitivity", "k_hat", "method", "reading")


def identifiability(est: "Estimates", ci_prob: float, n_prior: int) -> pd.DataFrame:
    """Rows of what the data narrowed.

    ``contraction`` is 1 - posterior variance / prior variance, on the log scale for persons and years, on the logit
    scale for proportions: 0 where the data said nothing, near 1 where they said nearly all, below 0 where they disagree
    with the prior. ``correlation_with_incidence``, of a completeness with the incidence of the presentations that its
    source holds: near -1 where the counts fix their product only.
    """
    fitted = est.fitted
    with_sources = bool(fitted.inputs.completeness_sources)
    after = totals_of(est, completeness=with_sources)
    unseen = fitted.inputs.with_power({piece.name: 0.0 for piece in fitted.inputs.observations})
    before = totals(replace(fitted, inputs=unseen), fitted.prior(n_prior, est.seed + PRIOR_STREAM), est.index_date,  # type: ignore[type-var]
                    completeness=with_sources)
    old, new = before.scaled(), after.scaled()
    areas = fitted.inputs.grid.areas
    with np.errstate(divide="ignore", invalid="ignore"):
        contraction = 1.0 - new.var(0) / old.var(0)
    table = after.keys.assign(
        area_name=[areas.name_of(code) for code in after.keys["area_code"]], contraction=contraction,
        correlation_with_incidence=_correlations(after, new))
    for prefix, values in (("prior_", before.values), ("", after.values)):
        for word, column in zip(("median", "lower", "upper"), median_and_interval(values, ci_prob), strict=True):
            table[prefix + word] = column
    known = (table["quantity"] == COMPLETENESS) & (np.ptp(after.values, axis=0) == 0)
    shown = (table["quantity"] != INCIDENCE_OF_SOURCE) & ~known
    return in_shown_order(table.loc[shown, list(IDENTIFIABILITY_COLUMNS)], areas)


def _correlations(after: Totals, scaled: Floats) -> Floats:
    """Posterior correlation of each completeness with the incidence that it thins; NaN for other quantities."""
    keys = after.keys
    places = {(q, a, s): i for i, (q, a, s) in enumerate(
        keys[["quantity", "area_code", "source"]].itertuples(index=False))}
    found = np.full(len(keys), np.nan)
    for (quantity, area, source), i in places.items():
        if quantity == COMPLETENESS and np.ptp(scaled[:, i]) > 0:
            found[i] = np.corrcoef(scaled[:, i], scaled[:, places[INCIDENCE_OF_SOURCE, area, source]])[0, 1]
    return found


def log_density_parts(fitted: FittedLike) -> tuple[pd.DataFrame, Floats]:
    """The parts of the log posterior of every draw: sources of evidence, groups of priors.

    Returns
    -------
    parts : DataFrame
        ``part`` (evidence or prior), ``name``, ``title``.
    values : array, shape (n_draws, n_parts)
        Up to a constant.
    """
    model, inputs = fitted.model, fitted.inputs
    flat, _, _ = flattened(fitted.parameters)
    sources, titles = sources_of(inputs), source_titles(inputs)
    sources = {name: names for name, names in sources.items() if any(inputs.power_of(n) > 0 for n in names)}
    evidence = []
    for _, p in chunks(flat):
        terms = model.loglik_by_evidence(p, inputs)
        evidence.append(np.stack(
            [sum(inputs.power_of(n) * terms[n] for n in names) for names in sources.values()], axis=-1))
    priors = model.parameters(inputs).log_density_by_group(flat)
    parts = pd.DataFrame(
        [(EVIDENCE, name, titles[name]) for name in sources]
        + [(PRIOR, group, f"priors: {GROUP_WORDS.get(group, group.replace('_', ' '))}") for group in priors],
        columns=["part", "name", "title"])
    return parts, np.concatenate([np.concatenate(evidence), np.stack(list(priors.values()), axis=-1)], axis=-1)


def influences(est: "Estimates", refit: Refit | None = None) -> pd.DataFrame:
    """Rows of how each reported figure answers to each source and each group of priors.

    Parameters
    ----------
    est : Estimates
    refit : callable, optional
        Fits again with a part at the powers 0.8 and 1.25 where the weights of the draws are unreliable (k-hat of 0.7 or
        more); without it these rows are marked by their k-hat alone.
    """
    fitted = est.fitted
    _, chains, draws = flattened(fitted.parameters)
    after = totals_of(est)
    parts, terms = log_density_parts(fitted)
    scaled = after.scaled().reshape(chains, draws, -1)
    found = _without_noise(influence(scaled, terms.reshape(chains, draws, -1)), parts, after, fitted)
    method = np.full(len(parts), DRAWS, dtype=object)
    if refit is not None:
        found, method = _refitted(est, found, parts, scaled.reshape(-1, scaled.shape[-1]).std(0), refit)
    names = [est.grid.areas.name_of(code) for code in after.keys["area_code"]]
    relative = relative_shares(found)
    of_evidence = relative[(parts["part"] == EVIDENCE).to_numpy()].sum(0)
    frames = []
    for j, part in enumerate(parts.itertuples(index=False)):
        frames.append(pd.DataFrame({
            "quantity": after.keys["quantity"], "area_code": after.keys["area_code"], "area_name": names,
            "part": part.part, "name": part.name, "title": part.title,
            "information_share": found.information_share[j],
            "information_share_mcse": found.information_share_mcse[j], "relative_share": relative[j],
            "shift": found.shift[j],
            "disagreement": found.disagreement[j], "sensitivity": found.sensitivity[j], "k_hat": found.k_hat[j],
            "method": method[j], "reading": _reading(found, relative, j, str(part.part), of_evidence)}))
    return in_shown_order(pd.concat(frames, ignore_index=True)[list(INFLUENCE_COLUMNS)], est.grid.areas)


def relative_shares(found: Influence) -> Floats:
    """Shares of the information among the parts whose share can be told from 0; 0 for the others, (n_parts, n_keys)."""
    noise = NOISE * np.nan_to_num(found.information_share_mcse)
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = np.where((found.information_share > 0) & (found.information_share > noise), found.information_share, 0.0)
        return np.nan_to_num(kept / kept.sum(0))


def _without_noise(found: Influence, parts: pd.DataFrame, after: Totals, fitted: FittedLike) -> Influence:
    """Priors of the areas leave the whole exactly as it is where no evidence reaches them: nothing is estimated there."""
    alone = fitted.model.prior_only(fitted.inputs)
    groups: dict[str, set[str]] = {}
    for prior in fitted.model.parameters(fitted.inputs).priors:
        groups.setdefault(prior.group, set()).add(prior.name)
    mute = np.array([part.part == PRIOR and groups[str(part.name)] <= set(alone) for part in parts.itertuples()])
    whole = (after.keys["area_code"] == fitted.inputs.grid.areas.total_code).to_numpy()
    nothing = mute[:, None] & whole
    zeroed = {name: np.where(nothing, 0.0, getattr(found, name))
              for name in ("information_share", "information_share_mcse", "shift", "sensitivity")}
    return replace(found, **zeroed)


def _reading(found: Influence, relative: Floats, j: int, part: str, of_evidence: Floats) -> NDArray[np.object_]:
    """What the answers to one part say; empty for evidence that agrees with all else.

    Words on a prior follow from the share that is printed beside them, as it is printed: in whole percents.
    """
    with np.errstate(invalid="ignore"):
        apart = np.abs(found.disagreement[j]) > APART
    if part == EVIDENCE:
        return np.where(apart, READ_APART, "").astype(object)
    printed, of_all = np.round(100.0 * relative[j]), np.round(100.0 * of_evidence)
    words = np.where(printed > of_all, READ_PRIOR, READ_BOTH)
    return np.where(apart, READ_APART, np.where(printed < HARDLY, READ_DATA, words)).astype(object)


def _refitted(
    est: "Estimates", found: Influence, parts: pd.DataFrame, sd: Floats, refit: Refit
) -> tuple[Influence, NDArray[np.object_]]:
    """The same answers, from other fits where the draws do not carry them."""
    share, error, shift = (getattr(found, f).copy() for f in ("information_share", "information_share_mcse", "shift"))
    method = np.full(len(parts), DRAWS, dtype=object)
    for j in np.flatnonzero(~found.reliable):
        draws = [
            totals_of(replace(est, fitted=refit(*powered(est.fitted, str(parts["part"][j]), str(parts["name"][j]), a))))
            for a in WIDE_ALPHAS]
        share[j], shift[j] = influence_of_refits(draws[0].scaled(), draws[1].scaled(), sd)
        error[j], method[j] = np.nan, REFIT
    return replace(found, information_share=share, information_share_mcse=error, shift=shift), method


def powered(fitted: FittedLike, part: str, name: str, alpha: float) -> tuple[PrevalenceModel, ModelInputs]:
    """Model and inputs with one source, or one group of priors, raised to a power.

    Parameters
    ----------
    fitted : Fitted
    part : {"evidence", "prior"}
    name : str
        Of a source of `sources_of`, or of a group of priors.
    alpha : float
    """
    model, inputs = fitted.model, fitted.inputs
    if part == EVIDENCE:
        return model, inputs.with_power({n: alpha * inputs.power_of(n) for n in sources_of(inputs)[name]})
    plain = replace(model, judgement_width=1.0)
    changes = {
        prior.name: {"sd": prior.sd / np.sqrt(alpha), "reason": f"{prior.reason} Spread divided by sqrt {alpha:g}."}
        for prior in plain.parameters(inputs).priors if prior.group == name and prior.sd > 0}
    merged = {key: {**model.overrides.get(key, {}), **change} for key, change in changes.items()}
    return model.with_overrides(**merged), inputs


def influence_words(table: pd.DataFrame, area_code: str) -> str:
    """On what it depends how well the figures of the whole are known, in sentences.

    Parts that cannot be told from nothing are left out. The data may have narrowed a figure a great deal and be exact
    enough to leave its remaining doubt to a prior: the sentence is about that doubt.
    """
    said = []
    for quantity, words in ((LIVING, "the number living"), (NEWLY_DIAGNOSED, "the number newly diagnosed")):
        rows = table[(table["quantity"] == quantity) & (table["area_code"] == area_code) & (table["relative_share"] > 0)]
        rows = rows.sort_values("relative_share", ascending=False, kind="stable")
        if len(rows):
            listed = [f"{title} ({100 * share:.0f} %)" for title, share in zip(
                rows["title"], rows["relative_share"], strict=True)]
            said.append(f"How much more closely {words} could be known depends on {_listed(listed)}.")
    return " ".join(said)


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
