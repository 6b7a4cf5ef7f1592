"""What each fault code says: the requirement that is not met, and the remedy. Words only."""

from typing import Any, NamedTuple

from sbc_prevalence.errors import Problem


class Message(NamedTuple):
    """Words of one fault."""

    requirement: str
    remedy: str


MESSAGES: dict[str, Message] = {
    # cells
    "E-MISSING": Message(
        "every cell must be filled",
        "Write 0 where nobody was counted; give a hidden count as count_lower, count_upper, count_status; "
        "leave out a row that was not observed at all.",
    ),
    "E-NOT-NUMBER": Message("every cell must be a number", "Write digits only, with a point for decimals."),
    "E-NEGATIVE": Message("numbers must not be negative", "Correct the cells at their origin."),
    "E-FRACTION": Message(
        "counts must be whole numbers",
        "Give the counts that were made, not weighted, shared-out or averaged ones; nothing is rounded for "
        "you.",
    ),
    "E-RATE": Message(
        "counts are needed and these numbers look like rates (mostly fractions, or all below one)",
        "Give the number of people. A rate per 100,000 times the population divided by 100,000 must give "
        "back a "
        "whole number; ask the publisher for the counts rather than rounding.",
    ),
    "E-INFINITE": Message("numbers must be finite", "Look for a division by zero where the table was made."),
    "E-EXPONENT": Message(
        "counts must be written out, not as 1e3", "Write all the digits: exponents hide lost precision."
    ),
    "E-THOUSANDS": Message("numbers must not hold thousands separators", "Write 1234, not 1,234."),
    "E-DECIMAL-COMMA": Message("decimals are written with a point", "Write 12.5, not 12,5."),
    "E-UNICODE": Message(
        "numbers must be plain digits",
        "The cells hold another sign, such as a long minus, a no-break space or digits of another script: "
        "retype them or export the file anew.",
    ),
    "E-PERCENT-SIGN": Message("numbers must not hold a percent sign", "Write 0.87, not 87%."),
    "E-PERCENT": Message(
        "proportions lie between 0 and 1 and these look like percentages",
        "Divide these rows by 100, and no others.",
    ),
    "E-RANGE": Message("numbers must lie in the range of the column", "See the range named here."),
    "E-TOO-LARGE": Message(
        "counts this large cannot be people of one area",
        "Look for a code or an identifier in the wrong column, or a unit of thousands.",
    ),
    "E-LEADING-ZERO": Message(
        "counts must not start with 0", "This looks like a code or an identifier: correct the column."
    ),
    "E-SUPPRESSED": Message(
        "counts must be numbers; suppressed or banded cells are not allowed in this column",
        "Give the smallest and the largest number that the cell may stand for: leave 'count' empty in these "
        "rows "
        "and add the columns count_lower, count_upper, count_status, for example 1,4,suppressed for '<5' or "
        "0,4,suppressed for '*'.",
    ),
    "E-YEAR": Message("a year is four digits, 1900 to 2100", "Write the calendar year, e.g. 2019."),
    "E-YEAR-SPAN": Message(
        "a year is one calendar year, January to December",
        "Financial, pooled and rolling years are not calendar years: ask for the counts by calendar year.",
    ),
    "E-DATE": Message("a date is written YYYY-MM-DD and must exist", "Write e.g. 2024-02-29."),
    "E-AREA-CODE": Message(
        "an area is given by its code, not by its name",
        "Write its code as [areas] has it, e.g. the GSS code S08000029 for NHS Fife; names belong in 'area_name'.",
    ),
    "E-AGE-BAND": Message(
        "an age band reads '50-54', '<5', '90+' or 'all'", "Rewrite the bands in this form."
    ),
    "E-CHOICE": Message("only listed words are allowed", "See the words named here."),
    "E-FORMULA": Message(
        "text must not start like a spreadsheet formula (=, +, @ or -)", "Remove the sign at the start."
    ),
    "E-IDENTIFIER": Message(
        "a table of counts must not hold patient identifiers (a cell reads like a CHI or NHS number)",
        "Stop and remove them: only counts belong here.",
    ),
    # columns
    "E-COLUMN-MISSING": Message("a required column is missing", "Add the column named here."),
    "E-COLUMN-UNKNOWN": Message(
        "a column is not known for this kind of table",
        "Rename it or leave it out: nothing is ignored silently.",
    ),
    "E-COLUMN-DUPLICATE": Message(
        "two columns have the same name once case and spaces are ignored", "Keep one of them."
    ),
    "E-EMPTY": Message("the table has no data rows", "Give at least one row."),
    "E-SOURCE-MISSING": Message(
        "every row needs the source and the date of extraction",
        "Add the columns 'source' and 'as_of' (YYYY-MM-DD), or give them once beside the table: in its "
        "[[evidence]] "
        "entry, or as source=..., as_of=... .",
    ),
    # counts
    "E-COUNT-FORM": Message(
        "a count is a value in 'count', or an interval in count_lower, count_upper and count_status",
        "Fill either 'count' or all three of the others in each row.",
    ),
    "E-COUNT-BOUNDS": Message(
        "count_lower must not exceed count_upper, 'count' must lie between them, and 'exact' means equal "
        "bounds",
        "Correct the bounds or the status.",
    ),
    # structure
    "E-DUPLICATE": Message(
        "each row must describe something else", "Remove the repeated rows, or take one source of the two."
    ),
    "E-TOTAL-ROW": Message(
        "a total must not stand among its parts: the same people would be counted twice",
        "Remove the rows of the total, or the rows of the parts.",
    ),
    "E-AREA-TOTAL": Message(
        "the total of several areas must not stand among them: the same people would be counted twice",
        "Remove the rows of the total, or the rows of the parts.",
    ),
    "E-YEAR-GAP": Message(
        "years must follow each other without a gap",
        "Add the missing years (0 if nobody was counted), or give the later part as evidence of its own.",
    ),
    "E-AREA-YEAR-MISSING": Message(
        "every area needs a row for every year of the table",
        "Add the missing rows; write 0 where nobody was counted, an interval where the count is hidden.",
    ),
    "E-AGE-OVERLAP": Message("age bands must not overlap", "Give one set of age bands."),
    "E-AGE-GAP": Message(
        "age bands must follow each other without a gap and cover the same ages everywhere",
        "Add the missing bands (0 if nobody was counted).",
    ),
    "E-IN-SITU": Message(
        "only invasive breast cancer (ICD-10 C50) is counted", "Remove the rows of in situ disease (D05)."
    ),
    "E-AS-OF": Message(
        "a year that was not over when the figures were extracted is not a full year",
        "Leave the year out, or correct 'as_of'.",
    ),
    "E-SEX-MISSING": Message(
        "no row has the sex that was asked for", "Correct the column 'sex' or the option."
    ),
    "E-PRESENTATION-MIXED": Message(
        "an area and year gives 'all' or its parts 'de_novo' and 'recurrent', not both",
        "Remove the rows of the total, or the rows of the parts.",
    ),
    "E-EXCEEDS-BASE": Message(
        "people counted must be among the base population", "Correct the count or 'base_population'."
    ),
    "E-BASE-BOUNDS": Message(
        "base_lower and base_upper come together and enclose 'base_population'",
        "Give the 95 % bounds of the people searched, or leave both empty.",
    ),
    # survival, recurrence and mortality
    "E-SURVIVAL-RISES": Message(
        "survival must not rise with time since diagnosis",
        "Is the column a hazard, or do the rows belong to different groups? Give each group its own 'study'.",
    ),
    "E-SURVIVAL-KIND": Message(
        "relative survival must not be given as observed survival",
        "Write 'relative' or 'net' in survival_kind; it is then used together with other-cause mortality.",
    ),
    "E-UNIT-MONTHS": Message("a median survival is in years and these look like months", "Divide by 12."),
    "E-POINT": Message(
        "a survival or hazard row needs duration_years; a median has none; a hazard needs "
        "duration_from_years before it",
        "Fill the columns as the measure asks.",
    ),
    "E-INTERVAL": Message(
        "lower and upper must both be given or both be empty, and the value must lie between them",
        "Correct the bounds or leave both empty.",
    ),
    "E-DE-NOVO-SHARE": Message(
        "survival of all presentations together needs the share that was de novo",
        "Fill de_novo_share (a proportion), or leave the rows out.",
    ),
    "E-ORDER": Message("the first of two columns must not exceed the second", "Swap or correct them."),
    "E-RISK-KIND": Message(
        "a published risk must say whether it is 'net' or 'crude'; there is no default",
        "Add risk_kind: net means 'in the absence of other causes of death'; crude means that such deaths "
        "compete.",
    ),
    "E-OVERLAP": Message(
        "intervals of one study and group must not overlap", "Remove the wider or the repeated rows."
    ),
    "E-FOUND": Message("cases found must not exceed cases known", "Swap or correct the two columns."),
    "E-EXAMINED": Message(
        "true cases must be among the records examined, and these among the records of the stratum",
        "Swap or correct the columns.",
    ),
    "E-UNEXAMINED": Message(
        "every stratum with records needs some of them examined: else its cases are a guess",
        "Examine some, or join the stratum with another on the same side of the source.",
    ),
    "E-STRATA": Message(
        "every area (and year) of a sample needs the same strata, each in the source or not in all of them",
        "Write a stratum without records with zeros.",
    ),
    "E-STRATA-SIDE": Message(
        "a sample needs strata in the source and strata not in it",
        "Without records outside the source nothing says what it misses: give them, with in_source = no.",
    ),
    # lists that overlap, codes that take several things together
    "E-HISTORY": Message(
        "a history is one sign for each list: 1 on it, 0 not on it, x whichever",
        "Write e.g. 101 for people on the first and the third of three lists, 1xx for all on the first.",
    ),
    "E-HISTORY-LENGTH": Message(
        "all histories have one sign for each list",
        "Write them as text: a spreadsheet takes 011 for the number 11 and drops its leading zero.",
    ),
    "E-HISTORY-NOBODY": Message(
        "nobody can be counted as being on no list: their number is what is estimated",
        "Leave the row out. If the number is known from elsewhere, give an audit of a source instead.",
    ),
    "E-LISTS-NUMBER": Message(
        "overlapping lists are 2 to 5 in number",
        "One list alone is evidence of kind 'registrations'. Of more than five, put together those that come "
        "from one system. If there are more signs than these, a spreadsheet dropped the leading zeros: write "
        "histories as text.",
    ),
    "E-LISTS-CELLS": Message(
        "every history needs its count, in every area, period and presentation",
        "Write 0 where nobody has a history. Exact margins (e.g. 1x, x1 and 11) may stand in for missing cells.",
    ),
    "E-LISTS-SUM": Message(
        "cells must add up to their margins, and no cell may be negative",
        "Correct the counts: 1x counts everybody on the first list, those on the second too among them, and 11 "
        "those on both, each person once.",
    ),
    "E-PERIOD-OVERLAP": Message(
        "periods of an area must not overlap", "Give each year once, alone or in one period."
    ),
    "E-VALIDATED": Message(
        "of the people counted some are validated, and of these some are metastatic; both numbers or neither",
        "Fill n_validated and n_metastatic in the same rows, n_metastatic <= n_validated <= count.",
    ),
    "E-AGES": Message("every year needs each single age from 0 to 99", "Add the missing ages."),
    # patient records and life-table cells
    "E-TIME-FORM": Message(
        "times are diagnosis_date, entry_date and exit_date, or diagnosis_year, entry_years and exit_years",
        "Give one of the two forms, all three columns. Entry is the day from which the person could have been seen "
        "to die: the registration. Write the day of diagnosis (or 0) only for people registered on it.",
    ),
    "E-EXIT-BEFORE-DIAGNOSIS": Message(
        "death or end of follow-up must not lie before the metastatic diagnosis",
        "Times count from the metastatic diagnosis, not from the primary: correct the rows at their origin.",
    ),
    "E-ENTRY-BEFORE-DIAGNOSIS": Message(
        "entry must not lie before the metastatic diagnosis",
        "People who were followed already enter on the day of diagnosis: write that day, or 0.",
    ),
    "E-ENTRY-AFTER-EXIT": Message(
        "entry (registration) must not lie after exit (death or end of follow-up)",
        "Leave out people who were registered only after they had died: nobody could have seen them alive.",
    ),
    "E-UNIT-YEARS": Message(
        "times since diagnosis are in years and these look like months or days",
        "Divide by 12 or by 365.25, or give dates.",
    ),
    "E-FOLLOW-UP-LATE": Message(
        "follow-up must end by the day on which the records were extracted",
        "Correct the times or 'as_of'; the end of follow-up is the last day on which somebody was known to live.",
    ),
    "E-EXPOSURE": Message(
        "cells have the person-years at risk, or the people at risk at the start (and those withdrawn)",
        "Give one of the two columns person_years and at_risk; 'withdrawn' belongs to at_risk.",
    ),
    "E-AT-RISK": Message(
        "deaths and withdrawals must not exceed the people at risk", "Swap or correct the columns."
    ),
    # warnings: they stop nothing
    "W-SAME-DAY": Message(
        "people who died or left on the day of diagnosis were at risk for a part of it",
        "They are counted with half a day. Deaths found at death belong elsewhere: leave those rows out.",
    ),
    "W-NEVER-AT-RISK": Message(
        "people who left on the day on which they entered were never at risk and are left out",
        "Nothing, unless there are many: then look at how the day of registration was made.",
    ),
    "W-NO-DEATHS": Message(
        "records without a single death say only that survival is high",
        "Check that 'died' was filled from a linkage to deaths.",
    ),
    "W-JUMP": Message(
        "counts of one area and age should be alike in neighbouring years",
        "Look for a digit too many or too few, or another unit; if they are right, leave them as they are.",
    ),
}


def problem(code: str, where: str, **more: Any) -> Problem:
    """Problem with the words of its code; ``more`` are its other fields (column, rows, n_rows, detail)."""
    return Problem(code, where, MESSAGES[code].requirement, MESSAGES[code].remedy, **more)
