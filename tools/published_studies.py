"""How each published row of survival and of distant recurrence is read. Values come from the file.

Each decision names the row of the published file (data row 1 is the first below the header), which of the
row's numbers is meant, and its meaning in the package's schema. Nothing is dropped silently: a row that the
model must not take stands in a table of its own, with the reason.
"""

import re
from dataclasses import dataclass

SURVIVAL_FILE = "metastatic_survival_published.csv"
RECURRENCE_FILE = "distant_recurrence_published.csv"

AGES = "an age group, not a whole: its share among all patients is not published with it"
RECEPTOR = "a receptor group, not a whole: its share among all patients is not published with it"
PRESS = "quoted by the press, and an age group"
SAME = "the observed survival of the same people is used"
REVIEW = "a summary over registries of which some are carried themselves: they would count twice"
KALMAR = "five-yearly groups of one county (784 people in all, number per group not published)"
SWEDEN_SHARE = "de novo share as published for Sweden: 2,528 of 13,832 (PMC9381497)"
KALMAR_SHARE = "de novo share a judgement: a county, rounded from Sweden's 0.18; a review finds 0.11-0.24"
ESME_SHARE = ("de novo share a judgement: above the 0.11-0.24 that a review finds in whole populations "
              "(PMC8804182), as specialist centres, not a population, are described")


@dataclass(frozen=True)
class Survival:
    """One survival datum: which row, which number of it, and what it means.

    ``number`` counts the numbers in the value cell; ``note:1`` those in the note cell. Months are divided
    by 12. ``share`` is the de novo share, ``unused`` the reason why the model does not take the row.
    """

    row: int
    study: str
    presentation: str
    kind: str
    measure: str
    years: str
    diagnosed: tuple[int, int]
    number: str = "1"
    unit: str = "as is"
    start: str = ""
    bounds: bool = False
    n: str = ""
    share: str = ""
    subgroup: str = ""
    note: str = ""
    unused: str = ""


_SEER, _NL, _DK, _SE, _NSW = "US SEER", "Netherlands", "Denmark", "Sweden", "New South Wales"


def _median(
    row: int, study: str, presentation: str, kind: str, diagnosed: tuple[int, int], *, unit: str = "months",
    number: str = "1", bounds: bool = False, n: str = "", share: str = "", subgroup: str = "", note: str = "",
    unused: str = "",
) -> Survival:
    return Survival(row, study, presentation, kind, "median", "", diagnosed, number, unit, "", bounds, n,
                    share, subgroup, note, unused)


SURVIVAL: tuple[Survival, ...] = (
    Survival(1, "England and Wales audit", "de_novo", "observed", "survival", "1", (2020, 2022)),
    Survival(2, "England and Wales audit", "de_novo", "observed", "survival", "3", (2020, 2022)),
    Survival(3, "England", "de_novo", "net", "survival", "1", (2012, 2016),
             note="women; stage 4 at diagnosis"),
    Survival(4, "England", "de_novo", "net", "survival", "5", (2012, 2016),
             note="women; stage 4 at diagnosis; followed to 2017, so five years rest on early diagnoses"),
    Survival(5, _SEER, "de_novo", "observed", "survival", "1", (1988, 1988)),
    Survival(6, _SEER, "de_novo", "observed", "survival", "1", (2015, 2015)),
    _median(7, _SEER, "de_novo", "observed", (1988, 2016), n="47034"),
    Survival(5, _SEER, "de_novo", "cause_specific", "survival", "1", (1988, 1988), number="note:1",
             unused=SAME),
    Survival(6, _SEER, "de_novo", "cause_specific", "survival", "1", (2015, 2015), number="note:1",
             unused=SAME),
    _median(7, _SEER, "de_novo", "cause_specific", (1988, 2016), n="47034", number="note:1", unused=SAME),
    Survival(8, _SEER, "de_novo", "relative", "survival", "5", (1992, 1994), subgroup="age 15-49",
             unused=AGES),
    Survival(9, _SEER, "de_novo", "relative", "survival", "5", (2005, 2012), subgroup="age 15-49",
             unused=AGES),
    _median(10, _SEER, "de_novo", "relative", (1992, 1994), subgroup="age 15-49", unused=PRESS),
    _median(11, _SEER, "de_novo", "relative", (2005, 2012), subgroup="age 15-49", unused=PRESS),
    _median(12, _SEER, "de_novo", "relative", (1992, 1994), subgroup="age 50-64", unused=PRESS),
    _median(13, _SEER, "de_novo", "relative", (2005, 2012), subgroup="age 50-64", unused=PRESS),
    Survival(14, _SEER, "de_novo", "relative", "survival", "10", (2000, 2009), subgroup="age under 64",
             note="published as 'more than'; years given as '2000s'", unused=PRESS),
    Survival(15, _SEER, "de_novo", "cause_specific", "survival", "10", (1990, 2012),
             subgroup="age 40 and under", unused=AGES),
    Survival(15, _SEER, "de_novo", "cause_specific", "survival", "10", (1990, 2012), number="2",
             subgroup="age 41-50", unused=AGES),
    Survival(15, _SEER, "de_novo", "cause_specific", "survival", "10", (1990, 2012), number="3",
             subgroup="age 51-70", unused=AGES),
    Survival(15, _SEER, "de_novo", "cause_specific", "median", "", (1990, 2012), number="note:1", n="25323",
             subgroup="age 70 and under", unused="over 70 left out; the kind of survival is not said"),
    *(Survival(row, _SEER, "de_novo", "relative", "survival", "5", (2015, 2021), subgroup=group,
               unused=RECEPTOR)
      for row, group in ((16, "HR+/HER2+"), (17, "HR-/HER2+"), (18, "HR+/HER2-"), (19, "HR-/HER2-"))),
    Survival(20, _SEER, "de_novo", "relative", "survival", "5", (2015, 2021), subgroup="receptors unknown",
             unused=RECEPTOR),
    Survival(21, _SEER, "recurrent", "cause_specific", "survival", "5", (1990, 2016), n="1057",
             subgroup="HR+, five years or more after the primary",
             unused=RECEPTOR + "; recurrence approximated by a second primary in stage IV"),
    Survival(22, _SEER, "recurrent", "cause_specific", "survival", "5", (1990, 2016),
             subgroup="HR+, under five years after the primary",
             unused=RECEPTOR + "; recurrence approximated by a second primary in stage IV"),
    _median(23, "France ESME", "all", "observed", (2008, 2016), bounds=True, n="22109", share="0.30",
            note=ESME_SHARE),
    Survival(24, "France ESME", "all", "observed", "survival", "5", (2008, 2016), n="22109", share="0.30",
             note=ESME_SHARE),
    *(_median(row, "France ESME", "all", "observed", (2008, 2016), bounds=True, share="0.30", subgroup=group,
              unused=RECEPTOR) for row, group in ((25, "HR+/HER2-"), (26, "HER2+"), (27, "triple negative"))),
    _median(28, _SE, "all", "observed", (2009, 2016), bounds=True, n="13832", share="0.183",
            note=SWEDEN_SHARE),
    *(_median(row, _SE, "all", "observed", (2009, 2016), bounds=True, share="0.183", subgroup=group,
              unused=RECEPTOR) for row, group in ((29, "HR+"), (30, "HR-"))),
    _median(31, _SE, "all", "observed", (1985, 1989), share="0.20", note=f"Kalmar; {KALMAR}; {KALMAR_SHARE}"),
    _median(31, _SE, "all", "observed", (2010, 2014), number="2", share="0.20",
            note=f"Kalmar; {KALMAR}; {KALMAR_SHARE}"),
    Survival(31, _SE, "all", "observed", "survival", "5", (1985, 1989), number="note:2", share="0.20",
             note=f"Kalmar; {KALMAR}; {KALMAR_SHARE}"),
    Survival(31, _SE, "all", "observed", "survival", "5", (2010, 2014), number="note:3", share="0.20",
             note=f"Kalmar; {KALMAR}; {KALMAR_SHARE}"),
    _median(32, _DK, "de_novo", "observed", (2000, 2004)),
    _median(33, _DK, "de_novo", "observed", (2015, 2020)),
    _median(34, _NL, "de_novo", "observed", (1995, 1999), unit="as is"),
    _median(35, _NL, "de_novo", "observed", (2000, 2004), unit="as is"),
    _median(36, _NL, "de_novo", "observed", (2005, 2008), unit="as is"),
    Survival(37, _NL, "de_novo", "observed", "survival", "10", (1990, 1990)),
    Survival(37, _NL, "de_novo", "observed", "survival", "10", (2004, 2014), number="2",
             note="published for 2014 in 2018: ten years were seen of earlier diagnoses only, so it is "
                  "read as survival in 2014 of those diagnosed 2004-2014"),
    _median(38, _NSW, "recurrent", "cause_specific", (2001, 2016), bounds=True, n="1432",
            note="recurrences to 2016 of primaries of 2001-02: most are early in the period"),
    Survival(39, _NSW, "recurrent", "cause_specific", "hazard", "1", (2001, 2016), start="0", bounds=True,
             note="hazard of breast cancer death in the first year"),
    Survival(40, _NSW, "recurrent", "cause_specific", "hazard", "4", (2001, 2016), start="3", bounds=True,
             note="hazard of breast cancer death in the fourth year"),
    _median(41, "Systematic review", "de_novo", "observed", (2005, 2009), unused=REVIEW,
            note="the published range is over studies, not an interval"),
    Survival(42, "Systematic review", "de_novo", "observed", "survival", "5", (2005, 2009), unused=REVIEW),
    _median(43, "Systematic review: one study of recurrence", "recurrent", "observed", (1998, 2013),
            note="the one study of the review; no change over the period"),
)

CONTRASTS = {44: ("recurrent against de novo, hazard ratio", "a modelling assumption, not an estimate"),
             45: ("share that is cured in a mixture-cure model", "a model output; cure is not assumed here")}


@dataclass(frozen=True)
class Recurrence:
    """A published risk: which of the row's numbers, read as percent, hazard in percent, count or range."""

    row: int
    years: tuple[float, float]
    number: int = 1
    subgroup: str = "all"
    receptor: str = "all"
    stage: str = "all"
    diagnosed: tuple[str, str] = ("", "")
    unit: str = "percent"
    bounds: bool = False
    n: str = ""
    note: str = ""


_RANGE = "middle of the published range"
_NODES = ("0", "1-3", "4-9")
RECURRENCE: tuple[Recurrence, ...] = (
    Recurrence(1, (0, 14), diagnosed=("2001", "2002"), bounds=True, n="6338"),
    Recurrence(2, (0, 14), subgroup="localised", diagnosed=("2001", "2002"), bounds=True, n="3885"),
    Recurrence(3, (0, 14), subgroup="regional", diagnosed=("2001", "2002"), bounds=True, n="2453"),
    Recurrence(4, (1, 2), subgroup="localised", diagnosed=("2001", "2002"), unit="hazard", bounds=True),
    Recurrence(5, (1, 2), subgroup="regional", diagnosed=("2001", "2002"), unit="hazard", bounds=True),
    Recurrence(6, (5, 10), subgroup="localised", diagnosed=("2001", "2002"), bounds=True),
    Recurrence(7, (5, 10), subgroup="regional", diagnosed=("2001", "2002"), bounds=True),
    Recurrence(8, (0, 5), subgroup="node negative", bounds=True, n="4137"),
    Recurrence(9, (0, 5), subgroup="regional", bounds=True, n="2507"),
    *(Recurrence(row, (5, 20), number, f"{size}, {nodes}", "HR+",
                 note="free of recurrence at five years; trials")
      for row, size in ((10, "T1"), (11, "T2"))
      for number, nodes in enumerate(("N0", "N1-3", "N4-9"), 1)),
    *(Recurrence(12, (0, 10), number, f"nodes {group}", "HR-", note="trials; years not stated")
      for number, group in enumerate((f"{n}, {w} trials" for w in ("earlier", "later") for n in _NODES), 1)),
    Recurrence(15, (0, 10), number=3, unit="count", n="9342",
               note="first recurrences that were distant, over patients"),
    Recurrence(16, (0, 10), diagnosed=("1999", "2009"), n="9359"),
    *(Recurrence(19, years, number, diagnosed=diagnosed)
      for number, years, diagnosed in ((1, (0, 5), ("1990", "1998")), (2, (0, 5), ("2005", "2011")),
                                       (3, (0, 10), ("1990", "1998")), (4, (0, 10), ("2005", "2011")))),
    Recurrence(20, (0, 5), 2, stage="II", diagnosed=("2000", "2018"), unit="range", note=_RANGE),
    Recurrence(20, (0, 5), 4, stage="III", diagnosed=("2000", "2018"), unit="range", note=_RANGE),
    Recurrence(21, (0, 9), 1, diagnosed=("2001", "2002"), n="6338"),
    Recurrence(21, (0, 9), 2, diagnosed=("2006", "2007"), n="6832"),
)
RECURRENCE_LEFT_OUT = {
    13: "any recurrence, not distant", 14: "any recurrence, not distant",
    17: "over a mean follow-up, not an interval", 18: "any recurrence, not distant"}

FULL_SOURCE = {
    "Berg 2024": "Berg 2024 Acta Oncol 63:277", "Mariotto 2017": "Mariotto 2017 CEBP 26:809",
    "Lord 2022": "Lord 2022 MJA 217:402"}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def numbers_in(text: str) -> list[str]:
    """The numbers in a cell, as written."""
    return _NUMBER.findall(text)
