"""Words mean one thing: every axis, column and parameter of the code is in the glossary or in model.md."""

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from completeness_study import inputs_of, model_with, registrations, sample, survey, validation
from lists_study import lists_inputs
from sbc_prevalence import grid
from sbc_prevalence.evidence import CompletenessStep
from sbc_prevalence.model.areas import AREA_EFFECTS
from sbc_prevalence.model.completeness import completeness_name
from sbc_prevalence.model.observing import GroupedCounts, ListedHistories, SurvivalRecords
from sbc_prevalence.model.survival import FAMILIES
from sbc_prevalence.model.survival.unregistered import ratio_prior
from small_study import BY_AGE, a_model, scotland_inputs, small_inputs, small_inputs_by_age

DOCS = Path(__file__).parents[2] / "docs"
MODEL = DOCS / "explanation" / "model.md"
OF_A_SOURCE = {"delay_hazard_<delay>", "wrong_entries_<delay>", "found_out_hazard_<delay>", "reporting_extra_sd",
               "registration_hazard_<flow>", "mention_<flow>", "trace_back_<flow>", "certificate_extra_sd"}
CASES = [(family, "natural_history") for family in FAMILIES] + [("weibull", "smooth")]


@cache
def code_words() -> frozenset[str]:
    """Everything that stands in backticks in the two pages."""
    text = MODEL.read_text("utf-8") + (DOCS / "glossary.md").read_text("utf-8")
    return frozenset(re.findall(r"`([^`\n]+)`", text))


@cache
def parameter_rows() -> dict[str, str]:
    """Symbol of every parameter in the table of section 10, by code name; several of one row share it."""
    section = MODEL.read_text("utf-8").split("## 10. ")[1].split("## 11. ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", section, flags=re.MULTILINE)
    found = {}
    for symbols, names in rows:
        listed, given = re.findall(r"`([^`]+)`", names), [s.strip() for s in symbols.split(", ")]
        if listed:
            found |= dict(zip(listed, given if len(given) == len(listed) else given * len(listed), strict=True))
    return found


def vocabulary() -> list[str]:
    """Every constant of grid.py that is a name or a tuple of names."""
    values = [v for k, v in vars(grid).items() if k.isupper() and not k.startswith("_")]
    return sorted({word for v in values for word in ((v,) if isinstance(v, str) else v) if isinstance(word, str)})


def test_the_vocabulary_is_found():
    assert {"area", "duration", "count_status", "10+", "de_novo", "suppressed"} <= set(vocabulary())


@pytest.mark.parametrize("word", vocabulary())
def test_every_axis_and_column_of_the_grid_is_explained(word):
    assert word in code_words()


@pytest.mark.parametrize(("family", "incidence"), CASES)
def test_every_parameter_of_the_scottish_model_is_explained_under_its_symbol(family, incidence):
    inputs = scotland_inputs()
    priors = a_model(family, incidence=incidence).parameters(inputs).priors
    said = parameter_rows()
    assert [p.name for p in priors if p.name not in said] == []
    assert {p.name: p.symbol for p in priors if said[p.name] != p.symbol} == {}


def test_parameters_of_age_bands_are_explained_under_their_symbols():
    said = parameter_rows()
    priors = a_model(ages=BY_AGE).parameters(small_inputs_by_age()).priors
    assert {p.name: said[p.name] for p in priors if p.group == "ages"} == {
        p.name: p.symbol for p in priors if p.group == "ages"}


def test_parameters_that_evidence_brings_are_explained():
    inputs = small_inputs(area_evidence=True)
    names = {p.name for p in a_model().parameters(inputs).priors}
    for source in inputs.completeness_sources:
        names = (names - {completeness_name(source)}) | {"completeness_<source>"}
    for count in (piece for piece in inputs.observations if piece.counts_living):
        for word in ("sensitivity", "specificity"):
            names = (names - {f"{word}_{count.name}"}) | {f"{word}_<count>"}
    assert names <= set(parameter_rows())


def test_parameters_of_evidence_on_a_source_are_explained_under_their_symbols():
    inputs = small_inputs(area_evidence=True, source_evidence=True)
    said, found = parameter_rows(), {}
    for prior in a_model().parameters(inputs).priors:
        general = re.sub("_certificates_all$", "_<flow>", re.sub("_triangle_all$", "_<delay>", prior.name))
        if general in OF_A_SOURCE:
            found[general] = prior.symbol
    assert found == {name: said[name] for name in OF_A_SOURCE}


@cache
def completeness_parameters() -> dict[str, str]:
    """Symbols of the parameters that completeness has, by a name in which source and sample are left open."""
    step, open_ = (CompletenessStep(2014, "a new form"),), {"completeness": None}
    sampled = validation(sample("A", "all", *((w, s, 9, 5, 4) for w, s in (("a", "yes"), ("b", "no"), ("c", "no")))
                                ).assign(year=2015))
    pieces = {kind: (registrations(steps=step, extra_variation="by_area"), sampled)
              for kind in ("by_source", "hierarchical", "joint")}
    pieces["regime"] = (registrations(**open_), survey())
    found = {}
    for kind, given in pieces.items():
        inputs = inputs_of(*given)
        names = [source.name for source in inputs.completeness_sources]
        for prior in model_with(kind).parameters(inputs).priors:
            if prior.group == "completeness":
                word = prior.name.replace("register_all_sample", "<sample>")
                for name in names:
                    word = word.replace(name, "<source>")
                found[word] = prior.symbol
    return found


def test_every_parameter_of_completeness_is_explained_under_its_symbol():
    said = parameter_rows()
    assert {name: symbol for name, symbol in completeness_parameters().items() if said.get(name) != symbol} == {}


def of_lists_and_codes() -> dict[str, str]:
    """Symbols of the parameters that overlapping lists and grouped codes bring, under general names."""
    priors = [p for kinds in (("2", "grouped"), ("3",))
              for piece in lists_inputs(*kinds).observations if isinstance(piece, ListedHistories | GroupedCounts)
              for p in piece.priors(lists_inputs(*kinds))]
    general = {re.sub("_codes_recurrent$", "_<code>", re.sub("_pilot_._all$", "_<lists>", p.name)): p for p in priors}
    return {name: p.symbol for name, p in general.items()}


def test_parameters_of_lists_and_grouped_codes_are_explained_under_their_symbols():
    said = parameter_rows()
    assert of_lists_and_codes() == {name: said[name] for name in of_lists_and_codes()}


def test_the_table_names_no_parameter_that_does_not_exist():
    known = {"completeness_<source>", "sensitivity_<count>", "specificity_<count>", "base_error_<count>"} | OF_A_SOURCE
    known |= set(of_lists_and_codes())
    known |= record_parameters() | set(completeness_parameters())
    for family, incidence in CASES:
        for inputs in (scotland_inputs(), small_inputs(area_evidence=True)):
            known |= {p.name for p in a_model(family, incidence=incidence).parameters(inputs).priors}
    known |= {p.name for p in a_model(ages=BY_AGE).parameters(small_inputs_by_age()).priors}
    known |= {name for effects in AREA_EFFECTS.values() for name in effects.parameters}
    assert set(parameter_rows()) <= known


def record_parameters() -> set[str]:
    """Parameters that survival records of another population bring."""
    brought = SurvivalRecords("<records>", described=False).priors(small_inputs())
    return {prior.name for prior in (*brought, ratio_prior((0.0, 0.0)))}


def test_every_parameter_of_survival_records_is_explained_under_its_symbol():
    said = parameter_rows()
    for prior in (*SurvivalRecords("<records>", described=False).priors(small_inputs()), ratio_prior((0.0, 0.0))):
        assert said[prior.name] == prior.symbol


def test_every_parameter_of_area_effects_is_explained():
    assert {name for effects in AREA_EFFECTS.values() for name in effects.parameters} <= set(parameter_rows())


def test_files_and_classes_named_in_the_model_page_exist():
    import sbc_prevalence.model as models

    package = DOCS.parent / "src" / "sbc_prevalence"
    text = MODEL.read_text("utf-8")
    for path in re.findall(r"`((?:kernels|model|evidence|data|posterior|prevalence)/[a-z_]+\.py)`", text):
        assert (package / path).exists(), path
    for name in re.findall(r"`([A-Z][A-Za-z]+(?:Survival|Incidence))`", text):
        assert hasattr(models, name), name


def pictures() -> ModuleType:
    """The script that draws the worked picture."""
    spec = importlib.util.spec_from_file_location("make_pictures", DOCS / "explanation" / "make_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_numbers_beside_the_picture_are_those_of_the_kernel():
    drawn = pictures()
    text = " ".join(MODEL.read_text("utf-8").split())
    shares = 100 * drawn.shares()
    at_start, at_end = 100 * drawn.shares("start")[0], 100 * drawn.shares("end")[0]
    first, second, third, fourth = (f"{share:.1f}" for share in shares)
    assert f"{first} are alive at its end, {second} a year later, {third} and {fourth} after that" in text
    assert f"gives {at_start:.1f} at the end of the year; as if on 31 December, {at_end:.0f}." in text
    assert f"= {shares.sum():.1f}." in text


def test_the_picture_shows_as_many_living_as_the_curve_says():
    drawn = pictures()
    starts, ends = drawn.lives()
    alive = [(ends > year).sum() for year in range(1, drawn.SHOWN_YEARS + 1)]
    np.testing.assert_allclose(alive, drawn.N_PEOPLE * drawn.shares()[:3], atol=0.5)
    assert np.allclose(np.diff(starts), 1 / drawn.N_PEOPLE)


def test_the_picture_is_there_with_words_for_those_who_do_not_see_it():
    svg = (DOCS / "explanation" / "time_contract.svg").read_text("utf-8")
    assert "ten people diagnosed evenly over year s" in svg
