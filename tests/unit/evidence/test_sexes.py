"""Women, men, or both: declared once, the same in every piece, never mixed silently."""

import pandas as pd
import pytest

from sbc_prevalence.config.document import parse_config
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.errors import ConfigError, EvidenceError
from sbc_prevalence.evidence import Deaths, PrimaryAgeProfile, PrimaryRegistrations
from sbc_prevalence.evidence.consistency import problems
from sbc_prevalence.prevalence.wording import excludes_men, scope
from small_study import AREAS, ORIGIN, bundle

YEARS = range(2008, 2019)
BOTH = pd.DataFrame([("T", year, sex, band, 100 + 10 * (sex == "female") + i)
                     for year in YEARS for sex in ("female", "male") for i, band in enumerate(("<65", "65+"))],
                    columns=["area_code", "year", "sex", "age_band", "count"])


def test_all_adds_women_and_men():
    both, women, men = (Deaths.from_frame(BOTH, sex=sex, **ORIGIN).totals() for sex in ("all", "female", "male"))
    pd.testing.assert_series_equal(both["count_lower"], women["count_lower"] + men["count_lower"])


def test_rows_of_all_are_taken_where_they_are_given():
    given = BOTH.groupby(["area_code", "year", "age_band"], as_index=False)["count"].sum().assign(sex="all")
    piece = Deaths.from_frame(pd.concat([BOTH, given]), sex="all", **ORIGIN)
    assert set(piece.frame["sex"]) == {"all"}


def test_a_row_without_its_pair_is_refused_with_its_number():
    broken = BOTH.iloc[:-2]
    with pytest.raises(EvidenceError) as raised:
        Deaths.from_frame(broken, sex="all", **ORIGIN)
    found = raised.value.problems[0]
    assert found.code == "E-SEX-PAIR"
    assert found.rows == (42, 43)


def test_ages_of_women_and_men_are_one_mix():
    profile = pd.DataFrame([("T", sex, band, count) for sex, band, count in (
        ("female", "<60", 300), ("female", "60+", 500), ("male", "<60", 1), ("male", "60+", 9))],
        columns=["area_code", "sex", "age_band", "count"])
    shares = PrimaryAgeProfile.from_frame(profile, sex="all", **ORIGIN).shares()
    assert shares["share"].tolist() == [301 / 810, 509 / 810]


def test_pieces_of_different_sexes_are_refused_together():
    pieces = [p for p in bundle().pieces if not isinstance(p, PrimaryRegistrations)]
    frame = next(p for p in bundle().pieces if isinstance(p, PrimaryRegistrations)).frame
    mixed = PrimaryRegistrations.from_frame(frame, sex="all", **ORIGIN)
    found = {p.code for p in problems([*pieces, mixed], AREAS)}
    assert found == {"E-SEX-MIXED"}


GOOD = """
version = 1
name = "study"
title = "A study"
population_described = "{described}"
seed = 1

[areas]
table = "carried:scotland_boards"
total_code = "S92000003"
total_name = "Scotland"

[model]
window_days = 120
men = "{men}"

[[evidence]]
kind = "deaths"
table = "carried:scotland_deaths"
{sex}
"""


@pytest.mark.parametrize(("men", "described", "sex"), [
    ("excluded", "women", ""), ("excluded", "women", 'sex = "female"'), ("counted", "women and men", 'sex = "all"'),
    ("counted", "people", ""), ("only", "men", 'sex = "male"')])
def test_men_are_counted_or_excluded_as_declared(men, described, sex):
    config = parse_config(GOOD.format(men=men, described=described, sex=sex))
    assert config.model.men == men
    assert parse_config(config.echo()) == config


@pytest.mark.parametrize(("men", "described", "sex", "key"), [
    ("excluded", "women and men", "", "population_described"), ("counted", "women", "", "population_described"),
    ("only", "women", "", "population_described"), ("excluded", "women", 'sex = "all"', "evidence[1].sex"),
    ("counted", "women and men", 'sex = "female"', "evidence[1].sex")])
def test_what_contradicts_the_declaration_is_refused(men, described, sex, key):
    with pytest.raises(ConfigError) as raised:
        parse_config(GOOD.format(men=men, described=described, sex=sex))
    assert [(p.code, p.key) for p in raised.value.problems] == [("E-CONFIG-SEX", key)]


def test_the_sex_of_the_study_reaches_every_table():
    from sbc_prevalence.intake import take_in

    config = parse_config(GOOD.format(men="counted", described="people", sex=""))
    codes = {p.code for p in take_in(config.readable()).problems}
    assert "E-SEX-MISSING" in codes  # the carried deaths are women's


def test_every_output_says_whether_men_are_counted():
    assert scope("women").startswith("Women (men are not counted);")
    assert scope("women and men").startswith("Women and men;")
    assert not excludes_men("people")
    assert load_carried("scotland_deaths").frame["sex"].unique().tolist() == ["female"]
