"""What one cell of text may hold. Pure functions: text in, a fault code out ("" when sound). No tables."""

import re
from collections.abc import Callable, Collection
from datetime import date

from sbc_prevalence.grid import parse_age_band

MAX_COUNT = 10_000_000
MAX_PEOPLE = 2_000_000_000
FIRST_YEAR, LAST_YEAR = 1900, 2100
ALL_AGES = "all"

MISSING_WORDS = frozenset(
    {"", "na", "nan", "<na>", "n/a", "#n/a", "nat", "null", "none", "missing", ".", "?", "[x]", "[z]"}
)
_SUPPRESSED = re.compile(
    r"^(?:(?:<|≤|<=|under)\s*\d+|\d+\s*(?:or fewer|or less)|\d+\s*[-–]\s*\d+"
    r"|\*+|~|\^|c|s|x|\[[csr]\]|supp(?:ressed)?|-|–|—|\.\.+|:)$",
    re.IGNORECASE,
)
_INFINITE = re.compile(r"^[+\-−]?(?:inf|infinity|∞)$", re.IGNORECASE)
_EXPONENT = re.compile(r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+$", re.ASCII)
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(?:[, '_]\d{3})+(?:\.\d+)?$", re.ASCII)
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$", re.ASCII)
_PLAIN = re.compile(r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$", re.ASCII)
_YEAR_SPAN = re.compile(r"^\d{4}\s*[/\-–_]\s*\d{2,4}$")
_CODE = re.compile(r"^[A-Za-z][A-Za-z0-9_.\-]{0,31}$", re.ASCII)
_FORMULA = re.compile(r"^[=+@\t\r]|^-(?=[A-Za-z(])")
_TEN_DIGITS = re.compile(r"(?<![\d.])(?:\d{10}|\d{3}[ -]\d{3}[ -]\d{4})(?!\d)", re.ASCII)

type CellCheck = Callable[[str], str]


def number_fault(text: str, *, exponent: bool = False) -> str:
    """Fault code of a text that should be a plain number, before any range is looked at."""
    text = text.strip()
    if text.lower() in MISSING_WORDS:
        return "E-MISSING"
    if _INFINITE.match(text):
        return "E-INFINITE"
    if _SUPPRESSED.match(text):
        return "E-SUPPRESSED"
    if not text.isascii():
        return "E-UNICODE"
    if _EXPONENT.match(text):
        return "" if exponent else "E-EXPONENT"
    if text.endswith("%"):
        return "E-PERCENT-SIGN"
    if _THOUSANDS.match(text):
        return "E-THOUSANDS"
    if _DECIMAL_COMMA.match(text):
        return "E-DECIMAL-COMMA"
    return "" if _PLAIN.match(text) else "E-NOT-NUMBER"


def whole_number(*, high: int = MAX_COUNT, low: int = 0) -> CellCheck:
    """Check of a whole number in ``low..high``; ``12.0`` counts as whole, ``40.5`` and ``1e3`` do not."""

    def fault(text: str) -> str:
        if code := number_fault(text):
            return code
        value = float(text.strip())
        if value < low:
            return "E-NEGATIVE" if value < 0 else "E-RANGE"
        if value != int(value):
            return "E-FRACTION"
        if value > high:
            return "E-TOO-LARGE"
        digits = text.strip().lstrip("+-").split(".")[0]
        return "E-LEADING-ZERO" if len(digits) > 1 and digits.startswith("0") else ""

    return fault


def number_between(
    low: float, high: float, *, open_low: bool = False, open_high: bool = False, proportion: bool = False
) -> CellCheck:
    """Check of a number in an interval; a proportion above 1 and up to 100 is told apart as a percentage."""

    def fault(text: str) -> str:
        if code := number_fault(text, exponent=True):
            return "E-MISSING" if code == "E-SUPPRESSED" else code
        value = float(text.strip())
        if proportion and 1 < value <= 100:
            return "E-PERCENT"
        if value < low and low == 0:
            return "E-NEGATIVE"
        below = value <= low if open_low else value < low
        above = value >= high if open_high else value > high
        return "E-RANGE" if below or above else ""

    return fault


def calendar_year(text: str) -> str:
    """Fault code of a text that should be one calendar year in 1900-2100."""
    text = text.strip()
    if text.lower() in MISSING_WORDS:
        return "E-MISSING"
    if _YEAR_SPAN.match(text):
        return "E-YEAR-SPAN"
    if number_fault(text):
        return "E-YEAR"
    value = float(text.strip())
    return "" if value == int(value) and FIRST_YEAR <= value <= LAST_YEAR else "E-YEAR"


def iso_date(text: str) -> str:
    """Fault code of a text that should be a date ``YYYY-MM-DD`` that exists."""
    text = text.strip()
    if text.lower() in MISSING_WORDS:
        return "E-MISSING"
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return "E-DATE"
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        return "E-DATE"
    return "" if FIRST_YEAR <= parsed.year <= LAST_YEAR else "E-DATE"


def area_code(text: str) -> str:
    """Fault code of a text that should be an area code: a letter first, no spaces, 32 characters at most."""
    text = text.strip()
    if text.lower() in MISSING_WORDS:
        return "E-MISSING"
    return "" if _CODE.match(text) else "E-AREA-CODE"


def age_band(text: str) -> str:
    """Fault code of a text that should be an age band (``"50-54"``, ``"<5"``, ``"90+"``) or ``"all"``."""
    text = text.strip()
    if text.lower() in MISSING_WORDS:
        return "E-MISSING"
    if text.lower() == ALL_AGES:
        return ""
    try:
        low, high = parse_age_band(text)
    except ValueError:
        return "E-AGE-BAND"
    return "" if low <= 120 and (high is None or high <= 131) else "E-AGE-BAND"


def choice(allowed: Collection[str]) -> CellCheck:
    """Check of one word out of a list (letters' case matters for receptors, not for the rest)."""
    folded = {word.lower() for word in allowed}

    def fault(text: str) -> str:
        text = text.strip()
        if text.lower() in folded:
            return ""
        return "E-MISSING" if text.lower() in MISSING_WORDS else "E-CHOICE"

    return fault


def words(text: str) -> str:
    """Fault code of free text: present, no spreadsheet formula, no patient identifier."""
    stripped = text.strip()
    if not stripped:
        return "E-MISSING"
    if _FORMULA.match(stripped):
        return "E-FORMULA"
    return "E-IDENTIFIER" if holds_patient_number(stripped) else ""


def holds_patient_number(text: str) -> bool:
    """Whether a text is ten digits, or holds among others a CHI or a grouped NHS number.

    A CHI number starts with a date of birth, an NHS number is in groups of 3, 3 and 4; the last of the
    ten digits is a check digit (weights 10 to 2, modulus 11).
    """
    if _TEN_DIGITS.fullmatch(text.strip()):
        return True
    for match in _TEN_DIGITS.finditer(text):
        digits = re.sub(r"[ -]", "", match[0])
        check = (11 - sum(int(d) * (10 - i) for i, d in enumerate(digits[:9])) % 11) % 11
        if check != int(digits[9]):
            continue
        born = 1 <= int(digits[:2]) <= 31 and 1 <= int(digits[2:4]) <= 12
        if born or len(match[0]) > 10:
            return True
    return False
