"""The small study with registrations of metastatic disease, and whatever says how complete they are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sbc_prevalence.evidence import (
    CompletenessAudit,
    CompletenessPrior,
    EvidenceBundle,
    RegimeSurvey,
    Registrations,
    ValidationSample,
)
from sbc_prevalence.model.completeness import COMPLETENESS
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from small_study import AREAS, a_model, bundle, grid_of

YEARS = range(2010, 2019)
UNCERTAIN = CompletenessPrior("logit_normal", median=0.7, lower95=0.4, upper95=0.9)
FULL_PARTIAL_SILENT = {"A": "full", "B": "partial", "C": "no_answer"}


def registrations(
    name: str = "register", *, areas: str = "ABC", presentations: Sequence[str] = ("de_novo", "recurrent"),
    completeness: CompletenessPrior | None = UNCERTAIN, source: str | None = None, **options: Any,
) -> Registrations:
    """Made-up yearly counts of some areas."""
    level = {"A": 12, "B": 24, "C": 36, "T": 72}
    rows = [(area, year, word, level[area] * (1 + (word == "recurrent")) + (5 * year + i + len(name)) % 7)
            for word in presentations for i, area in enumerate(areas) for year in YEARS]
    frame = pd.DataFrame(rows, columns=["area_code", "year", "presentation", "count"])
    return Registrations.from_frame(frame, name=name, window_days=120, completeness=completeness,
                                    source=source or name, as_of="2024-12-31", **options)


def audit(*rows: tuple[Any, ...], by_year: bool = False) -> CompletenessAudit:
    """Rows of (area, presentation, source audited, known, found) and, with `by_year`, the year."""
    columns = ["area_code", "presentation", "source_audited", "n_known", "n_found", *(["year"] if by_year else [])]
    return CompletenessAudit.from_frame(pd.DataFrame(list(rows), columns=columns), source="notes", as_of="2024-12-31")


def sample(area: str, presentation: str, *strata: tuple[str, str, int, int, int], name: str = "register") -> pd.DataFrame:
    """Rows of a validation sample: (stratum, in source, records, examined, true cases)."""
    columns = ["stratum", "in_source", "n_records", "n_examined", "n_true"]
    return pd.DataFrame(list(strata), columns=columns).assign(
        area_code=area, presentation=presentation, source_audited=name)


def validation(*parts: pd.DataFrame) -> ValidationSample:
    """A validation sample of some areas."""
    return ValidationSample.from_frame(pd.concat(parts, ignore_index=True), source="notes", as_of="2024-12-31")


def survey(answers: dict[str, str] | None = None, **options: Any) -> RegimeSurvey:
    """Answers by area."""
    rows = list((answers or FULL_PARTIAL_SILENT).items())
    return RegimeSurvey.from_frame(pd.DataFrame(rows, columns=["area_code", "answer"]), source="a charity",
                                   as_of="2016-12-31", **options)


def inputs_of(*pieces: Any, deaths: bool = True) -> ModelInputs:
    """The small study with further pieces, checked and laid out."""
    base = [piece for piece in bundle().pieces if deaths or piece.kind != "deaths"]
    evidence = EvidenceBundle(*base, *pieces)
    evidence.validate(AREAS)
    return lay_out(evidence, grid_of(evidence))


def model_with(kind: str, incidence: str = "natural_history") -> PrevalenceModel:
    """A model with one of the components of completeness."""
    base = a_model(incidence=incidence)
    return PrevalenceModel(base.incidence, base.survival, completeness=COMPLETENESS[kind]())


def one(model: PrevalenceModel, inputs: ModelInputs, seed: int = 1, **fixed: Any) -> dict[str, np.ndarray]:
    """One draw from the priors, some parameters at given values."""
    drawn = model.parameters(inputs).draw(np.random.default_rng(seed), 1)
    return {name: value[0] for name, value in drawn.items()} | {k: np.asarray(v, float) for k, v in fixed.items()}
