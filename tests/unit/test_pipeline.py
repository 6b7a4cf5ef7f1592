"""The order of the steps: a repetition that is refused is named, and costs neither the headline nor the others."""

import re
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence import pipeline
from sbc_prevalence.config import load_config
from sbc_prevalence.errors import FitRefused
from sbc_prevalence.model import model_from_specification
from sbc_prevalence.prevalence import content
from sbc_prevalence.prevalence.scenarios import SPREAD, Scenario

MODEL = model_from_specification({"incidence": "natural_history", "survival": "weibull", "window_days": 120})


@dataclass(frozen=True)
class Program:
    """A compiled model that is never run: it serves models of one survival, as the real one does."""

    model: object

    def fits(self, model, inputs):
        del inputs
        return model.survival == self.model.survival


@dataclass(frozen=True)
class Fit:
    parameters: dict
    prior_only: tuple = ("area_sd", "area_effect")
    model: object = field(default=None)


def test_another_spread_between_areas_needs_no_fit_where_no_evidence_reaches_it():
    fitted = Fit({"area_sd": np.array([0.1, 0.2]), "area_effect": np.ones(3)})
    other = pipeline.spread_only(fitted, Scenario(SPREAD, "doubled", MODEL, area_factor=2.0))
    np.testing.assert_allclose(other.parameters["area_sd"], [0.2, 0.4])
    assert other.model is MODEL
    np.testing.assert_allclose(fitted.parameters["area_sd"], [0.1, 0.2])


def test_it_needs_one_where_evidence_sits_at_areas_or_something_else_is_varied():
    fitted = Fit({"area_sd": np.array([0.1])}, prior_only=())
    assert pipeline.spread_only(fitted, Scenario(SPREAD, "doubled", MODEL, area_factor=2.0)) is None
    assert pipeline.spread_only(Fit({"area_sd": np.array([0.1])}), Scenario("x", "y", MODEL)) is None


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list:
    """Models that were compiled, in order; the tables of a repetition hold its group and its name."""
    made: list = []

    def compile_model(model, inputs):
        made.append(model)
        return Program(model)

    monkeypatch.setattr("sbc_prevalence.posterior.compile_model", compile_model)
    monkeypatch.setattr(sys.modules["sbc_prevalence.prevalence.estimate"], "estimate", lambda fitted, **kwargs: fitted)
    monkeypatch.setattr(content, "sensitivity_rows", lambda est, scenario, ci_prob, rounding_unit: pd.DataFrame(
        {"group": [scenario.group], "scenario": [scenario.label]}))
    return made


def repeated(said: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """What the repetitions of Scotland leave."""
    run = pipeline.Pipeline(load_config("scotland"))
    study = SimpleNamespace(model=MODEL, inputs=SimpleNamespace(n_areas=14), index_date=None)
    return run._repeat(study, Fit({"area_sd": np.array([0.1])}), "own", Program(MODEL), said.append, False)


def test_a_refused_repetition_is_named_and_the_others_are_kept(monkeypatch: pytest.MonkeyPatch, compiled: list):
    def refit(self, study, scenario, compiled, progress):
        if scenario.model.survival.family == "log_logistic":
            raise FitRefused("two divergences")
        return Fit({"area_sd": np.array([0.1])})

    monkeypatch.setattr(pipeline.Pipeline, "_refit", refit)
    said: list[str] = []
    rows, refused = repeated(said)
    assert refused == ["survival family: log-logistic"]
    assert "log-logistic" not in set(rows["scenario"])
    assert {"piecewise exponential", "fixed at 1.88", "width doubled"} <= set(rows["scenario"])
    assert any("two divergences" in text for text in said)
    lines = [text for text in said if text.startswith("Repetition ")]
    groups = {"survival family", "recurrent : de novo hazard ratio", "area spread", "judgement priors"}
    total = len(rows) + len(refused) - len(groups)  # the headline stands once in each group, and is not fitted again
    assert [text.split(",")[0] for text in lines] == [f"Repetition {i} of {total}" for i in range(1, total + 1)]
    fitted = [text for text in lines if re.search(r"log-logistic: refused after \d+ s|: \d+ s$", text)]
    assert len(fitted) == total
    begun = said[0]
    assert f"under {total} other choices (2 of survival family, 3 of " in begun
    assert "is not fitted again" in begun


def test_every_repetition_has_a_program_of_its_own_form_and_none_is_compiled_twice(
        monkeypatch: pytest.MonkeyPatch, compiled: list):
    used = []

    def refit(self, study, scenario, ready, progress):
        used.append((ready, scenario.model))
        return Fit({"area_sd": np.array([0.1])})

    monkeypatch.setattr(pipeline.Pipeline, "_refit", refit)
    repeated([])
    assert all(ready.fits(model, None) for ready, model in used)
    forms = [(m.survival.family, m.survival.ratio_from_published) for m in compiled]
    assert forms == [("piecewise_exponential", True), ("log_logistic", True), ("weibull", False)]


def test_shares_that_the_draws_do_not_carry_are_named_where_nothing_was_fitted_again():
    table = pd.DataFrame({"k_hat": [0.2, 0.8, 0.8], "title": ["deaths", "published survival", "published survival"]})
    assert pipeline.unreliable_words(table.iloc[:1]) == ""
    assert pipeline.unreliable_words(table).count("published survival") == 1


class Asked:
    """Estimates that note what they are asked, and give made-up tables."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def influences(self, refit):
        self.asked.append("influences")
        return pd.DataFrame({"k_hat": [0.8], "method": ["other fits"]})

    def conflicts(self, refit, *, ci_prob):
        self.asked.append("conflicts")
        return pd.DataFrame({"p_adjusted": [0.9], "in_conflict": [False], "title": ["deaths"]})


def checked(k_hat: float, *, counts: int, conflict: bool = True) -> tuple[list[str], dict, dict]:
    """What the checks of the evidence ask for, and the tables and words that they leave."""
    config = load_config("scotland")
    run = pipeline.Pipeline(config.model_copy(update={"checks": config.checks.model_copy(update={"conflict": conflict})}))
    pieces = tuple(SimpleNamespace(name=f"count{i}", words="counts") for i in range(counts))
    est, tables, words = Asked(), {"influence": pd.DataFrame({"k_hat": [k_hat]})}, {}
    study = SimpleNamespace(inputs=SimpleNamespace(observations=pieces))
    run._check_evidence(study, est, "compiled", lambda text: None, False, tables, words)
    return est.asked, tables, words


def test_sources_are_left_out_in_turn_where_at_least_two_count_people():
    asked, tables, words = checked(0.2, counts=2)
    assert asked == ["conflicts"]
    assert "No source is contradicted" in words["conflict_between_sources"]
    assert "conflict" in tables
    assert checked(0.2, counts=1)[0] == []
    assert checked(0.2, counts=2, conflict=False)[0] == []


def test_influences_are_fitted_again_where_weights_are_unreliable():
    asked, tables, _ = checked(0.71, counts=1)
    assert asked == ["influences"]
    assert list(tables["influence"]["method"]) == ["other fits"]
