"""One person in several sources: the declared rule decides, overlaps stay, disagreements are counted."""

import pandas as pd
import pytest

from record_worlds import AREAS, cases_of, frame_of, row
from sbc_prevalence.errors import DataError
from sbc_prevalence.records import link_sources

NAMES = ("register", "trust")


@pytest.fixture(scope="module")
def cases():
    return cases_of(
        frame_of(
            row(
                metastatic_date="2018-06-01", metastatic_date_precision="month", area_code=AREAS[0], route=""
            ),
            row(
                source="trust",
                metastatic_date="2018-07-20",
                metastatic_date_precision="day",
                area_code=AREAS[1],
                route="gp",
                death_date="2020-02-02",
                vital_status="dead",
            ),
            row(person_id="p2", metastatic_date="2019-05-05", metastatic_date_precision="day"),
            row(
                person_id="p3", source="trust", metastatic_date="2019-05-05", metastatic_date_precision="day"
            ),
        )
    )


@pytest.mark.parametrize(
    ("rule", "sources", "day", "area"),
    [
        ("earliest", NAMES, "2018-06-15", AREAS[0]),
        ("highest_rank", NAMES, "2018-06-15", AREAS[0]),
        ("highest_rank", NAMES[::-1], "2018-07-20", AREAS[1]),
        ("most_precise", NAMES, "2018-07-20", AREAS[1]),
    ],
)
def test_the_declared_rule_decides_and_missing_facts_come_from_the_next_source(
    cases, rule, sources, day, area
):
    linked = link_sources(cases, rule=rule, sources=sources)
    people = linked.table.execute().set_index("person_id")
    assert linked.rows == len(people) == 3
    found = people.loc["p1"]
    assert (found["metastatic_date"].date().isoformat(), found["area_code"]) == (day, area)
    assert (found["route"], bool(found["died"]), found["exit_date"]) == (
        "gp",
        True,
        pd.Timestamp("2020-02-02"),
    )
    on = [sources.index("register"), sources.index("trust")]
    assert [bool(people.loc["p2", f"on_{i}"]) for i in on] == [True, False]
    assert [bool(people.loc["p3", f"on_{i}"]) for i in on] == [False, True]


def test_disagreements_are_counted_and_hold_no_person(cases):
    table = link_sources(cases, rule="earliest", sources=NAMES).disagreements.set_index("fact")
    assert table["in_several"].to_dict() == {
        "metastatic_date": 1,
        "presentation": 1,
        "area_code": 1,
        "sex": 1,
        "death_date": 0,
    }
    assert table["disagree"].to_dict() == {
        "metastatic_date": 1,
        "presentation": 0,
        "area_code": 1,
        "sex": 0,
        "death_date": 0,
    }


@pytest.mark.parametrize("wrong", [{"rule": "latest"}, {"sources": ["register"]}, {"sources": ["a", "a"]}])
def test_a_rule_or_sources_that_mean_nothing_are_refused(cases, wrong):
    with pytest.raises(DataError):
        link_sources(cases, **{"rule": "earliest", "sources": NAMES, **wrong})
