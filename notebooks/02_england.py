# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # England: what can be learnt from records that some trusts keep, some half keep, and some do not?
#
# In 2016 a charity asked every hospital trust in England how it records secondary (metastatic) breast cancer. Some
# record everybody, more record some people, some record nobody, and a few did not answer. Adding up such records
# gives a number; it is not the number of people with the disease.
#
# The first half of this tutorial builds a world in which the truth is known, with exactly England's answers, and asks
# what a count says there, what a model says, and how we know. The second half turns to two real counts of people
# flagged by hospital codes and asks what would have to be true for them to agree with England's deaths.
#
# **The trusts, their sizes and their registrations are simulated. The survey's answers, England's deaths, its primary
# registrations and the flagged counts are published figures.** Women only; not for publication: no disclosure
# control.

# %%
# %matplotlib inline
from itertools import count

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from looks import GREY, MAGENTA, PURPLE, TEAL, footnote, show, use_plain_axes
from scipy.special import expit, logit

import sbc_prevalence as sbp
from sbc_prevalence.estimators.implied_specificity import implied_specificity
from sbc_prevalence.evidence import RegimeSurvey
from sbc_prevalence.model import RegimeCompleteness, lay_out
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.posterior import GateLimits
from sbc_prevalence.prevalence.completeness import completeness_by_area
from sbc_prevalence.prevalence.decomposition import decomposition_table

use_plain_axes()


# %% [markdown]
# ## 1. What the trusts said
#
# The answers are carried with the package, with their source.

# %%
published = sbp.load_carried("completeness_published").frame
asked = published[published["setting"].str.contains("England trusts")]
given = asked["value"].astype(int).to_numpy()
n_answered, n_asked = (int(number) for number in asked["denominator"].str.extract(r"(\d+) \(of (\d+)").iloc[0])
ANSWERS = ("full", "partial", "none", "no_answer")
counts = dict(zip(ANSWERS, (*given, n_asked - n_answered), strict=True))
WORDS = {"full": "in full", "partial": "in part", "none": "not at all", "no_answer": "silent"}
COLOURS = dict(zip(ANSWERS, (TEAL, PURPLE, MAGENTA, GREY), strict=True))

figure, axes = plt.subplots(figsize=(7.2, 1.9))
left = 0
for answer, number in counts.items():
    axes.barh(0, number, left=left, color=COLOURS[answer])
    axes.text(left + number / 2, 0, f"{number}\n{WORDS[answer]}", ha="center", va="center", color="white", fontsize=8.5)
    left += number
axes.set(yticks=[], xlim=(0, n_asked), xlabel="trusts", title=f"How {n_asked} trusts record secondary breast cancer")
axes.spines["left"].set_visible(False)
footnote(figure, f"{n_answered} of {n_asked} trusts answered, 2016. Source: {asked['source'].iloc[0]}.")

# %% [markdown]
# An answer is a word, not a number. "In full" may be nine people in ten; "in part" may be two in three or one in
# four; and nobody knows what the silent trusts do. The model says just that: three completenesses in this order, with
# trusts of one answer still differing from each other, and a silent trust in any regime, to be told by its own
# counts.
#
# ## 2. A world in which the truth is known
#
# 134 trusts share England's yearly primary registrations in made-up sizes. Everything the model does not know for
# certain (recurrence, survival, how deaths are certified, how trusts differ) is **drawn from its priors**, not set to
# their centres: the seed is the first that gives about as many deaths over ten years as England had. Each trust then records by its
# regime.

# %%
ENGLAND, YEARS, RECORDED = "E92000001", range(2010, 2020), range(2018, 2020)
MADE_UP = {"source": "simulated", "as_of": "2020-12-31"}
TYPICAL = {"full": 0.90, "partial": 0.50, "none": 0.06}  # true completeness of a typical trust, hidden from the model
SPREAD = 0.35  # sd between trusts of one regime, on the logit scale

rng = np.random.default_rng(2016)
codes = [f"T{i:03d}" for i in range(1, n_asked + 1)]
areas = sbp.AreaSet(tuple(codes), tuple(f"Trust {code[1:]}" for code in codes), ENGLAND, "England", level="trust")


def england(name):
    """Yearly counts of England from a carried table."""
    rows = sbp.load_carried(name).frame.query("area_code == @ENGLAND").astype({"year": int, "count": int})
    return rows.set_index("year")["count"]


answers = rng.permutation(np.repeat(ANSWERS, list(counts.values())))
others = rng.choice(list(TYPICAL), n_asked, p=given / given.sum())
regime = np.where(answers == "no_answer", others, answers)
true_completeness = expit(logit([TYPICAL[word] for word in regime]) + SPREAD * rng.standard_normal(n_asked))

share = rng.dirichlet(np.full(n_asked, 5.0))
primaries = pd.DataFrame(
    [
        (code, year, rng.poisson(england("uk_nations_primary_registrations")[year] * part))
        for code, part in zip(codes, share, strict=True)
        for year in YEARS
    ],
    columns=["area_code", "year", "count"],
)
deaths = pd.DataFrame(
    {"area_code": ENGLAND, "year": YEARS, "count": england("uk_nations_deaths")[list(YEARS)].to_numpy()}
)
survey = pd.DataFrame({"area_code": codes, "answer": answers})
# two years of registrations are enough for this, and quick
cells = pd.MultiIndex.from_product([codes, RECORDED], names=["area_code", "year"]).to_frame(index=False)


def evidence_from(deaths, registered):
    """All that an analyst of this world would hold."""
    return sbp.EvidenceBundle(
        sbp.Deaths.from_frame(deaths, **MADE_UP),
        sbp.PrimaryRegistrations.from_frame(primaries, **MADE_UP),
        sbp.Registrations.from_frame(
            registered.assign(presentation="all"), name="register", window_days=120, **MADE_UP
        ),
        RegimeSurvey.from_frame(survey, **MADE_UP),
        sbp.PrimaryAgeProfile.from_table(sbp.load_carried("scotland_primary_age_profile")),
        sbp.PublishedSurvival.from_table(
            sbp.load_carried("published_survival"), own_studies=["England and Wales audit", "England"]
        ),
        sbp.DistantRecurrence.from_table(sbp.load_carried("distant_recurrence_seer")),
        sbp.OtherCauseMortality.from_table(sbp.load_carried("other_cause_mortality_scotland")),
    )


def laid_out(evidence):
    """Evidence as arrays on a grid of trusts and years."""
    evidence.validate(areas)
    return lay_out(evidence, evidence.align(areas, first_reported_year=2019, last_year=2019, backcast_years=10, recurrence_lag_years=12))


model = sbp.PrevalenceModel(
    incidence=sbp.NaturalHistoryIncidence(window_days=120),
    survival=sbp.WeibullSurvival(trend=True),
    completeness=RegimeCompleteness(),
)
form = laid_out(evidence_from(deaths, cells.assign(count=0)))  # the form only: its counts are replaced below
for seed in count(1):  # the first world in which England's yearly deaths are met within a twentieth
    world = simulate_world(model, form, seed)
    certified = world.inputs.deaths_frame.rename(columns={"count_lower": "count"})[["area_code", "year", "count"]]
    if abs(certified["count"].sum() / deaths["count"].sum() - 1) < 0.05:
        break
years = form.grid.years
new_cases = pd.DataFrame(world.latent["incidence"].sum(0), index=codes, columns=years)
living = pd.DataFrame(world.latent["living"].sum(0), index=codes, columns=years)

registered = cells.assign(count=rng.poisson(new_cases[list(RECORDED)].to_numpy() * true_completeness[:, None]).ravel())
truth = {"newly diagnosed in 2019": new_cases[2019].sum(), "living on 31 December 2019": living[2019].sum()}
show(
    pd.DataFrame(
        [
            ("deaths certified in 2019", england("uk_nations_deaths")[2019], certified["count"].iloc[-1]),
            ("registered in 2019", None, registered.query("year == 2019")["count"].sum()),
            *((name, None, round(value)) for name, value in truth.items()),
        ],
        columns=["women", "England, published", "this world"],
    ),
    "The simulated world beside England. Published: carried table of deaths of the UK nations.",
).format(precision=0, thousands=",", na_rep="not known")

# %% [markdown]
# ## 3. What a count says
#
# Three things people do with such records, beside what is true in this world. The first takes the records as they
# stand; the second takes the trusts that record "in full" at their word and scales them up by their share of
# primaries; the third takes all answers at their word, "in part" as a half, and the silent trusts as half too.

# %%
last = registered.query("year == 2019").set_index("area_code")["count"].reindex(codes).to_numpy()
size = primaries.query("year == 2019").set_index("area_code")["count"].reindex(codes).to_numpy()
full = answers == "full"
at_their_word = pd.Series(answers).map({"full": 1.0, "partial": 0.5, "none": 0.0, "no_answer": 0.5}).to_numpy()
naive = {
    "the records as they stand": last.sum(),
    "trusts that record in full, scaled up": last[full].sum() * size.sum() / size[full].sum(),
    "all answers at their word": last.sum() * size.sum() / (at_their_word * size).sum(),
}
true_new = truth["newly diagnosed in 2019"]
show(
    pd.DataFrame(
        [(way, round(value), f"{100 * (value / true_new - 1):+.0f} %") for way, value in naive.items()]
        + [("truth", round(true_new), "")],
        columns=["newly diagnosed in 2019", "women", "error"],
    ),
    "Counts of the newly diagnosed in the simulated world, none with an interval, and the truth.",
)

# %% [markdown]
# ## 4. What the model says
#
# The same records, the survey, the deaths and published survival go into one model. Completeness is a part of it, by
# trust; the nine silent trusts are summed over the regimes that they may be in. A fit that has not converged is
# refused. A release asks for 400 effective draws of every figure and an R-hat of at most 1.01; here 200 and 1.03 will do,
# in a good deal less time.

# %%
told = laid_out(evidence_from(certified, registered))
survival_points = {name: world.inputs.arrays[name] for name in told.arrays if name.startswith("point_")}
fitted = sbp.fit(model, told.with_arrays(survival_points), seed=134, draws=700, tune=600, limits=GateLimits(rhat=1.03, ess=200), progress=False)
print(fitted.gate)

# %%
est = sbp.estimate(fitted, index_date="2019-12-31")
known = est.identifiability().query("area_code == @ENGLAND and quantity in ['living', 'newly_diagnosed']")
known = known.set_index("quantity").loc[["newly_diagnosed", "living"]]

figure, both = plt.subplots(1, 2, figsize=(8.2, 3.0))
for axes, (name, value), (_, row) in zip(both, truth.items(), known.iterrows(), strict=True):
    for place, (lower, middle, upper), colour in (
        (1, row[["prior_lower", "prior_median", "prior_upper"]], GREY),
        (0, row[["lower", "median", "upper"]], PURPLE),
    ):
        axes.plot([lower, upper], [place, place], color=colour, linewidth=5, solid_capstyle="butt", alpha=0.6)
        axes.plot(middle, place, "o", color=colour)
    axes.axvline(value, color=TEAL, linewidth=1.8, label="truth")
    if name.startswith("newly"):
        for number in naive.values():
            axes.plot(number, -1, "x", color=MAGENTA)
    axes.set(
        yticks=[1, 0, -1],
        yticklabels=["before the data", "with all evidence", "the three counts"],
        ylim=(-1.6, 1.7),
        xlim=(0, None),
        xlabel="women",
        title=name[:1].upper() + name[1:],
    )
    axes.xaxis.set_major_locator(plt.MaxNLocator(5))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False, loc="upper right", fontsize=8)
both[1].set(yticks=[1, 0], yticklabels=[])
footnote(
    figure,
    "England-like simulated world. Dots: medians; bars: 95 % credible intervals, equal-tailed; crosses: the counts "
    "of section 3.",
)

# %%
show(
    pd.DataFrame(
        [
            (
                name,
                round(value),
                round(row["median"]),
                round(row["lower"]),
                round(row["upper"]),
                "yes" if row["lower"] <= value <= row["upper"] else "no",
                f"{100 * row['contraction']:.0f} %",
            )
            for (name, value), (_, row) in zip(truth.items(), known.iterrows(), strict=True)
        ],
        columns=["women", "truth", "median", "lower", "upper", "truth inside", "variance removed by the data"],
    ),
    "England-like simulated world: truth beside the estimate, 95 % credible interval (equal-tailed), expected persons.",
)

# %% [markdown]
# One world proves little: `docs/explanation/recovery.md` has the studies that repeat this over many worlds.
#
# ## 5. Trust by trust
#
# The completeness of every trust, with the truth that the model was not shown. Trusts with the same answer resemble
# each other, and their own counts, against what their primaries lead one to expect, move them apart.

# %%
by_trust = completeness_by_area(fitted).assign(truth=true_completeness, regime=regime)
by_trust["inside"] = by_trust["truth"].between(by_trust["lower"], by_trust["upper"])
by_trust["order"] = by_trust["answer"].map(ANSWERS.index)
ordered = by_trust.sort_values(["order", "median"]).reset_index(drop=True)

figure, axes = plt.subplots(figsize=(8.2, 3.6))
for answer, part in ordered.groupby("answer", sort=False):
    axes.vlines(part.index, part["lower"], part["upper"], color=COLOURS[answer], alpha=0.45, linewidth=2.5)
    axes.plot(part.index, part["median"], ".", color=COLOURS[answer], markersize=5)
    axes.text(
        part.index.to_numpy().mean(),
        1.03,
        f"{WORDS[answer]} ({len(part)})",
        ha="center",
        color=COLOURS[answer],
        fontsize=8.5,
    )
axes.plot(ordered.index, ordered["truth"], "_", color="black", markersize=6, label="truth")
axes.set(
    xticks=[],
    xlim=(-2, len(ordered) + 1),
    ylim=(0, 1.1),
    ylabel="completeness",
    xlabel="trusts, by their answer and estimated completeness",
)
axes.set_title(f"Completeness of {n_asked} trusts: {ordered['inside'].mean():.0%} of the truths lie inside", pad=12)
axes.legend(frameon=False, loc="lower left", fontsize=8)
footnote(
    figure,
    "England-like simulated world. Completeness: probability that a true case is in the register. Medians and 95 % "
    "credible intervals.",
)

# %% [markdown]
# What each group of trusts rests on. Where nothing is recorded, the trust's own figures say little about it: its
# newly diagnosed follow from its primaries and from what the other trusts teach.

# %%
narrowed = est.identifiability().query("quantity == 'newly_diagnosed'").set_index("area_code")["contraction"]
groups = (
    by_trust.assign(contraction=by_trust["area_code"].map(narrowed))
    .groupby("answer")
    .agg(
        trusts=("answer", "size"),
        registered=("registered", "sum"),
        lowest=("median", "min"),
        middle=("median", "median"),
        highest=("median", "max"),
        inside=("inside", "sum"),
        narrowed=("contraction", "median"),
    )
    .loc[list(ANSWERS)]
)
groups.insert(0, "records", [WORDS[answer] for answer in groups.index])
show(
    groups.rename(
        columns={
            "registered": "registered 2018-19",
            "lowest": "completeness, lowest",
            "middle": "middle",
            "highest": "highest",
            "inside": "truth inside 95 %",
            "narrowed": "variance of the newly diagnosed removed (median trust)",
        }
    ),
    "Simulated trusts by their answer: people registered, posterior medians of completeness, trusts whose true completeness "
    "lies inside its 95 % interval, and how far the data narrowed a trust's newly diagnosed.",
).format(precision=2, thousands=",").format("{:,.0f}", subset=["registered 2018-19"])

# %% [markdown]
# The silent trusts: their own counts say which regime they are in.

# %%
silent = by_trust.query("answer == 'no_answer'").sort_values("median")
show(
    silent[["area_name", "registered", "probability_full", "probability_partial", "probability_none", "regime"]]
    .assign(registered=silent["registered"].round().astype(int), regime=silent["regime"].map(WORDS))
    .rename(
        columns={
            "area_name": "trust",
            "registered": "registered 2018-19",
            "probability_full": "in full",
            "probability_partial": "in part",
            "probability_none": "not at all",
            "regime": "truth: records",
        }
    ),
    f"The {len(silent)} silent trusts of the simulated world: probability of each regime, given all evidence, and the truth.",
)

# %% [markdown]
# Who are the living, as the register knows them? Each person is in the first part that fits, and the parts sum to the
# living in every draw. Most of the living were never registered, or were diagnosed before the register began.

# %%
parts = est.decomposition()
described = {
    "diagnosed_before_the_data": "diagnosed before 2018",
    "registered_and_followed": "registered",
    "not_yet_reported": "not yet reported",
    "never_registered": "never registered",
}

rows = decomposition_table(est, parts, 0.95).query(
    "area_code == @ENGLAND and basis == 'realised' and part in @described"
)
show(
    rows.assign(part=rows["part"].map(described), share=(100 * rows["share"]).round().astype(int).astype(str) + " %")[
        ["part", "median", "lower", "upper", "share"]
    ].rename(columns={"part": "living on 31 December 2019", "share": "share (median)"}),
    "England-like simulated world: the living by what the register knows of them, women, median and 95 % credible interval.",
).format(precision=0, thousands=",")

# %% [markdown]
# ## 6. A finding on two real counts
#
# Hospital codes flagged so many people in England as having secondary breast cancer, in two years four years apart:

# %%
quoted = sbp.load_carried("comparison_figures").frame
flags = quoted[quoted["method"].str.contains("HES") & (quoted["region"] == "England")]
died = england("uk_nations_deaths")
# a financial year is three quarters of the first calendar year and one of the next; deaths of 2021 are not carried
deaths_of_year = [0.75 * died[2016] + 0.25 * died[2017], float(died[2020])]
show(
    flags[["date_or_period", "value", "counts"]]
    .assign(value=flags["value"].astype(int), deaths=np.round(deaths_of_year).astype(int))
    .rename(
        columns={
            "date_or_period": "year",
            "value": "people flagged",
            "counts": "what was counted",
            "deaths": "women who died of breast cancer",
        }
    ),
    f"England, published. Flags: {flags['source'].iloc[0]}. Deaths: carried table of the UK nations.",
).format(thousands=",")

# %% [markdown]
# Half as many again, while deaths stood still. Flags are right (sensitivity) or wrong (1 - specificity), and who is
# searched is everybody who has ever had primary breast cancer, so that even a small share of errors is many people:
#
#     flagged = Se P + (1 - Sp) (searched - P),  P = deaths x (living per death + 1 / kappa)
#
# P is everybody who lived with the disease at some time in the year. Which specificity reconciles flags and deaths?
# We must state what else is believed; every range is 95 %, and every one can be changed here.

# %%
us = (
    quoted[(quoted["region"] == "United States") & quoted["date_or_period"].isin(["2013-01-01", "2013"])]
    .set_index("measure")["value"]
    .astype(float)
)
us_years = us["prevalence women"] / us["female breast cancer deaths"]
beliefs = {
    "duration": (3.0, 6.0),
    "kappa": (0.80, 1.15),
    "sensitivity": (0.60, 0.98),
    "base": [(480_000, 700_000), (540_000, 790_000)],
}
reasons = {
    "duration": (
        "living per certified death (years)",
        f"published estimates: {us_years:.1f} in the United States (carried), to about 6",
    ),
    "kappa": ("certified deaths / deaths with the disease", "judgement, as in the model"),
    "sensitivity": (
        "sensitivity of a year of hospital codes",
        "judgement: validated algorithms find about .95, a year of admissions fewer",
    ),
    "base": (
        "people searched, 2016/17 and 2020/21",
        "judgement: survivors of primary breast cancer, see docs/explanation/england-flagged-counts.md",
    ),
}
show(
    pd.DataFrame(
        [
            (words, "; ".join(f"{low:,} to {high:,}" for low, high in np.atleast_2d(beliefs[key]).tolist()), why)
            for key, (words, why) in reasons.items()
        ],
        columns=["input", "95 % range", "where from"],
    ),
    "What is believed beside the two counts and the deaths.",
)

# %%
together = implied_specificity(
    flagged=flags["value"].astype(float).to_numpy(),
    certified_deaths=deaths_of_year,
    definition="coded_in_year",
    **beliefs,
)
apart = [
    implied_specificity(
        flagged=[float(flags["value"].iloc[i])],
        certified_deaths=[deaths_of_year[i]],
        definition="coded_in_year",
        **{**beliefs, "base": [beliefs["base"][i]]},
    )
    for i in (0, 1)
]


def spoken(values, places=3):
    """Median (lower to upper)."""
    return "{:.{p}f} ({:.{p}f} to {:.{p}f})".format(*values, p=places)


labels = flags["date_or_period"].tolist()
show(
    pd.DataFrame(
        [
            ("specificity, both years together", *map(spoken, together.interval())),
            ("specificity, each year alone", *(spoken(one.interval()[0]) for one in apart)),
            (
                "share of the flagged without the disease, both together (%)",
                *(spoken(100 * values, 0) for values in together.interval("false_share")),
            ),
        ],
        columns=["", *labels],
    ),
    "Specificity that reconciles people flagged with deaths, England: median (95 % interval), within the stated ranges.",
)

# %%
figure, axes = plt.subplots(figsize=(8.2, 3.2))
rows = [
    (f"{label}, {how}", found)
    for i, label in enumerate(labels)
    for how, found in (("both years together", together.interval()[i]), ("alone", apart[i].interval()[0]))
]
for place, (_, (middle, lower, upper)) in enumerate(rows):
    axes.plot(
        [lower, upper],
        [place, place],
        color=PURPLE if place < 2 else TEAL,
        linewidth=5,
        alpha=0.6,
        solid_capstyle="butt",
    )
    axes.plot(middle, place, "o", color=PURPLE if place < 2 else TEAL)
validated = published[published["measure"].str.contains("specificity")]
for setting, value in zip(validated["setting"], validated["value"].astype(float), strict=True):
    axes.axvline(value, color=GREY, linestyle="--", linewidth=1)
    axes.text(value, -0.75, f"{' '.join(setting.split()[:3])}: {value:.3f}", fontsize=7.5, ha="center", color="#5A5466")
axes.set(
    yticks=range(len(rows)),
    yticklabels=[name for name, _ in rows],
    ylim=(len(rows) - 0.5, -1.0),
    xlim=(0.905, 1.003),
    xlabel="specificity",
    title="Which specificity reconciles the flags with the deaths?\n",
)
footnote(
    figure,
    "England. Medians and 95 % intervals within the stated ranges. Dashed: specificity as validated for two other algorithms, "
    "in their own populations (carried).",
)

# %%
low, high = spoken(-together.change()[[0, 2, 1]]), f"{100 * (1 - apart[0].share_possible):.0f} %"
print(f"From {labels[0]} to {labels[1]} specificity would have had to fall by {low}.")
print(
    f"In {high} of the stated ranges fewer people were flagged in {labels[0]} than the true cases that should have been."
)
print(
    f"A specificity of {float(validated['value'].min())} would by itself flag "
    f"{(1 - float(validated['value'].min())) * np.mean(beliefs['base'][0]):,.0f} people in error among "
    f"{np.mean(beliefs['base'][0]):,.0f} searched."
)

# %% [markdown]
# That is the finding, and it is no verdict. No single specificity reconciles both counts with deaths that stood
# still: coding became fuller or less exact, or more people were searched, or people live longer than published
# survival says. The counts can serve as evidence once their accuracy has been validated for a year of hospital codes
# (`docs/how-to/flagged-counts.md`); until then they stand beside the estimates, not inside them.
