"""Made-up content of a release, for tests only: no number here comes from data or from a fit."""

from typing import Any

import numpy as np
import pandas as pd

from sbc_prevalence.grid import DURATION_BANDS
from sbc_prevalence.release.content import ReleaseContent

WHOLE = "S92000003"
BOARDS = {  # code: (name, share of a made-up nation)
    "S08000015": ("NHS Ayrshire and Arran", 0.076), "S08000016": ("NHS Borders", 0.024),
    "S08000017": ("NHS Dumfries and Galloway", 0.031), "S08000029": ("NHS Fife", 0.069),
    "S08000019": ("NHS Forth Valley", 0.055), "S08000020": ("NHS Grampian", 0.105),
    "S08000031": ("NHS Greater Glasgow and Clyde", 0.205), "S08000022": ("NHS Highland", 0.062),
    "S08000032": ("NHS Lanarkshire", 0.118), "S08000024": ("NHS Lothian", 0.157),
    "S08000025": ("NHS Orkney", 0.004), "S08000026": ("NHS Shetland", 0.004),
    "S08000030": ("NHS Tayside", 0.082), "S08000028": ("NHS Western Isles", 0.008),
}
YEARS = range(1997, 2026)
LAST_DATA_YEAR = 2020
WOMEN = 2_800_000
RESTS_NATION = "Made up: certified deaths, published survival and primary registrations."
RESTS_BOARD = "Made up: the prior and the board's own primary registrations; no deaths of its own."


def _row(quantity: str, area: str, year: int, median: float, spread: float, **more: Any) -> dict[str, Any]:
    name, level = ("Scotland", "nation") if area == WHOLE else (BOARDS[area][0], "NHS health board")
    rate = quantity.endswith("_per_100k")
    return {
        "quantity": quantity, "basis": "realised", "area_code": area, "area_name": name, "area_level": level,
        "year": year, "index_date": f"{year}-12-31", "presentation": "all", "duration_band": "all",
        "unit": "persons per 100,000 women" if rate else "persons", "median": median,
        "lower": median * np.exp(-spread), "upper": median * np.exp(spread), "ci_prob": 0.95,
        "ci_kind": "equal-tailed", "projected": year > LAST_DATA_YEAR,
        "rests_on": RESTS_NATION if area == WHOLE else RESTS_BOARD} | more


def estimates() -> pd.DataFrame:
    """Made-up estimates in the layout of the contract."""
    rows = []
    for year in YEARS:
        far = max(0, year - LAST_DATA_YEAR)
        new = 1043.7 + 6.3 * (year - 1997)
        living = 2931.3 + 41.7 * (year - 1997)
        for area, share in {WHOLE: 1.0, **{c: s for c, (_, s) in BOARDS.items()}}.items():
            spread = (0.18 if area == WHOLE else 0.18 + 0.06 / np.sqrt(share)) + 0.03 * far
            for quantity, value in (("newly_diagnosed", new), ("living", living)):
                rate = {"newly_diagnosed": "new_per_100k", "living": "living_per_100k"}[quantity]
                for basis, factor in (("expected", 0.97), ("realised", 1.0)):
                    wobble = 1 + 0.08 * np.sin(hash_of(area))
                    median = value * share * (1 if area == WHOLE else wobble)
                    rows.append(_row(quantity, area, year, median, spread * factor, basis=basis))
                    per = 1e5 / (WOMEN * share)
                    rows.append(_row(rate, area, year, median * per, spread * factor, basis=basis))
        for kind, part in (("de_novo", 0.27), ("recurrent", 0.73)):
            rows.append(_row("living", WHOLE, year, living * part, 0.2, presentation=kind))
            rows.append(_row("newly_diagnosed", WHOLE, year, new * part, 0.2, presentation=kind))
        for band, part in zip(DURATION_BANDS, (0.25, 0.18, 0.32, 0.17, 0.08), strict=True):
            rows.append(_row("living", WHOLE, year, living * part, 0.15 + 0.4 * (band == "10+"),
                             duration_band=band))
    return pd.DataFrame(rows)


def hash_of(text: str) -> float:
    """A fixed number for a text."""
    return float(sum(ord(c) * (i + 3) for i, c in enumerate(text)))


def implied_duration() -> pd.DataFrame:
    """Made-up living / deaths."""
    return pd.DataFrame([
        {"year": y, "area_code": WHOLE, "denominator": "certified breast cancer deaths of the year",
         "median": 3.213 + 0.017 * (y - 1997), "lower": 2.41, "upper": 4.913,
         "projected": y > LAST_DATA_YEAR} for y in YEARS])


def sensitivity() -> pd.DataFrame:
    """Made-up repeats of the national table and of the boards."""
    groups = {
        "survival family": {"Weibull": 1.0, "piecewise exponential": 1.07, "log-logistic": 1.36},
        "recurrent : de novo hazard ratio": {"as fitted": 1.0, "1.0": 1.12, "1.35": 1.01, "1.88": 0.86},
        "area spread": {"half": 1.0, "as fitted": 1.0, "double": 1.0},
        "completeness prior": {"as stated": 1.0, "lower": 1.21, "higher": 0.87},
        "judgement priors": {"half width": 0.98, "as fitted": 1.0, "double width": 1.05}}
    rows = []
    for group, scenarios in groups.items():
        for scenario, factor in scenarios.items():
            main = factor == 1.0 and scenario in ("Weibull", "as fitted", "as stated")
            shown = "spread" in group or "completeness" in group
            areas = {WHOLE: 1.0} | ({c: s for c, (_, s) in BOARDS.items()} if shown else {})
            for area, share in areas.items():
                width = {"half": 0.6, "double": 1.7, "half width": 0.7, "double width": 1.6}
                width = width.get(scenario, 1.0)
                for quantity, base in (("living", 3890.4), ("newly_diagnosed", 1188.6)):
                    median = base * share * (factor if quantity == "living" else 1 + (factor - 1) / 10)
                    rows.append({
                        "group": group, "scenario": scenario, "is_headline": main, "area_code": area,
                        "area_name": "Scotland" if area == WHOLE else BOARDS[area][0], "quantity": quantity,
                        "median": median, "lower": median * np.exp(-0.18 * width),
                        "upper": median * np.exp(0.18 * width), "implied_duration": 3.6 * factor,
                        "implied_duration_lower": 3.0 * factor, "implied_duration_upper": 4.4 * factor,
                        "beyond_follow_up_share": 0.08 * factor**2, "beyond_follow_up_share_lower": 0.02,
                        "beyond_follow_up_share_upper": 0.2 * factor**2, "rounded_to": 10})
    return pd.DataFrame(rows)


def _prior_posterior() -> pd.DataFrame:
    rows = [
        ("kappa", "Death attribution ratio, kappa", "deaths", False, 0.7, 0.9, 1.1, 0.72, 0.92, 1.08, 0.05),
        ("phi", "De novo share of primaries", "incidence", False, 0.03, 0.05, 0.08, 0.035, 0.05, 0.07, 0.2),
        ("log_ratio", "Recurrent : de novo hazard ratio", "survival", True,
         0.8, 1.35, 2.3, 0.8, 1.36, 2.3, 0.01),
        ("area_sd", "Spread between areas", "areas", True, 0.01, 0.1, 0.3, 0.01, 0.1, 0.3, 0.0),
        ("shape", "Weibull shape, recurrent", "survival", False, 0.7, 1.0, 1.3, 0.84, 0.97, 1.12, 0.54),
        ("recurrence", "Multiplier of recurrence risk", "incidence", True,
         0.4, 1.0, 2.4, 0.7, 0.9, 1.2, 0.75),
    ]
    return pd.DataFrame(rows, columns=[
        "parameter", "label", "group", "is_judgement", "prior_lower", "prior_median", "prior_upper",
        "posterior_lower", "posterior_median", "posterior_upper", "contraction"])


PARTS = (("evidence", "deaths", "certified breast cancer deaths", (0.02, 0.21)),
         ("evidence", "survival", "published survival", (0.46, 0.0)),
         ("evidence", "register", "registrations of metastatic disease (register)", (0.06, 0.17)),
         ("prior", "survival", "priors: survival", (0.41, 0.04)),
         ("prior", "attribution", "priors: attribution", (0.05, 0.58)))


def identifiability() -> pd.DataFrame:
    """Made-up figures before and after the data."""
    rows = []
    for area, share in {WHOLE: 1.0, **{c: s for c, (_, s) in BOARDS.items()}}.items():
        name = "Scotland" if area == WHOLE else BOARDS[area][0]
        narrowed = 0.80 if area == WHOLE else 0.62 + 0.5 * share
        for quantity, base in (("living", 3890.4), ("newly_diagnosed", 1188.6)):
            rows.append((quantity, area, name, "", 0.9 * base * share, 0.3 * base * share, 2.6 * base * share,
                         base * share, 0.83 * base * share, 1.2 * base * share, narrowed, np.nan))
        rows.append(("completeness", area, name, "register_recurrent", 0.6, 0.3, 0.85, 0.57, 0.45, 0.69, 0.71, -0.61))
    rows.append(("implied_duration", WHOLE, "Scotland", "", 3.0, 1.1, 8.1, 3.27, 2.55, 4.2, 0.79, np.nan))
    rows.append(("de_novo_share", WHOLE, "Scotland", "", 0.27, 0.14, 0.46, 0.275, 0.17, 0.43, 0.38, np.nan))
    return pd.DataFrame(rows, columns=[
        "quantity", "area_code", "area_name", "source", "prior_median", "prior_lower", "prior_upper", "median", "lower",
        "upper", "contraction", "correlation_with_incidence"])


def influence() -> pd.DataFrame:
    """Made-up shares of the information."""
    rows = []
    for area in (WHOLE, *BOARDS):
        name = "Scotland" if area == WHOLE else BOARDS[area][0]
        for part, word, title, shares in PARTS:
            for quantity, share in zip(("living", "newly_diagnosed"), shares, strict=True):
                rows.append((quantity, area, name, part, word, title, 1.1 * share - 0.004, 0.031, share,
                             0.12 * share - 0.02, 0.31 if share > 0 else np.nan, 0.11 * share, 0.2, "draws",
                             "" if part == "evidence" else "on this prior and on evidence"))
    return pd.DataFrame(rows, columns=[
        "quantity", "area_code", "area_name", "part", "name", "title", "information_share", "information_share_mcse",
        "relative_share", "shift", "disagreement", "sensitivity", "k_hat", "method", "reading"])


def conflict() -> pd.DataFrame:
    """Made-up conflict: one source is 30 % high, and one could not be left out."""
    made = [("register", PARTS[2][2], 6431.0, 4903.0, 4102.0, 5804.0, 4.31, 0.001, 0.005, 0.008, True, 1.03),
            ("deaths", PARTS[0][2], 20117.0, 20561.0, 17340.0, 24010.0, -0.29, 0.77, 0.61, 1.0, False, 0.94),
            ("survival", PARTS[1][2], 0.713, 0.702, 0.489, 0.951, 0.09, 0.93, 0.55, 1.0, False, 1.21)]
    rows = [{
        "source": s, "title": t, "observed": o, "predicted_median": m, "predicted_lower": lo, "predicted_upper": hi,
        "ratio": o / m, "z": z, "p_level": p, "p_pattern": q, "p_adjusted": a, "in_conflict": bad,
        **{f"{name}_{b}": base * f * w for name, base in (("living", 3890.4), ("newly_diagnosed", 1188.6))
           for b, w in (("median", 1.0), ("lower", 0.8), ("upper", 1.25))},
        **{f"{name}_{b}": v for name in ("living", "newly_diagnosed")
           for b, v in (("shift", f - 1), ("shift_sd", 5 * (f - 1)))},
        "method": "fitted again", "k_hat": 0.97} for s, t, o, m, lo, hi, z, p, q, a, bad, f in made]
    rows.append({"source": "snapshot", "title": "counts of people living with it (snapshot)", "in_conflict": False,
                 "method": "refused by the gate", "k_hat": 1.4})
    return pd.DataFrame(rows)


def decomposition() -> pd.DataFrame:
    """Made-up parts of the living."""
    parts = {"diagnosed_before_the_data": 0.02, "registered_and_followed": 0.51, "registered_and_lost": 0.03,
             "not_yet_reported": 0.05, "never_registered": 0.39, "all": 1.0}
    rows = [("register", part, basis, area, "Scotland" if area == WHOLE else BOARDS[area][0], 3890.4 * size * share,
             3300.4 * size * share, 4600.4 * size * share, share)
            for basis in ("expected", "realised")
            for area, size in {WHOLE: 1.0, **{c: s for c, (_, s) in BOARDS.items()}}.items()
            for part, share in parts.items()]
    return pd.DataFrame(rows, columns=[
        "source", "part", "basis", "area_code", "area_name", "median", "lower", "upper", "share"])


def tables() -> dict[str, pd.DataFrame]:
    """All tables of a release, made up."""
    data_years = [y for y in YEARS if y <= LAST_DATA_YEAR]
    deaths = pd.DataFrame([
        {"area_code": WHOLE, "year": y, "observed": 1063 - 4 * (y - 1997) + 27 * np.sin(y),
         "median": 1060.4 - 4 * (y - 1997), "lower": 985.2 - 4 * (y - 1997), "upper": 1137.9 - 4 * (y - 1997)}
        for y in data_years])
    predictive = pd.DataFrame([
        ("implied duration", "prior", 3.7, 1.6, 8.9), ("implied duration", "posterior", 3.6, 2.5, 5.0),
        ("de novo share of newly diagnosed", "prior", 0.23, 0.08, 0.52),
        ("de novo share of newly diagnosed", "posterior", 0.26, 0.18, 0.37),
        ("living", "prior", 4104.0, 1402.0, 11804.0), ("living", "posterior", 3890.4, 3249.0, 4658.0)],
        columns=["quantity", "stage", "median", "lower", "upper"])
    shares = pd.DataFrame([
        {"year": y, "share": share, "median": m, "lower": m / 2, "upper": min(1.0, m * 1.5)}
        for share, late in (("from unseen primaries", 0.09), ("beyond published recurrence follow-up", 0.11),
                            ("living beyond published survival follow-up", 0.08))
        for y in YEARS for m in [late + (0.8 - late) * np.exp(-(y - 1997) / 6)]])
    coverage = pd.DataFrame([
        {"area_code": c, "area_name": n, "year": y,
         "primary_registrations": "own" if y <= 2021 else "projected",
         "deaths": f"through {WHOLE}" if y <= 2020 else "projected", "registrations": "none",
         "living_counts": "none"}
        for c, (n, _) in BOARDS.items() for y in YEARS])
    priors = pd.DataFrame([
        ("kappa", "κ", "LogNormal(log 0.9, 0.12)", "", False, "Made-up authors (1999)", ""),
        ("log_ratio", "ρ", "Normal(log 1.35, 0.27)", "log hazard ratio", True, "",
         "Made up: published contrasts disagree, 1.35 to 1.88."),
        ("area_sd", "τ", "HalfNormal(0.15)", "log", True, "",
         "Made up: boards are expected to differ little."),
    ], columns=["parameter", "symbol", "distribution", "unit", "is_judgement", "source", "reason"])
    comparisons = pd.DataFrame([
        ("Scotland", "2013", "people identified with secondary breast cancer; definition not published", 4090, WHOLE,
         3598.0, 3003.0, 4311.0, "not tuned to it"),
        ("Scotland", "2025-11", "people living with it, as quoted by a charity", "around 4,000", WHOLE,
         4098.0, 3102.0, 5403.0, "quoted figure"),
        ("United States", "2013-01-01", "women living, by back-calculation from 40,860 deaths", 138622,
         "", np.nan, np.nan, np.nan, "implied duration 3.4 years")],
        columns=["region", "date", "what_it_counts", "published", "ours_area_code", "ours_median", "ours_lower",
                 "ours_upper", "note"])
    diagnostics = pd.DataFrame([
        {"quantity": f"living, {n}, {y}", "rhat": 1.001 + 0.004 * (i % 3) / 2, "ess_bulk": 1400.0 + 31 * i,
         "ess_tail": 1200.0 + 23 * i, "status": "passed"}
        for i, (n, y) in enumerate((n, y) for n, _ in BOARDS.values() for y in (2019, 2020))])
    sources = pd.DataFrame([
        {"publisher": "Made-up statistics office", "title": "Deaths by age (made up)", "year": "2021",
         "licence": "Open Government Licence v3.0", "used_for": "deaths"},
        {"publisher": "Made-up registry", "title": "=Primary registrations (made up)", "year": "2023",
         "licence": "Open Government Licence v3.0", "used_for": "primary registrations"}])
    return {
        "estimates": estimates(), "implied_duration": implied_duration(), "sensitivity": sensitivity(),
        "deaths_fit": deaths, "prior_posterior": _prior_posterior(), "prior_predictive": predictive,
        "shares": shares, "identifiability": identifiability(), "influence": influence(), "conflict": conflict(),
        "decomposition": decomposition(), "coverage": coverage, "priors": priors, "comparisons": comparisons,
        "diagnostics": diagnostics, "sources": sources}


def headline() -> dict[str, Any]:
    """Made-up headline, the one of the made-up tables."""
    frame, implied = estimates(), implied_duration()
    at = frame[(frame["area_code"] == WHOLE) & (frame["year"] == LAST_DATA_YEAR)
               & (frame["basis"] == "realised")
               & (frame["presentation"] == "all") & (frame["duration_band"] == "all")].set_index("quantity")
    implied = implied.assign(quantity="implied_duration").set_index("quantity")
    at = pd.concat([at, implied[implied["year"] == LAST_DATA_YEAR]])
    return {
        "area_code": WHOLE, "area_name": "Scotland", "index_date": "2020-12-31", "year": 2020,
        "basis": "realised", "ci_prob": 0.95, "ci_kind": "equal-tailed",
        **{f"{q}_{b}": float(at.loc[q, b]) for q in ("living", "newly_diagnosed", "implied_duration")
           for b in ("median", "lower", "upper")}}


def words() -> dict[str, str]:
    """Made-up sentences."""
    return {
        "definition": "Made-up figures for testing. A person counts from the diagnosis of metastases, "
        "whether found at or within 120 days of the first breast-cancer diagnosis (de novo) or later "
        "(recurrent).",
        "what_data_inform": "Certified deaths, with the attribution ratio kappa, inform how many are newly "
        "diagnosed each year.",
        "what_they_do_not": "No data used here inform how long people live on average here, the "
        "ratio of hazards between presentations, or survival beyond the last published follow-up.",
        "tail": "Survival beyond ten years is an extrapolation; "
        "the family of curves is the largest single choice.",
        "boards_rest_on": "Only national deaths are available. Board figures rest on the prior and on each "
        "board's own primary registrations; differences between boards are not evidence about care.",
        "projection": "Years after 2020 are projected: no deaths were available for them.",
        "what_narrows_the_figures": "How much more closely the number living could be known depends on made-up parts.",
        "conflict_between_sources": "One source is contradicted by all the others together (made up).",
        "population": "Board populations end in 2019; later years hold the shares of 2019 (made up)."}


def make_content(**changes: Any) -> ReleaseContent:
    """Plausible made-up content; name a field to change it."""
    fields: dict[str, Any] = {
        "title": "Secondary breast cancer in Scotland (MADE-UP FIGURES FOR TESTS)",
        "scope": "Women, breast cancer (ICD-10 C50), made-up figures for tests", "headline": headline(),
        "tables": tables(), "words": words(), "config_text": 'version = 1\nname = "made-up"\n',
        "input_hashes": {"deaths.csv": "0" * 64}, "versions": {"python": "3.13.0", "sbc_prevalence": "0.1.0"},
        "seed": 20261123,
        "diagnostics": {"sampler": "nutpie", "chains": 4, "draws": 1000, "divergences": 0, "max_rhat": 1.005,
                        "min_ess_bulk": 1400, "min_ess_tail": 1200, "min_e_bfmi": 0.91},
        "rounding_unit": 10}
    return ReleaseContent(**(fields | changes))
