"""Survival records and families, from a configuration on disk: sound ones are taken, bad ones told by file."""

from collections.abc import Callable

import numpy as np
import pytest
from spoilt_designs import study

from sbc_prevalence.errors import InputError, SbcPrevalenceError
from sbc_prevalence.model.survival import FAMILIES

OWN = ("patient_survival", "life_table_cells", "unregistered", "registered-as-all", "registered-as-all-truth",
       *(f"survival-{family}" for family in FAMILIES if family != "weibull"))


def line(text: str, number: int, change: Callable[[str], str]) -> str:
    """A table with one file row changed."""
    rows = text.splitlines()
    rows[number - 1] = change(rows[number - 1])
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("design", OWN)
def test_the_designs_of_the_recovery_study_are_sound(folder, design):
    found = study(folder, design)
    assert {w.code for w in found.warnings} <= {"W-DEATHS-TWICE"}
    if design.startswith("survival-"):
        assert found.model.survival.family == design.removeprefix("survival-")


def test_the_same_deaths_are_told_with_what_to_do(folder):
    summary = study(folder, "patient_survival").summary()
    assert "1 thing to look at" in summary
    assert "They share their chance variation" in " ".join(summary.split())
    assert study(folder, "life_table_cells").warnings == ()


def test_entry_after_exit_is_told_by_its_row_and_no_time_is_shown(folder):
    def spoil(text: str) -> str:
        return line(text, 6, lambda row: row.replace(row.split(",")[2], "8.7654321"))

    with pytest.raises(InputError, match=r"E-ENTRY-AFTER-EXIT.*survival_patients\.csv.*file row 6\)") as caught:
        study(folder, "patient_survival", spoil, "survival_patients.csv")
    assert "7654" not in str(caught.value)


def test_a_negative_time_is_an_exit_before_the_diagnosis(folder):
    def spoil(text: str) -> str:
        return line(text, 3, lambda row: ",".join([*row.split(",")[:3], "-0.25", "1"]))

    with pytest.raises(InputError, match="E-EXIT-BEFORE-DIAGNOSIS"):
        study(folder, "patient_survival", spoil, "survival_patients.csv")


def test_days_for_years_are_refused(folder):
    def spoil(text: str) -> str:
        return line(text, 3, lambda row: ",".join([*row.split(",")[:2], "30", "900", "1"]))

    with pytest.raises(InputError, match="E-UNIT-YEARS"):
        study(folder, "patient_survival", spoil, "survival_patients.csv")


def test_whose_records_they_are_must_be_said(folder):
    with pytest.raises(InputError, match="population"):
        study(folder, "patient_survival", lambda text: text.replace('population = "described"\n', ""))


def test_a_mixture_cure_without_a_life_table_is_refused(folder):
    without = '\n[[evidence]]\nkind = "other_cause_mortality"\ntable = "carried:other_cause_mortality_scotland"\n'
    with pytest.raises(InputError, match=r"needs mortality from other causes by age"):
        study(folder, "survival-mixture_cure", lambda text: text.replace(without, ""))


def test_the_hazard_of_the_unregistered_is_read_on_the_log(folder):
    found = study(folder, "unregistered").model.survival.unregistered
    np.testing.assert_allclose(found, [np.log(1.3), np.log(1.7) / 3.92])
    fixed = study(folder, "registered-as-all-truth").model
    assert fixed.survival.unregistered == (pytest.approx(np.log(1.8)), 0.0)


@pytest.mark.parametrize(("ratio", "match"), [
    ("{ median = 1.3, lower95 = 1.5, upper95 = 1.7 }", "must rise"),
    ("{ median = 1.3, lower95 = 1.0 }", "Give both bounds"),
    ("{ median = -1.3 }", "median"),
])
def test_a_ratio_that_cannot_be_is_refused(folder, ratio, match):
    stated = '{ median = 1.3, lower95 = 1.0, upper95 = 1.7, source = "made up for the recovery study" }'
    with pytest.raises(InputError, match=match):
        study(folder, "unregistered", lambda text: text.replace(stated, ratio))


def test_repetitions_that_cannot_be_made_are_told_before_the_first_fit(folder):
    asked = "\n[sensitivity]\nunregistered_hazard_ratios = [1.5]\n"
    with pytest.raises(SbcPrevalenceError, match="no registrations of de novo disease"):
        study(folder, "patient_survival", lambda text: text + asked)
    found = study(folder, "unregistered", lambda text: text + asked)
    assert found.config.sensitivity.unregistered_hazard_ratios == (1.5,)
