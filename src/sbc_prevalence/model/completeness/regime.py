"""Completeness by reporting regime: full, partial or none, as a survey of the areas has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sbc_prevalence.errors import ConfigError, Problem
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness.component import (
    AbstractCompleteness,
    CompletenessSource,
    logit,
    over_years,
    own_priors,
    step_priors,
    the_same_everywhere,
)
from sbc_prevalence.model.observation import power_name
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

REGIMES = ("full", "partial", "none")
SURVEY = "regime_survey"
ANSWERS = f"{SURVEY}_answers"
LOG_ODDS, TILT = "regime_log_odds", "regime_silent_tilt"
IMPOSSIBLE = -1e10
FULL_CENTER, PARTIAL_GAP, NONE_GAP, REGIME_SD = float(np.log(0.90 / 0.10)), 2.0, 2.5, 0.5
TYPICAL_LOGITS = np.array([FULL_CENTER, FULL_CENTER - PARTIAL_GAP, FULL_CENTER - PARTIAL_GAP - NONE_GAP])
"""Logit completeness of a typical area in full, in part and not at all, at the centres of the priors."""
TOLD_SILENT = f"{SURVEY}_silent_told"
"""Array: 1 for areas that did not answer and whose counts tell how complete they are."""
FEWEST_PEOPLE, LOGIT_SCALE, INCIDENCE_SD = 25, 1.5, 0.1


@dataclass(frozen=True)
class Regimes:
    """What is believed of the regime of each area, and the completeness that each regime would mean.

    Parameters
    ----------
    log_shares : array, shape (..., 3)
        Log shares of full, partial and none among areas that answer.
    log_weights : array, shape (..., n_areas, 3)
        Log probability of each regime and of the area's answer in it.
    completeness : tuple of mapping of source to array, shape (..., n_areas, n_years or 1)
        Under each of the three.
    """

    log_shares: Array
    log_weights: Array
    completeness: tuple[Mapping[str, Array], ...]


@dataclass(frozen=True)
class RegimeCompleteness(AbstractCompleteness):
    """Areas record in full, in part or not at all; a survey says which, and is silent on some.

    The three regimes are ordered by construction, each with its own completeness and a spread of areas within it. The
    regime of an area that did not answer is summed over: its registrations, with the answers of the others, say which
    it is. Sources that the survey does not speak of have one completeness each.
    """

    kind: ClassVar[str] = "regime"
    has_regimes: ClassVar[bool] = True
    equation: ClassVar[str] = (
        "regime g_r as answered, else Pr(g_r = g) proportional to pi_g exp(nu rank_g); "
        "logit c_jr = m_jg + sigma_jg u_jr, m_full > m_partial > m_none"
    )

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Shares of the regimes, those who did not answer, and the completeness of each regime."""
        surveyed = [source for source in inputs.completeness_sources if source.surveyed]
        if not surveyed:
            raise ConfigError(
                Problem(
                    "E-MODEL",
                    "model",
                    "completeness is 'regime' and there is no survey of regimes that speaks of a source",
                    "Add an [[evidence]] entry of kind 'regime_survey' beside the registrations, or choose another.",
                    key="model.completeness",
                )
            )
        found = _share_priors()
        for source in inputs.completeness_sources:
            found += _regime_priors(source, inputs) if source.surveyed else own_priors(source)
        return found

    def completeness(
        self, p: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> Mapping[str, Array]:
        """Mean of c_jr over what the survey leaves open, shape (..., n_areas or 1, n_years or 1)."""
        regimes = self.regimes(p, inputs, xp)
        weights = xp.exp(regimes.log_weights - xp.logsumexp(regimes.log_weights, -1)[..., None])
        found: dict[str, Array] = {}
        for source in inputs.completeness_sources:
            if source.surveyed:
                found[source.name] = sum(
                    weights[..., g, None] * c[source.name] for g, c in enumerate(regimes.completeness))
            else:
                found[source.name] = the_same_everywhere(source, p, inputs, xp)
        return found

    def moved(
        self, p: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> tuple[Mapping[str, Array], Array]:
        """Places of areas whose counts tell their completeness better than their regime does.

        There the sampler moves the logit of completeness itself. In an area that answered the place in its regime
        follows; otherwise the places would be bound to the spread of the regime. In one that did not, the regime is
        summed out of the prior of the logit, and `settled` draws it: a count can be that of a good area of one regime or
        of a bad one of another, and the place would have a mode for each.
        """
        surveyed = [source for source in inputs.completeness_sources if source.surveyed]
        if ANSWERS not in inputs.arrays:
            return {}, 0.0
        found: dict[str, Array] = {}
        change: Array = 0.0
        silent = inputs.arrays[TOLD_SILENT]
        for source in surveyed:
            coordinate = p[_place(source)]
            found[_place(source)], more = _place_in_regime(source, coordinate, p, inputs, xp)
            found[_logit(source)] = LOGIT_SCALE * coordinate
            change = change + more + 0.5 * (silent * coordinate**2).sum(-1)
        joint = _silent_weights(p, xp)[..., None, :] + _log_density_of_logits({**p, **found}, inputs, xp)
        return found, change + (silent * xp.logsumexp(joint, -1)).sum(-1)

    def settled(
        self, p: Mapping[str, Array], inputs: "ModelInputs", rng: np.random.Generator
    ) -> Mapping[str, Array]:
        """Places of silent areas in a regime drawn given their completeness."""
        surveyed = [source for source in inputs.completeness_sources if source.surveyed]
        if not any(_logit(source) in p for source in surveyed):
            return p
        drawn = draw_regimes(log_weights(p, inputs, NUMPY), rng)
        silent = inputs.arrays[TOLD_SILENT] > 0
        found = {name: value for name, value in p.items() if name not in {_logit(source) for source in surveyed}}
        for source in surveyed:
            level = np.take_along_axis(np.stack(_levels(source, p, NUMPY), axis=-1), drawn, axis=-1)
            spread = np.take_along_axis(p[f"completeness_regime_sd_{source.name}"], drawn, axis=-1)
            found[_place(source)] = np.where(silent, (p[_logit(source)] - level) / spread, p[_place(source)])
        return found

    def regimes(self, p: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace = NUMPY) -> Regimes:
        """Regimes of the areas before any registration is looked at, and completeness under each."""
        surveyed = [source for source in inputs.completeness_sources if source.surveyed]
        by_source = {source.name: _by_regime(source, p, inputs, xp) for source in surveyed}
        return Regimes(
            log_shares(p, xp),
            log_weights(p, inputs, xp),
            tuple({name: c[g] for name, c in by_source.items()} for g in range(len(REGIMES))),
        )

    def seen(self, p: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace = NUMPY) -> Mapping[str, Any]:
        """``completeness``, its mean over what is open, and ``regimes``, over which the likelihood sums."""
        return {"completeness": self.completeness(p, inputs, xp), "regimes": self.regimes(p, inputs, xp)}

    def realised(
        self, seen: Mapping[str, Any], inputs: "ModelInputs", rng: np.random.Generator
    ) -> Mapping[str, Any]:
        """Regimes drawn, as a survey that was always answered would find them; completeness follows them."""
        regimes: Regimes = seen["regimes"]
        answers = inputs.arrays.get(ANSWERS, np.zeros((inputs.n_areas, len(REGIMES))))
        answered = answers.sum(-1, keepdims=True) > 0
        return with_regimes(seen, np.where(answered, regimes.log_shares, regimes.log_weights), rng)


def log_shares(p: Mapping[str, Array], xp: Namespace) -> Array:
    """Log shares pi of full, partial and none among areas that answer, shape (..., 3)."""
    odds = p[LOG_ODDS]
    scores = xp.concatenate([xp.zeros_like(odds[..., :1]), odds], axis=-1)
    return scores - xp.logsumexp(scores, -1)[..., None]


def log_weights(p: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace) -> Array:
    """Log probability of each regime and of the answer that was given, shape (..., n_areas, 3).

    An area that answered is in regime g with probability pi_g, and its answer is its regime. One that did not is in
    regime g with a probability proportional to pi_g exp(tilt x rank), rank 0 for full, 1 for partial, 2 for none.
    Without the survey, or with its likelihood to the power 0, nothing is known of any area. Where the logit of
    completeness of a silent area is known, it is the probability of its regime given that.
    """
    shares = log_shares(p, xp)
    if ANSWERS not in inputs.arrays:
        return shares[..., None, :] + np.zeros((inputs.n_areas, 1))
    silent_weights = _silent_weights(p, xp)[..., None, :]
    if any(_logit(source) in p for source in inputs.completeness_sources):
        joint = silent_weights + _log_density_of_logits(p, inputs, xp)
        told = inputs.arrays[TOLD_SILENT][:, None]
        silent_weights = told * (joint - xp.logsumexp(joint, -1)[..., None]) + (1.0 - told) * silent_weights
    answers, power = inputs.arrays[ANSWERS], inputs.arrays.get(power_name(SURVEY), 1.0)
    answered = answers.sum(-1)[:, None]
    given = shares[..., None, :] + power * (1.0 - answers) * IMPOSSIBLE
    return answered * given + (1.0 - answered) * silent_weights


def _silent_weights(p: Mapping[str, Array], xp: Namespace) -> Array:
    """Log probability of each regime of an area that did not answer, shape (..., 3)."""
    tilted = log_shares(p, xp) + p[TILT][..., None] * np.arange(len(REGIMES))
    return tilted - xp.logsumexp(tilted, -1)[..., None]


def draw_regimes(log_weight: Array, rng: np.random.Generator) -> Array:
    """A regime for every area, shape of `log_weight` without its last axis; by the Gumbel trick."""
    return np.argmax(log_weight + rng.gumbel(size=np.shape(log_weight)), axis=-1)


def at_regime(regimes: Regimes, drawn: Array) -> dict[str, Array]:
    """Completeness of the surveyed sources where the regime of every area is known."""
    found = {}
    for name in regimes.completeness[0]:
        under = np.stack([c[name] for c in regimes.completeness], axis=-1)
        found[name] = np.take_along_axis(under, drawn[..., None, None], axis=-1)[..., 0]
    return found


def with_regimes(seen: Mapping[str, Any], log_weight: Array, rng: np.random.Generator) -> Mapping[str, Any]:
    """What is seen where the regime of every area has been drawn, by unnormalised log probabilities (..., n_areas, 3)."""
    regimes: Regimes = seen["regimes"]
    drawn = draw_regimes(log_weight, rng)
    rest = {name: value for name, value in seen.items() if name != "regimes"}
    return {**rest, "completeness": {**seen["completeness"], **at_regime(regimes, drawn)}, "regime_of_area": drawn,
            "regime_log_shares": regimes.log_shares}


def centred_name(source: str) -> str:
    """Name of the array that says in which areas the sampler moves the logit of completeness itself."""
    return f"{source}_centred"


def silent_and_told(counts: Array, answers: Array) -> Array:
    """1 for areas that did not answer and registered enough people to tell how complete they are, shape (n_areas,)."""
    return ((counts > FEWEST_PEOPLE) & (answers.sum(-1) == 0)).astype(float)


def told_by_counts(counts: Array, answers: Array) -> Array:
    """1 where registered people tell the completeness of an area better than its regime does, else 0.

    n people registered at completeness c, where incidence is known to `INCIDENCE_SD` on the log scale, tell its logit
    with a precision of about (1 - c)^2 / (1 / n + INCIDENCE_SD^2); the regime with 1 / `REGIME_SD`^2.

    Parameters
    ----------
    counts : array, shape (n_areas,)
        People registered, all years together.
    answers : array, shape (n_areas, 3)
        One in the answered regime; a row of zeros where there was no answer.
    """
    missed = 1.0 / (1.0 + np.exp(answers @ TYPICAL_LOGITS))
    precision = missed**2 / (1.0 / np.maximum(counts, 0.5) + INCIDENCE_SD**2)
    return ((precision > 1.0 / REGIME_SD**2) & (answers.sum(-1) > 0)).astype(float)


def _place_in_regime(
    source: CompletenessSource, coordinate: Array, p: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace
) -> tuple[Array, Array]:
    """Places from coordinates, shape (..., n_areas), and the change of log density, shape (...)."""
    answers, centred = inputs.arrays[ANSWERS], inputs.arrays[centred_name(source.name)]
    level = xp.stack(_levels(source, p, xp), axis=-1) @ answers.T
    spread = p[f"completeness_regime_sd_{source.name}"] @ answers.T + (1.0 - centred)
    place = (answers @ TYPICAL_LOGITS + REGIME_SD * coordinate - level) / spread
    place = centred * place + (1.0 - centred) * coordinate
    return place, (centred * (0.5 * (coordinate**2 - place**2) - xp.log(spread))).sum(-1)


def _place(source: CompletenessSource) -> str:
    return f"completeness_area_{source.name}"


def _logit(source: CompletenessSource) -> str:
    """Name of the logit of completeness of the areas, known only while the sampler runs."""
    return f"completeness_logit_{source.name}"


def _log_density_of_logits(p: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace) -> Array:
    """Log density of the logits of all surveyed sources under each regime, shape (..., n_areas, 3)."""
    found: Array = 0.0
    for source in inputs.completeness_sources:
        if _logit(source) in p:
            level = xp.stack(_levels(source, p, xp), axis=-1)[..., None, :]
            spread = p[f"completeness_regime_sd_{source.name}"][..., None, :]
            place = (p[_logit(source)][..., None] - level) / spread
            found = found - 0.5 * place**2 - xp.log(spread)
    return found


def _levels(source: CompletenessSource, p: Mapping[str, Array], xp: Namespace) -> list[Array]:
    """Logit completeness of a typical area under full, partial and none, each (...)."""
    full = logit(p[f"completeness_full_{source.name}"], xp)
    partial = full - p[f"completeness_gap_partial_{source.name}"]
    return [full, partial, partial - p[f"completeness_gap_none_{source.name}"]]


def _by_regime(
    source: CompletenessSource, p: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace
) -> list[Array]:
    """Completeness of every area under full, partial and none, each (..., n_areas, n_years or 1)."""
    place, spread = p[_place(source)], p[f"completeness_regime_sd_{source.name}"]
    under = [level[..., None] + spread[..., g, None] * place for g, level in enumerate(_levels(source, p, xp))]
    if _logit(source) in p:
        told = inputs.arrays[TOLD_SILENT]
        under = [told * p[_logit(source)] + (1.0 - told) * x for x in under]
    return [over_years(x, source, p, inputs, xp) for x in under]


def _share_priors() -> list[Prior]:
    return [
        Prior(
            LOG_ODDS,
            "lambda_g",
            "log odds of recording in part, or not at all, against in full, among areas that answer",
            "normal",
            0.0,
            1.5,
            "log odds",
            None,
            "Nearly flat; the answers inform it.",
            shape=(2,),
            dims=("regime",),
            labels=REGIMES[1:],
            group="completeness",
        ),
        Prior(
            TILT,
            "nu",
            "log odds by which areas that did not answer stand one regime lower than those that did",
            "normal",
            0.0,
            0.5,
            "log odds",
            None,
            "Who does not record may be less likely to answer; 0.5 is odds of 0.6 to 1.6, either way.",
            group="completeness",
        ),
    ]


def _regime_priors(source: CompletenessSource, inputs: "ModelInputs") -> list[Prior]:
    name, about = source.name, f"of source {source.name}"
    return [
        Prior(
            f"completeness_full_{name}", "c_full", f"completeness {about} where recording is said to be full",
            "logit_normal", FULL_CENTER, 0.6, "probability", None,
            "An audit that found 85 % of known cases in a national register is below it; all is not expected.",
            group="completeness"),
        Prior(
            f"completeness_gap_partial_{name}", "d_partial",
            f"log odds {about} by which partial recording lies below full", "log_normal",
            float(np.log(PARTIAL_GAP)), 0.40, "logit", None,
            "About half of the cases, 20 to 70 %; positive, so that regimes keep their order.",
            group="completeness"),
        Prior(
            f"completeness_gap_none_{name}", "d_none",
            f"log odds {about} by which no recording lies below partial", "log_normal", float(np.log(NONE_GAP)), 0.40,
            "logit", None, "Under a tenth of the cases, found by other routes; positive, for the same reason.",
            group="completeness"),
        Prior(
            f"completeness_regime_sd_{name}", "sigma_jg", f"sd of the logit completeness {about} within a regime",
            "half_normal", 0.0, REGIME_SD, "logit", None,
            "An answer is a word: areas that give the same one differ.", shape=(len(REGIMES),), dims=("regime",),
            labels=REGIMES, group="completeness"),
        Prior(
            f"completeness_area_{name}", "u_jr",
            f"logit completeness {about} in an area against a typical one of its regime", "normal", 0.0, 1.0,
            "sigma_jg", "definition", "Exchangeable over areas.", shape=(inputs.n_areas,), dims=("area",),
            group="completeness"),
        *step_priors(source),
    ]
