"""The case definition: every rule by hand, every removed row in the attrition table."""

import pandas as pd
import pytest

from record_worlds import (
    DEFINITION,
    PEOPLE_SEED,
    cases_of,
    frame_of,
    identity_mapping,
    random_people,
    records_of,
    row,
)
from sbc_prevalence.errors import DataError
from sbc_prevalence.records import CaseDefinition, apply_mapping, define_cases, open_records
from sbc_prevalence.records.definition import judge


def attrition(frame, definition=DEFINITION):
    cases = cases_of(frame, definition)
    table = cases.attrition
    assert table["remaining"].iloc[-1] == cases.rows == int(cases.table.count().execute())
    return table.set_index("rule")["removed"].loc[lambda c: c > 0].to_dict()


def only(frame, definition=DEFINITION):
    found = cases_of(frame, definition).table.execute()
    assert len(found) == 1
    return found.iloc[0]


COARSE = {"primary_date": "2018-01-01", "primary_date_precision": "month"}
RULED = [
    ({}, None, "recurrent"),
    ({"event": "local"}, "local", None),
    ({"event": "regional"}, "regional", None),
    ({"event": "primary"}, "primary", None),
    ({"event": "ambiguous"}, "ambiguous", None),
    ({"event": "", "site_breast": 1}, "local", None),
    ({"event": "", "site_scar_skin": 1}, "local", None),
    ({"event": "", "site_chest_wall": 1}, "local", None),
    ({"event": "", "site_neck_nodes": 1}, "regional", None),
    ({"event": "", "site_internal_mammary_nodes": 1}, "regional", None),
    ({"event": "", "site_axillary_nodes": 1, "site_breast": 1}, "regional", None),
    ({"event": "", "site_breast": 1, "site_liver": 1}, None, None),
    ({"event": "", "site_distant_nodes": 1}, None, None),
    ({"event": "", "site_skin": 1}, "ambiguous", None),
    ({"event": ""}, "ambiguous", None),
    ({"event": "local", "site_bone": 1}, "ambiguous", None),
    ({"event": "distant", "site_breast": 1}, None, None),
    ({"metastatic_date": ""}, "undated", None),
    ({"primary_date": ""}, "presentation", "unknown"),
    ({"primary_date": "", "presentation": "de_novo"}, None, "de_novo"),
    ({"sex": "male"}, "sex", None),
    ({"presentation": "de_novo"}, None, "recurrent"),
    ({"primary_date": "2018-06-15"}, None, "de_novo"),
    ({"primary_date": "2018-03-17"}, None, "de_novo"),
    ({"primary_date": "2018-03-16"}, None, "recurrent"),
    ({**COARSE, "metastatic_date": "2018-02-10"}, None, "de_novo"),
    ({**COARSE, "metastatic_date": "2018-06-15"}, None, "recurrent"),
    ({**COARSE, "metastatic_date": "2018-04-15"}, "presentation", "unknown"),
    ({**COARSE, "metastatic_date": "2018-04-15", "presentation": "recurrent"}, None, "recurrent"),
]
"""What a record says, the rule that removes it, its presentation. The window is 90 days: 17 March to 15 June 2018."""


@pytest.fixture(scope="module")
def ruled():
    frame = frame_of(
        *(
            row(primary_date_precision="day")
            | row(**changed, person_id=f"p{i}")
            | {"primary_date_precision": changed.get("primary_date_precision", "")}
            for i, (changed, *_) in enumerate(RULED)
        )
    )
    records = apply_mapping(open_records(frame), identity_mapping(*frame.columns))
    definition = CaseDefinition(window_days=90, sex="female", followed_to="extract_date")
    judged = judge(records.table, definition).select("person_id", "removed_by", "presentation").execute()
    return judged.set_index("person_id"), define_cases(records, definition).attrition


@pytest.mark.parametrize("i", range(len(RULED)))
def test_what_a_rule_removes_and_what_dates_tell(ruled, i):
    """Local, regional; the last day of the window counts; dates come before words; coarse dates if they agree."""
    _, rule, presentation = RULED[i]
    found = ruled[0].loc[f"p{i}"]
    assert (found["removed_by"] if isinstance(found["removed_by"], str) else None) == rule
    assert presentation is None or found["presentation"] == presentation


def test_the_attrition_table_counts_what_each_rule_removed(ruled):
    table = ruled[1].set_index("rule")
    wanted = pd.Series([rule for _, rule, _ in RULED if rule]).value_counts()
    assert table["removed"].loc[lambda n: n > 0].to_dict() == wanted.to_dict()
    assert (
        table["remaining"].iloc[-1] == sum(rule is None for _, rule, _ in RULED) == table["persons"].iloc[-1]
    )


def test_ambiguous_rows_may_be_included_by_say():
    definition = CaseDefinition(window_days=90, sex="all", followed_to="extract_date", ambiguous="include")
    assert attrition(frame_of(row(event="ambiguous")), definition) == {}


def test_the_first_event_of_a_person_counts_and_persons_not_tumours():
    frame = frame_of(
        row(metastatic_date="2019-03-01", site_bone=1),
        row(metastatic_date="2018-06-15", site_liver=1),
        row(metastatic_date="2018-06-15", site_liver=1, primary_date="2010-01-01"),
        row(event="local"),
        row(event="primary", metastatic_date="", primary_date="2009-05-05"),
    )
    assert attrition(frame) == {"later": 2, "local": 1, "primary": 1}
    assert only(frame)["metastatic_date"] == pd.Timestamp("2018-06-15")


def test_the_first_breast_cancer_of_a_person_opens_the_window_whatever_row_it_stands_in():
    frame = frame_of(
        row(primary_date="2018-06-01", metastatic_date="2018-06-15"),
        row(event="primary", metastatic_date="", primary_date="2009-05-05"),
    )
    assert only(frame)["presentation"] == "recurrent"


def test_the_same_person_in_two_sources_stays_in_both():
    cases = cases_of(frame_of(row(), row(source="trust")))
    assert cases.rows == 2
    assert cases.attrition.groupby("source")["remaining"].last().to_dict() == {"register": 1, "trust": 1}


LOST = {"last_contact_date": "2020-05-05"}
FOLLOWED = [
    ({}, "2018-06-15", "2023-12-31", "2018-06-15", False),
    (LOST, "2018-06-15", "2023-12-31", "2020-05-05", False),
    ({**LOST, "vital_status": "lost"}, "2018-06-15", "2020-05-05", "2020-05-05", False),
    ({"death_date": "2021-01-01", "vital_status": "dead"}, "2018-06-15", "2021-01-01", "2021-01-01", True),
    (
        {"metastatic_date": "2018-06-01", "metastatic_date_precision": "month"},
        "2018-06-15",
        "2023-12-31",
        "2018-06-15",
        False,
    ),
    (
        {"metastatic_date": "2018-06-01", "metastatic_date_precision": "year"},
        "2018-07-01",
        "2023-12-31",
        "2018-07-01",
        False,
    ),
    (
        {"metastatic_date": "2018-06-01", "metastatic_date_precision": "month", "death_date": "2018-06-03"},
        "2018-06-03",
        "2018-06-03",
        "2018-06-03",
        True,
    ),
]
"""What is said, where the diagnosis is placed, the end if followed to the extract or to the last contact, died."""


@pytest.mark.parametrize("followed_to", ["extract_date", "last_contact"])
def test_follow_up_ends_where_it_was_declared_and_a_coarse_diagnosis_never_lies_after_it(followed_to):
    frame = frame_of(
        *(
            row(
                **{
                    "primary_date": "2010-01-01",
                    "person_id": f"p{i}",
                    "metastatic_date_precision": "",
                    **said,
                }
            )
            for i, (said, *_) in enumerate(FOLLOWED)
        )
    )
    definition = CaseDefinition(window_days=90, sex="all", followed_to=followed_to)
    got = cases_of(frame, definition).table.execute().set_index("person_id")
    for i, (_, placed, extract, contact, died) in enumerate(FOLLOWED):
        found = got.loc[f"p{i}"]
        end = extract if followed_to == "extract_date" else contact
        assert (
            found["metastatic_date"].date().isoformat(),
            found["exit_date"].date().isoformat(),
            bool(found["died"]),
        ) == (placed, end, died), i


@pytest.mark.parametrize("options", [{}, {"window_days": 90}, {"window_days": 90, "sex": "all"}])
def test_window_sex_and_follow_up_have_no_default(options):
    with pytest.raises(TypeError):
        CaseDefinition(**options)


@pytest.mark.parametrize(
    "wrong", [{"window_days": -1}, {"window_days": 90.5}, {"sex": "women"}, {"followed_to": "today"}]
)
def test_an_option_that_means_nothing_is_refused(wrong):
    with pytest.raises(DataError, match="E-OPTION"):
        CaseDefinition(**{"window_days": 90, "sex": "all", "followed_to": "extract_date", **wrong})


def test_presentations_of_random_people_are_those_of_a_loop():
    people = random_people(300, PEOPLE_SEED)
    got = (
        cases_of(records_of(people))
        .table.select("person_id", "presentation")
        .execute()
        .set_index("person_id")
    )
    assert got["presentation"].to_dict() == {p.name: p.presentation for p in people}


def test_shuffled_rows_give_the_same_cases():
    frame = records_of(random_people(200, PEOPLE_SEED))
    frame = pd.concat(
        [frame, frame.assign(metastatic_date="2023-11-30", registration_date="2023-12-01")], ignore_index=True
    )
    one = cases_of(frame).table.execute().sort_values("person_id", ignore_index=True)
    other = (
        cases_of(frame.sample(frac=1, random_state=2))
        .table.execute()
        .sort_values("person_id", ignore_index=True)
    )
    pd.testing.assert_frame_equal(one, other)
