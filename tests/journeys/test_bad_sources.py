"""Bad evidence of partial completeness, from files: each fault is named with where and its remedy."""

import re

import pytest
from spoilt_designs import study

from sbc_prevalence.errors import SbcPrevalenceError

PRIOR = "median = 0.6, lower95 = 0.4, upper95 = 0.8"
KNOWN = "value = 0.6"

REFUSED = [
    ("completeness above 1", "registrations-prior", None, (PRIOR, "median = 1.2, lower95 = 1.1, upper95 = 1.3"),
     "must be less than 1"),
    ("completeness in percent", "registrations-prior", None, (PRIOR, "median = 60, lower95 = 40, upper95 = 80"),
     "percent"),
    ("known completeness in percent", "registrations-known", None, (KNOWN, "value = 60"), "percent"),
    ("known completeness of nought", "registrations-known", None, (KNOWN, "value = 0"), "0"),
    ("more found than known", "completeness-hierarchical", "six_audits.csv", ("40,29", "29,40"), "E-FOUND"),
    ("an answer that is none", "regime_few", "few_trusts_survey.csv", (r"T001,none", "T001,sometimes"), "E-CHOICE"),
    ("cells beyond their margin", "three_lists", "lists_three.csv", (r"N01,2014,111,\d+", "N01,2014,1xx,3"),
     "E-LISTS-SUM"),
    ("a missing cell", "three_lists", "lists_three.csv", (r"N01,2014,011,\d+\n", ""), "E-LISTS-CELLS"),
    ("an age band across two bands of the model", "ages", "ages_registrations.csv", ("50-64", "45-64"), "E-AGE"),
]


@pytest.mark.parametrize(("design", "file", "change", "told"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_it_is_refused_with_where_and_what_to_do(folder, design, file, change, told):
    with pytest.raises(SbcPrevalenceError) as caught:
        study(folder, design, lambda text: re.sub(*change, text, count=0 if "45" in change[1] else 1), file)
    text = str(caught.value)
    assert told in text
    assert (file or f"{design}.toml") in text
    assert caught.value.exit_code == 2


def test_a_completeness_of_exactly_one_stands_with_what_it_means(folder):
    warned = study(folder, "registrations-known", lambda text: text.replace(KNOWN, "value = 1")).warnings
    assert [w.code for w in warned] == ["W-COMPLETENESS-KNOWN"]


def test_the_value_that_a_person_mistyped_is_not_repeated(folder):
    with pytest.raises(SbcPrevalenceError) as caught:
        study(folder, "regime_few", lambda text: text.replace("T001,none", "T001,sometimes"), "few_trusts_survey.csv")
    assert "sometimes" not in str(caught.value)
