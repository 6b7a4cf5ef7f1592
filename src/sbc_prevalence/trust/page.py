"""The answer on one page, and the same for a terminal."""

from datetime import date
from importlib import resources
from importlib.metadata import version

import jinja2
from markupsafe import Markup

from sbc_prevalence.release.content import BANNER
from sbc_prevalence.trust.estimate import PARTS
from sbc_prevalence.trust.result import HIDDEN, PART_NAMES, TrustResult, shown

COLOURS = {"known": "#3f3685", "lost": "#7a6fc0", "not_recorded": "#8a2f82", "before_sheet": "#c98ac3"}
ROUTE_NAMES = {"emergency": "Emergency", "gp": "GP referral", "follow_up": "Follow-up", "screening": "Screening",
               "other": "Other", "unknown": "Not stated"}
YEARS_SHOWN = 6
WIDTH = 720


def render_page(result: TrustResult) -> str:
    """One self-contained HTML page; every text is escaped."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
                                     lstrip_blocks=True)
    text = resources.files("sbc_prevalence.trust").joinpath("templates", "page.html.j2").read_text("utf-8")
    config, table, smallest = result.config, result.table, result.config.report.smallest_shown
    rows = [{**row, "name": PART_NAMES.get(str(row["part"]), "All together"),
             "interval": _interval(row["lower"], row["upper"]) if row["lower"] != row["upper"] else "counted"}
            for row in table[table["quantity"] == "living"].to_dict("records")]
    yearly = table[table["quantity"] == "newly_diagnosed"].tail(YEARS_SHOWN).to_dict("records")
    years = [{**row, "interval": _interval(row["lower"], row["upper"]),
              "recorded": _count(int(row["recorded"]), smallest)} for row in yearly]
    return environment.from_string(text).render(
        config=config, living=result.living, headline=result.headline, scope=_scope(result), bar=Markup(_bar(result)),
        parts=rows, years=years, level=f"{config.report.ci_prob:.0%}", draws=f"{result.estimate.living.size:,}",
        choices=[{**row, "interval": _interval(row["lower"], row["upper"])}
                 for row in result.choices.to_dict("records")],
        routes=_hidden({ROUTE_NAMES[k]: v for k, v in result.sheet.routes.items()}, smallest, add_up=True),
        sites=_hidden({_site(k): v for k, v in result.sheet.sites.items() if v}, smallest, add_up=False),
        n_known=result.sheet.n_known, smallest=smallest, unknown=does_not_know(result), made=_made(result),
        n=_n, day=_day, banner=BANNER)


def in_words(result: TrustResult) -> str:
    """The page as a table for a terminal."""
    lines = [result.headline, ""]
    table = result.table[result.table["quantity"] == "living"]
    for row in table.to_dict("records"):
        name = PART_NAMES.get(str(row["part"]), "Living, all together")
        lines.append(f"  {name:<46}{_n(row['median']):>8}  {_interval(row['lower'], row['upper']):>16}")
    years = result.table[result.table["quantity"] == "newly_diagnosed"].tail(YEARS_SHOWN).to_dict("records")
    lines += [f"  Newly diagnosed in {row['year']:<27}{_n(row['median']):>8}  "
              f"{_interval(row['lower'], row['upper']):>16}" for row in years]
    if result.sheet.warnings:
        lines += ["", "To look at on the sheet:", *(f"  {p}" for p in result.sheet.warnings)]
    return "\n".join(lines)


def does_not_know(result: TrustResult) -> list[str]:
    """What the number does not know, in sentences."""
    config, sheet = result.config, result.sheet
    place = ("Whether people who live here are treated elsewhere and never came to this trust: they are not counted."
             if config.counted == "treated_here" else
             "Residents who are treated elsewhere count only as far as the completeness stated above speaks of them too.")
    found = [place]
    if sheet.apart["people"]:
        words = "treated elsewhere" if config.counted == "treated_here" else "living outside the catchment"
        people, known = (_count(sheet.apart[name], config.report.smallest_shown) for name in ("people", "known_living"))
        found.append(f"People on the sheet who are {words} are counted apart: {people}, known to be living: {known}.")
    found.append("Whether people lost to follow-up, and people who are not on the sheet, live as long as the others: "
                 "'If it were otherwise' shows the first.")
    found.append("Whether completeness is the same in all years and for those found late; an audit of notes would say.")
    if config.followed_to == "last_contact":
        found.append("Deaths elsewhere that nobody told the trust of: people not seen since are counted as lost.")
    if sheet.people.window_years < 3:
        found.append("The past: the sheet is short, and people diagnosed before it rest on curves and a judgement.")
    return found


def _scope(result: TrustResult) -> str:
    config = result.config
    followed = ("deaths anywhere reach the sheet" if config.followed_to == "extract_date"
                else "people are known to live until they were last seen")
    return (f"{result.who[0].upper()}{result.who[1:]}. Sheet of {_day(config.extract_date)}, kept since "
            f"{_day(config.sheet_began)}; {result.sheet.rows:,} rows; {followed}; de novo means within "
            f"{config.window_days} days of the first diagnosis.")


def _made(result: TrustResult) -> str:
    weights = ", ".join(f"{name.replace('_', '-')} {share:.0%}" for name, share in result.estimate.family.items())
    return (f"Made by sbc-prevalence {version('sbc-prevalence')}, seed {result.config.seed}. Weight of the families of "
            f"curves after the sheet: {weights}; effective draws of survival {result.estimate.effective:,.0f}. Sheet "
            f"SHA-256 {result.sheet.sha256[:16]}. Not an official statistic.")


def _bar(result: TrustResult) -> str:
    """The parts as one bar, their medians in proportion."""
    table = result.table[result.table["quantity"] == "living"].set_index("part")["median"]
    values = {part: float(table[part]) for part in PARTS}
    total = sum(values.values()) or 1.0
    x, pieces, keys = 0.0, [], []
    for i, (part, value) in enumerate(values.items()):
        width = WIDTH * value / total
        pieces.append(f'<rect x="{x:.1f}" y="0" width="{width:.1f}" height="26" fill="{COLOURS[part]}"/>')
        if width > 34:
            pieces.append(f'<text x="{x + width / 2:.1f}" y="18" fill="#fff" text-anchor="middle" font-size="13">'
                          f"{_n(value)}</text>")
        column, line = 360 * (i % 2), 46 + 18 * (i // 2)
        keys.append(f'<rect x="{column}" y="{line - 10}" width="11" height="11" fill="{COLOURS[part]}"/>'
                    f'<text x="{column + 17}" y="{line}" font-size="12" fill="#1f1b2e">{PART_NAMES[part]}</text>')
        x += width
    words = ", ".join(f"{PART_NAMES[part].lower()} {_n(value)}" for part, value in values.items())
    return (f'<svg viewBox="0 0 {WIDTH} 72" role="img" aria-label="Of the living: {words}" font-family="inherit">'
            f"{''.join(pieces)}{''.join(keys)}</svg>")


def _hidden(counts: dict[str, int], smallest: int, *, add_up: bool) -> list[tuple[str, str]]:
    return [(name, _count(n, smallest)) for name, n in shown(counts, smallest, add_up=add_up).items()]


def _count(n: int, smallest: int) -> str:
    if n == HIDDEN:
        return "not shown"
    return "not shown" if 0 < n < smallest else _n(n)


def _site(name: str) -> str:
    return name.removeprefix("site_").replace("_", " ").capitalize()


def _interval(low: float, high: float) -> str:
    return f"{_n(low)} to {_n(high)}"


def _n(value: float) -> str:
    return f"{float(value):,.0f}"


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"
