"""The hundred bad inputs of the design: each has its code and its remedy, and nobody's identifier is given away."""

import logging
import tempfile

import pytest

from bad_input_bench import CANARIES, Bench, logged
from hundred_bad_inputs import CASES, Case

NUMBERS = range(1, 101)


AWAITING: dict[int, str] = {}
"""Rows whose capability does not exist yet, and what they wait for."""


def rows() -> list:
    return [pytest.param(c, id=f"{c.number:03}-{c.what.replace(' ', '_')}", marks=[pytest.mark.xfail(
        strict=True, reason=AWAITING[c.number])] if c.number in AWAITING else []) for c in CASES]


@pytest.mark.parametrize("bad", rows())
def test_a_bad_input_is_refused_or_told_with_its_code_and_without_an_identifier(
    bad: Case, tmp_path, caplog, capfd, monkeypatch
):
    apart = tmp_path / "whatever_is_left_behind"
    apart.mkdir()
    monkeypatch.chdir(apart)
    monkeypatch.setattr(tempfile, "tempdir", str(apart))
    for name in ("TMPDIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(apart))
    with caplog.at_level(logging.DEBUG):
        told = bad.make(Bench(tmp_path))
    assert told.refused == (bad.outcome == "refused"), told.text
    if bad.outcome == "taken":
        assert not told.codes, told.text
    else:
        assert bad.code in told.codes, told.text
    assert told.leaks == []
    out, err = capfd.readouterr()
    given_away = logged(caplog.records) + out + err
    assert [canary for canary in CANARIES if canary in given_away] == []


def test_every_one_of_the_hundred_is_there():
    assert sorted({c.number for c in CASES}) == list(NUMBERS)
