"""Published risks of distant recurrence on the grid: what is refused, how periods and ages are used."""

import numpy as np
import pytest

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.evidence.recurrence_table import build_recurrence_table
from small_study import bundle, frames, grid_of, scotland_inputs

AGES = np.zeros(100)
AGES[45:80] = 1 / 35
YEARS = np.arange(1985, 2030)
OTHER = np.full((YEARS.size, 100), 0.01)


def build(frame, other=OTHER):
    return build_recurrence_table(frame, AGES, other, YEARS, grid_of(bundle()))


def spoiled(column, rows, value):
    frame = frames()["recurrence"].astype({"duration_to_years": float})
    frame.loc[frame.index[rows], column] = value
    return frame


@pytest.mark.parametrize(("frame", "code"), [
    (spoiled("study", [0, 1], "another"), "E-RECURRENCE-MIXED"),
    (spoiled("risk_kind", [0, 1], "crude"), "E-RECURRENCE-MIXED"),
    (spoiled("stage", [0, 1], "I"), "E-RECURRENCE-CATEGORIES"),
    (spoiled("receptor", [0, 1, 2, 3, 4, 5, 6, 7], "HR+"), "E-RECURRENCE-CATEGORIES"),
    (spoiled("duration_from_years", [1], 6), "E-RECURRENCE-GAPS"),
    (spoiled("duration_to_years", [1], 9.5), "E-RECURRENCE-GAPS")])
def test_a_table_that_cannot_be_used_as_it_stands_is_refused(frame, code):
    with pytest.raises(EvidenceError) as caught:
        build(frame)
    assert code in {problem.code for problem in caught.value.problems}


def test_two_faults_of_mixing_come_together():
    frame = spoiled("study", [0, 1], "another")
    frame.loc[frame.index[0], "risk_kind"] = "crude"
    with pytest.raises(EvidenceError) as caught:
        build(frame)
    assert {problem.column for problem in caught.value.problems} == {"study", "risk_kind"}


def test_probabilities_are_within_reason_and_nobody_recurs_before_her_primary():
    table = build(frames()["recurrence"])
    both = (table.within + table.beyond)[0, 0]
    grid = grid_of(bundle())
    assert np.all(both >= 0)
    assert np.all(both.sum(-1) < 1)
    assert np.all(both[grid.primary_years[:, None] > grid.years[None, :]] == 0)
    assert table.follow_up_years == 10
    assert table.age_at_recurrence.sum() == pytest.approx(1.0)


def test_risks_before_the_first_and_after_the_last_period_are_held_and_between_them_interpolated():
    table = build(frames()["recurrence"])
    grid = grid_of(bundle())
    rows = {year: (table.within + table.beyond)[0, 0, list(grid.primary_years).index(year)]
            for year in (1994, 1999, 2004, 2008, 2012)}
    lag_two = {year: row[list(grid.years).index(max(year + 2, grid.years[0]))] for year, row in rows.items()}
    assert lag_two[2008] == pytest.approx(lag_two[2012], rel=1e-9)
    assert lag_two[2004] == pytest.approx(lag_two[2008], rel=1e-9)
    middle_first, middle_last = table.middle_first, table.middle_last
    assert (middle_first, middle_last) == (1996.0, 2004.0)


def test_more_competing_mortality_means_fewer_recurrences():
    few = build(frames()["recurrence"], OTHER * 6)
    many = build(frames()["recurrence"])
    assert (few.within + few.beyond).sum() < (many.within + many.beyond).sum()


def test_the_carried_table_gives_every_stage_and_receptor():
    table = scotland_inputs().recurrence
    assert table.stages == ("I", "II", "III")
    total = (table.within + table.beyond).sum(-1)[:, :, 40]
    assert np.all(np.diff(total[:, 0]) > 0)
    assert np.all(total < 0.9)
