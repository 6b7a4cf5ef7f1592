"""A new folder for a trust's own number: a commented configuration and an empty sheet."""

from pathlib import Path

from sbc_prevalence.config.project import write_files
from sbc_prevalence.config.trust import TRUST_FILE
from sbc_prevalence.errors import program

SHEET = "sheet.csv"
SHEET_COLUMNS = (
    "Pseudonym", "Sex", "Year of birth", "Area of residence", "First breast cancer", "Secondary diagnosed",
    "Entered on sheet", "Route", "Sites", "ER", "PR", "HER2", "Status", "Last seen", "Died on", "Treated")
"""Headings of the template; the mapping `trust_sheet` reads them."""

_CONFIG = '''\
# A trust's own number of people living with secondary breast cancer, from one sheet. No denominators are needed.
#
#     @PROGRAM@ validate @FOLDER@     checks the sheet; lists every problem at once, by row, without names
#     @PROGRAM@ run @FOLDER@          writes one page, and its figures as CSV
#
# The sheet (sheet.csv) has one row for each person with secondary breast cancer, living or not:
#   Pseudonym           never a name, NHS or CHI number
#   Sex                 F or M
#   Year of birth       four digits
#   Area of residence   code of the area (GSS, nine characters) at the diagnosis of the secondary disease
#   First breast cancer, Secondary diagnosed     31/12/2024, or 12/2024, or 2024
#   Entered on sheet    31/12/2024; the day on which the person was put on the sheet
#   Route               Emergency, GP, Follow-up, Screening, Other, or empty
#   Sites               Bone;Liver;Lung;Pleura;Brain;Nodes;Skin;Other, or empty
#   ER, PR, HER2        + or - (HER2 also low), or empty
#   Status              Alive, Died, or Lost (moved away, no longer traceable)
#   Last seen           31/12/2024; the last day on which the person was known to be alive
#   Died on             31/12/2024
#   Treated             Here or Elsewhere; empty means Here

version = 1
kind = "trust"
name = "our-number"                     # names the folder of results
trust = "Our NHS Trust"                 # EDIT: printed on the page
sheet = "sheet.csv"
# mapping = "mapping.toml"              # for a sheet with other headings: see docs/how-to/a-trusts-own-number.md
extract_date = "2025-03-31"             # EDIT: the day on which the sheet was saved
index_date = "2024-12-31"               # people living at the end of this day; not after extract_date
sheet_began = "2019-01-01"              # EDIT: everybody diagnosed from this day on was meant to be put on it

# living_when_it_began = "entered"      # people diagnosed before it who lived then were to be put on it too

# Two choices without a default: take the '#' away from one line of each.
# counted = "treated_here"              # people under this trust's care, wherever they live
# counted = "resident"                  # people who live in the catchment, wherever they are treated
# catchment = ["E07000110"]             # needed for "resident"
# followed_to = "extract_date"          # deaths anywhere in the country reach the sheet: no date of death means alive
# followed_to = "last_contact"          # people are known to be alive until they were last seen, and no longer

window_days = 90                        # secondary within so many days of the first diagnosis is de novo
sex = "all"                             # or "female", "male"
# unknown_status = "lost"               # people without a status; refused without this line

[completeness]                          # of the people to be counted, diagnosed since sheet_began, how many are on it?
# median = 0.85                         # what is believed ...
# lower95 = 0.70
# upper95 = 0.93
# known = 60                            # ... or an audit: of so many who were found without the sheet ...
# found = 51                            # ... so many are on it
# source = "audit of chemotherapy lists, March 2025"

# [report]
# ci_prob = 0.95
# smallest_shown = 5                    # smaller counts of routes, sites and years are not shown
'''


def init_trust(directory: str | Path) -> tuple[Path, ...]:
    """Write a commented trust.toml and an empty sheet. Never overwrites.

    Parameters
    ----------
    directory : path
        Folder; made if it does not exist.

    Returns
    -------
    tuple of Path

    Raises
    ------
    ConfigError
        If one of the files exists already (nothing is written then), or the folder cannot be written.
    """
    folder = Path(directory)
    text = _CONFIG.replace("@PROGRAM@", program()).replace("@FOLDER@", str(folder))
    return write_files(folder, {TRUST_FILE: text, SHEET: ",".join(SHEET_COLUMNS) + "\n"})
