"""The pages on flagged counts say what their own code gives."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.estimators.implied_specificity import implied_specificity

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "explanation" / "england-flagged-counts.md").read_text("utf-8")
FLAT = " ".join(PAGE.split())
HOW_TO = (DOCS / "how-to" / "flagged-counts.md").read_text("utf-8")


def run(page: str) -> dict[str, object]:
    """Execute the Python blocks of a page."""
    space: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(block, space)
    return space


def test_the_table_of_the_finding_is_what_the_code_gives():
    found = run(PAGE)["found"]
    specificity, false = found.interval(), 100 * found.interval("false_share")
    row = " | ".join(f"{m:.3f} ({low:.3f} to {high:.3f})" for m, low, high in specificity)
    assert f"| specificity, 95 % | {row} |" in FLAT
    row = " | ".join(f"{m:.0f} % ({low:.0f} to {high:.0f})" for m, low, high in false)
    assert f"| share of the flagged without the disease | {row} |" in FLAT
    fall, high, low = -found.change()
    assert f"fall by {fall:.3f} ({low:.3f} to {high:.3f})" in FLAT
    assert f"In {100 * (found.specificity[:, 0] > 1).mean():.0f} % of the stated ranges" in FLAT


def test_the_later_count_alone_is_what_the_code_gives():
    alone = implied_specificity(
        [57_215], [9_638], [(540_000, 790_000)], sensitivity=(0.60, 0.98), duration=(3.0, 6.0), kappa=(0.80, 1.15))
    m, low, high = alone.interval()[0]
    assert f"{m:.3f} ({low:.3f} to {high:.3f})" in FLAT
    m, low, high = 100 * alone.interval("false_share")[0]
    assert f"{m:.0f} % ({low:.0f} to {high:.0f}) of the flagged" in FLAT


def test_the_inputs_are_the_carried_figures():
    deaths = load_carried("uk_nations_deaths").frame.astype({"year": int, "count": float})
    england = deaths[deaths["area_code"] == "E92000001"].set_index("year")["count"]
    assert round(0.75 * england[2016] + 0.25 * england[2017]) == 9_585
    assert england[2020] == 9_638
    figures = load_carried("comparison_figures").frame
    counts = pd.to_numeric(figures.loc[figures["region"] == "England", "value"])
    assert {38_350, 57_215} <= set(counts)
    primaries = load_carried("uk_nations_primary_registrations").frame.astype({"year": int, "count": float})
    shares = primaries[primaries["year"] == 2016].set_index("area_code")["count"]
    assert round(100 * shares["E92000001"] / shares.sum()) == 84


def test_the_arithmetic_turns_round():
    found = implied_specificity(
        [50_000], [9_600], [(600_000, 600_001)], sensitivity=(0.9, 0.90001), duration=(4.0, 4.00001),
        kappa=(1.0, 1.00001))
    cases = 9_600 * 5.0
    again = 0.9 * cases + (1 - np.median(found.specificity)) * (600_000 - cases)
    assert again == pytest.approx(50_000, rel=1e-4)


def test_counts_that_nothing_reconciles_are_called_a_conflict():
    found = implied_specificity(
        [10_000], [9_600], [(500_000, 600_000)], sensitivity=(0.9, 0.95), duration=(4.0, 5.0), kappa=(0.9, 1.1))
    assert found.share_possible < 0.001
    with pytest.raises(EvidenceError, match="E-CONFLICT"):
        found.interval()


def test_the_how_to_page_shows_what_its_code_prints(capsys):
    run(HOW_TO)
    assert capsys.readouterr().out.strip() in HOW_TO
    assert "3,824 rightly, 4,536 in error" in HOW_TO
