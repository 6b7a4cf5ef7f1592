"""How complete each source of registrations is, area by area, and what that rests on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.grid import ALL, AREA_CODE, AREA_NAME
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.completeness.regime import ANSWERS, REGIMES
from sbc_prevalence.model.flow import derived_sources
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.observing import AuditedSource, RegisteredCounts, ValidatedSample
from sbc_prevalence.model.observing.regimes import regime_probabilities
from sbc_prevalence.prevalence.draws import FittedLike, chunks, flattened
from sbc_prevalence.prevalence.intervals import CI_KIND, median_and_interval

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

Floats = NDArray[np.float64]

COMPLETENESS_COLUMNS = (
    "source", "presentation", "from_year", AREA_CODE, AREA_NAME, "median", "lower", "upper", "ci_prob", "ci_kind",
    "registered", "own_audit", "answer", "probability_full", "probability_partial", "probability_none")


def completeness_by_area(fitted: FittedLike, ci_prob: float = 0.95) -> pd.DataFrame:
    """Completeness of every source by area, and by regime of recording where a survey tells it.

    Parameters
    ----------
    fitted : Fitted
    ci_prob : float

    Returns
    -------
    DataFrame
        One row for each source, area (one for all areas together where they do not differ) and span between documented
        steps: ``median``, ``lower`` and ``upper`` [probability], draw by draw with the regime of the area drawn;
        ``registered``: people in the counts that were fitted; ``own_audit``: whether an audit or validation of the area
        itself was used; ``answer`` and the probability of each regime, where there was a survey.
    """
    model, inputs = fitted.model, fitted.inputs
    flat, _, _ = flattened(fitted.parameters)
    parts: dict[str, list[Floats]] = {source.name: [] for source in inputs.completeness_sources}
    regimes: list[Floats] = []
    for _, p in chunks(flat):
        for name, value in model.completeness_of(p, inputs).items():
            parts[name].append(np.asarray(value))
        if model.completeness.has_regimes:
            regimes.append(regime_probabilities(model, p, inputs).sum(0))
    probability = np.sum(regimes, 0) / next(iter(flat.values())).shape[0] if regimes else None
    rows: list[dict[str, Any]] = []
    for source in inputs.completeness_sources:
        draws = np.concatenate(parts[source.name])
        own = (_registered(inputs, source), _own_audits(inputs, source))
        for start in (None, *source.steps):
            at = 0 if start is None or draws.shape[2] == 1 else start - inputs.grid.first_year
            median, lower, upper = median_and_interval(draws[:, :, at], ci_prob)
            for i in range(draws.shape[1]):
                row: dict[str, Any] = {
                    "source": source.name, "from_year": start, "presentation": _presentation(source),
                    "median": median[i], "lower": lower[i], "upper": upper[i], "ci_prob": ci_prob, "ci_kind": CI_KIND,
                    **_of_area(inputs, own, i, apart=draws.shape[1] > 1)}
                if source.surveyed and probability is not None:
                    row |= {"answer": _answer(inputs, i)}
                    row |= {f"probability_{word}": probability[i, g] for g, word in enumerate(REGIMES)}
                rows.append(row)
    return pd.DataFrame(rows, columns=list(COMPLETENESS_COLUMNS))


def _presentation(source: CompletenessSource) -> str:
    return source.presentations[0] if len(source.presentations) == 1 else ALL


def _of_area(inputs: ModelInputs, own: tuple[Floats, Floats], i: int, *, apart: bool) -> dict[str, Any]:
    """Name of an area and what is its own; of all together where they do not differ."""
    areas = inputs.grid.areas
    code = areas.codes[i] if apart else areas.total_code
    registered, audits = (float(part[i] if apart else part.sum()) for part in own)
    return {AREA_CODE: code, AREA_NAME: areas.name_of(code), "registered": registered, "own_audit": audits > 0}


def _answer(inputs: ModelInputs, area: int) -> str:
    given = np.asarray(inputs.arrays[ANSWERS])[area] if ANSWERS in inputs.arrays else np.zeros(len(REGIMES))
    return REGIMES[int(given.argmax())] if given.any() else "no_answer"


def _registered(inputs: ModelInputs, source: CompletenessSource) -> Floats:
    """People registered by area in the counts of a source; rows of several areas are left out."""
    found = np.zeros(inputs.n_areas)
    for piece in inputs.observations:
        if isinstance(piece, RegisteredCounts) and piece.name == source.name:
            inside = np.asarray(inputs.arrays[f"{piece.name}_log_mask"]) == 0.0
            middle = (np.asarray(inputs.arrays[f"{piece.name}_values"]) * inside).sum(-1) / inside.sum(-1)
            found += (np.asarray(inputs.arrays[f"{piece.name}_weight"]) * middle) @ np.asarray(
                inputs.arrays[f"{piece.name}_of_area"])
    return found


def _own_audits(inputs: ModelInputs, source: CompletenessSource) -> Floats:
    """Rows of audits and validations of a source by area."""
    found = np.zeros(inputs.n_areas)
    for piece in inputs.observations:
        if isinstance(piece, (AuditedSource, ValidatedSample)) and source.name in piece.source_names:
            found += np.asarray(inputs.arrays[f"{piece.name}_of_area"]).sum(0)
    return found


def completeness_words(est: "Estimates", ci_prob: float = 0.95) -> str:
    """What the completeness of each source is, and what it rests on; empty without registrations."""
    inputs = est.fitted.inputs
    if not inputs.completeness_sources:
        return ""
    table = completeness_by_area(est.fitted, ci_prob)
    said = [_said(source, table[table["source"] == source.name], inputs) for source in inputs.completeness_sources]
    said.append("Completeness is the probability that a true case is in a source. It is taken as constant in time "
                "between documented changes, because a trend of it could not be told from one of the disease.")
    return " ".join(said)


def _said(source: CompletenessSource, rows: pd.DataFrame, inputs: ModelInputs) -> str:
    named = source.name.replace("_", " ")
    first = rows[rows["from_year"].isna()]
    if source.known is not None:
        return f"{named}: {_percent(source.known)}, taken as known."
    if len(first) == 1:
        one = first.iloc[0]
        text = f"{named}: {_percent(one['median'])} ({_percent(one['lower'])} to {_percent(one['upper'])})"
    else:
        text = (f"{named}: by area from {_percent(first['median'].min())} to {_percent(first['median'].max())}, "
                f"in the middle {_percent(float(first['median'].median()))}")
    text += f"; {_rests_on(source, first, inputs)}"
    if source.steps:
        text += f"; changes in {', '.join(map(str, source.steps))}"
    return f"{text}."


def _rests_on(source: CompletenessSource, rows: pd.DataFrame, inputs: ModelInputs) -> str:
    if source.surveyed:
        counts: Mapping[Any, int] = rows["answer"].value_counts().to_dict()
        given = ", ".join(f"{counts.get(word, 0)} {said}" for word, said in (
            ("full", "in full"), ("partial", "in part"), ("none", "not at all"), ("no_answer", "without an answer")))
        return f"as a survey of how areas record has it ({given})"
    if source.name in derived_sources(inputs):
        return "cases found at death"
    own = int(_own_audits(inputs, source).astype(bool).sum())
    audited = any(isinstance(piece, (AuditedSource, ValidatedSample)) and source.name in piece.source_names
                  for piece in inputs.observations)
    if not audited:
        return "a prior, informed only as far as deaths and other counts tell how many people there are"
    if not own:
        return "an audit or validation of several areas together"
    return f"audits or validations in {own} {'area' if own == 1 else 'areas'}"


def _percent(value: float) -> str:
    return f"{100 * float(value):.0f} %"
