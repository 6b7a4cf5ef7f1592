"""Evidence on sources and flagged counts, from a configuration on disk: sound ones are taken, bad ones told by file."""

import re

import pytest
from spoilt_designs import study

from sbc_prevalence.errors import InputError

OWN = ("living_counts", "reporting_triangle", "death_certificate_cases")


@pytest.mark.parametrize("design", OWN)
def test_the_designs_of_the_recovery_study_are_sound(folder, design):
    found = study(folder, design)
    assert found.warnings == ()
    assert design in {piece.kind for piece in found.bundle.pieces}


def test_swapped_sensitivity_and_specificity_are_pointed_at(folder):
    def swap(text: str) -> str:
        cases, others = "found = 175, of = 184", "found = 837, of = 844"
        return text.replace(cases, "@").replace(others, cases).replace("@", others)

    warned = study(folder, "living_counts", swap).warnings
    assert [(w.code, w.where) for w in warned] == [("W-ACCURACY-SWAPPED", "living_counts.toml")]


def test_a_specificity_that_contradicts_the_count_is_pointed_at_and_the_study_stands(folder):
    found = study(folder, "living_counts", lambda text: text.replace("{ found = 837, of = 844,", "{ value = 0.88,"))
    warned = {w.code: w for w in found.warnings}
    assert "W-IMPLIED-NEGATIVE" in warned
    assert "conflict" in warned["W-IMPLIED-NEGATIVE"].remedy
    assert "thing" in found.summary()


@pytest.mark.parametrize("word", ["sensitivity", "specificity"])
def test_accuracy_of_another_window_is_refused(folder, word):
    with pytest.raises(InputError, match="E-CONFIG-WINDOW") as caught:
        study(folder, "living_counts", lambda text: re.sub(
            rf'({word} = .*window = )"coded_in_year"', r'\1"alive_on_date"', text))
    assert word in str(caught.value)


def test_a_triangle_with_a_missing_diagonal_is_refused_with_its_name(folder):
    with pytest.raises(InputError, match="E-TRIANGLE-DIAGONAL") as caught:
        study(folder, "reporting_triangle", lambda text: re.sub(r".*,all,2015,.*\n", "", text), "delay_triangle.csv")
    assert "report 2015: diagnosis years 2010-2015" in str(caught.value)


def test_a_triangle_of_another_source_belongs_to_nothing(folder):
    with pytest.raises(InputError, match="E-BELONGS-TO-NOTHING"):
        study(folder, "reporting_triangle", lambda text: text.replace(
            'form = "cumulative"\nsource = "a register"', 'form = "cumulative"\nsource = "another"'))


def test_a_triangle_and_cases_found_at_death_of_one_register_are_refused(folder):
    triangle = (folder / "reporting_triangle.toml").read_text("utf-8").split("[[evidence]]")[-1]
    with pytest.raises(InputError, match="E-DELAY-TWICE"):
        study(folder, "death_certificate_cases", lambda text: f"{text}\n[[evidence]]{triangle}")


def test_mention_on_the_certificate_must_be_said(folder):
    with pytest.raises(InputError) as caught:
        study(folder, "death_certificate_cases", lambda text: re.sub(r"mention = .*\n", "", text))
    assert "mention" in str(caught.value)
