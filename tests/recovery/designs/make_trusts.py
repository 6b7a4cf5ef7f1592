"""Writes the tables of an England-like world of 134 trusts: made up, but for England's own deaths and primaries.

Run it after a change: python tests/recovery/designs/make_trusts.py. Sizes of trusts, which trust gave which answer and
the registrations are drawn with a fixed seed; the numbers of answers are those of the survey of 2016 (42 record in full,
59 in part, 24 not at all, 9 of 134 did not answer). Completeness in a typical trust is 0.90, 0.50 and 0.06. The tables of
`few_trusts` are of 20 trusts of that size, for many worlds.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special

from sbc_prevalence.data.catalogue import load_carried

TABLES = Path(__file__).parent / "tables"
ENGLAND, TRUSTS = "E92000001", 134
ANSWERS = {"trusts": {"full": 42, "partial": 59, "none": 24, "no_answer": 9},
           "few_trusts": {"full": 6, "partial": 9, "none": 3, "no_answer": 2}}
TRUE_COMPLETENESS = {"full": 0.90, "partial": 0.50, "none": 0.06}
SPREAD = 0.35
DATA, REGISTERED = range(2008, 2020), range(2013, 2020)
NEW_PER_PRIMARY = 0.29
"""Newly diagnosed metastatic disease per primary registration, about that of a fit to England's deaths."""


def england(table: str) -> pd.Series:
    """Yearly counts of England."""
    frame = load_carried(table).frame
    rows = frame[frame["area_code"] == ENGLAND]
    return rows.assign(year=rows["year"].astype(int), count=rows["count"].astype(int)).set_index("year")["count"]


def regimes(rng: np.random.Generator, counts: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Answer and true regime of every trust; those who did not answer record as the others do."""
    answers = rng.permutation(np.repeat(list(counts), list(counts.values())))
    given = np.array([counts[word] for word in TRUE_COMPLETENESS])
    others = rng.choice(list(TRUE_COMPLETENESS), answers.size, p=given / given.sum())
    return answers, np.where(answers == "no_answer", others, answers)


def write(name: str, counts: dict[str, int]) -> None:
    """Write areas, deaths, primaries, survey, registrations, and the truth for the tests."""
    rng, n = np.random.default_rng(134), sum(counts.values())
    codes = [f"T{i:03d}" for i in range(1, n + 1)]
    size = rng.lognormal(0.0, 0.45, n)
    size *= n / TRUSTS / size.sum()
    answers, true = regimes(rng, counts)
    level = np.array([TRUE_COMPLETENESS[word] for word in true])
    completeness = special.expit(special.logit(level) + SPREAD * rng.standard_normal(n))

    primaries, deaths = england("uk_nations_primary_registrations"), england("uk_nations_deaths")
    own = rng.lognormal(0.0, 0.10, n)
    first = pd.DataFrame([(code, year, int(rng.poisson(primaries[year] * size[i])))
                          for i, code in enumerate(codes) for year in DATA], columns=["area_code", "year", "count"])
    new = NEW_PER_PRIMARY * float(primaries[list(REGISTERED)].mean())
    registered = pd.DataFrame(
        [(code, year, "all", int(rng.poisson(new * size[i] * own[i] * completeness[i])))
         for i, code in enumerate(codes) for year in REGISTERED], columns=["area_code", "year", "presentation", "count"])
    tables = {
        "areas": pd.DataFrame({"area_code": codes, "area_name": [f"Trust {i}" for i in range(1, n + 1)]}),
        "deaths": pd.DataFrame([(ENGLAND, year, round(deaths[year] * n / TRUSTS)) for year in DATA],
                               columns=["area_code", "year", "count"]),
        "primaries": first, "registrations": registered,
        "survey": pd.DataFrame({"area_code": codes, "answer": answers}),
        "truth": pd.DataFrame({"area_code": codes, "regime": true, "completeness": completeness.round(4)}),
    }
    for kind, table in tables.items():
        table.to_csv(TABLES / f"{name}_{kind}.csv", index=False)


if __name__ == "__main__":
    for folder, numbers in ANSWERS.items():
        write(folder, numbers)
