"""A record that contradicts itself is refused: all of them in one list, with rows and without values."""

import pytest

from record_worlds import frame_of, identity_mapping, row
from sbc_prevalence.errors import DataError
from sbc_prevalence.records import apply_mapping, open_records
from sbc_prevalence.records.checks import check_records, record_problems

BAD = [
    ({"death_date": "2018-06-14", "vital_status": "dead"}, "E-DEATH-BEFORE-DIAGNOSIS"),
    ({"primary_date": "2018-06-16"}, "E-METASTASIS-BEFORE-PRIMARY"),
    ({"birth_year": "2019"}, "E-BEFORE-BIRTH"),
    (
        {"death_date": "2019-01-01", "last_contact_date": "2019-01-02", "vital_status": "dead"},
        "E-CONTACT-AFTER-DEATH",
    ),
    ({"vital_status": "dead"}, "E-STATUS-DATE"),
    ({"death_date": "2020-01-01"}, "E-STATUS-DATE"),
    ({"area_code": "Fife"}, "E-AREA-CODE"),
    ({"registration_date": "2024-01-01"}, "E-AFTER-EXTRACT"),
    ({"metastatic_date": "2024-01-01"}, "E-AFTER-EXTRACT"),
    ({"death_date": "2018-06-15", "vital_status": "dead"}, "W-SAME-DAY-DEATH"),
    ({"metastatic_date_precision": "year"}, "W-PRECISION"),
    ({"birth_year": "1900"}, "W-OLD-AND-ALIVE"),
]


@pytest.fixture(scope="module")
def found():
    rows = [
        {"metastatic_date_precision": "day", **row(person_id=f"CANARY{i}"), **bad}
        for i, (bad, _) in enumerate(BAD)
    ]
    frame = frame_of(*rows)
    return record_problems(apply_mapping(open_records(frame), identity_mapping(*frame.columns)))


@pytest.mark.parametrize("i", range(len(BAD)))
def test_each_contradiction_is_found_in_its_row(found, i):
    assert any(p.code == BAD[i][1] and i + 2 in p.rows for p in found)
    assert {p.code for p in found if i + 2 in p.rows} <= {code for _, code in BAD}


def test_no_list_of_faults_holds_a_person(found):
    assert "CANARY" not in "\n".join(map(str, found))


def test_sound_records_pass_and_warnings_stop_nothing():
    frame = frame_of(row(metastatic_date_precision="month", metastatic_date="2018-06-01"))
    records = apply_mapping(open_records(frame), identity_mapping(*frame.columns))
    assert [p.code for p in check_records(records)] == ["W-PRECISION"]


def test_a_contradiction_is_refused():
    frame = frame_of(row(death_date="2010-01-01", vital_status="dead"))
    with pytest.raises(DataError, match="E-DEATH-BEFORE-DIAGNOSIS"):
        check_records(apply_mapping(open_records(frame), identity_mapping(*frame.columns)))
