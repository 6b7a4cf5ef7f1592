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
# # Wales: one code for two things
#
# In Wales secondary breast cancer has been coded together with recurrence: one code for cancer that has spread to
# distant organs *and* for cancer that came back in the breast, the scar or the nodes nearby. The second can often be
# cured; the first cannot. Someone who counts the code counts both.
#
# What can such a count still tell, and how many case notes would have to be read to make it useful? This tutorial
# answers in three steps: the count taken for something it is not; the same count with a stated share; the same count
# with some of its people looked up.
#
# **Deaths of women in Wales and their primary registrations are published figures. No count under the grouped code is
# carried, so the counts under the code, and the deaths that go with them, are simulated**, in a world whose truth is
# known. Women only; not for publication: no disclosure control.

# %%
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from looks import GREY, MAGENTA, PURPLE, TEAL, footnote, show, use_plain_axes

import sbc_prevalence as sbp
from sbc_prevalence.evidence import GroupedCodes
from sbc_prevalence.model import lay_out
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.posterior import compile_model

use_plain_axes()


# %% [markdown]
# ## 1. What is published
#
# Two series, both carried with their source. About five women are newly diagnosed with primary breast cancer for
# every woman who dies of it, and between the two lies everything we want to know.

# %%
WALES = "W92000004"


def wales(name):
    """Yearly counts of Wales from a carried table."""
    rows = sbp.load_carried(name).frame.query("area_code == @WALES").astype({"year": int, "count": int})
    return rows[["area_code", "year", "count"]].reset_index(drop=True)


died, primaries = wales("uk_nations_deaths"), wales("uk_nations_primary_registrations")
figure, axes = plt.subplots(figsize=(7.2, 2.8))
for rows, colour, words in (
    (primaries, TEAL, "primary breast cancer registered"),
    (died, PURPLE, "died of breast cancer"),
):
    axes.plot(rows["year"], rows["count"], color=colour, linewidth=1.8)
    axes.text(rows["year"].iloc[2], rows["count"].max() + 60, words, color=colour, fontsize=9)
axes.set(
    ylim=(0, 3300),
    ylabel="women a year",
    title="Wales: what is counted, and what lies between is not",
    xticks=range(2002, 2023, 4),
)
axes.yaxis.set_major_formatter("{x:,.0f}")
footnote(
    figure,
    f"Registrations of 2020 are low: screening paused. Source: {sbp.load_carried('uk_nations_deaths').provenance.publisher}.",
)

# %% [markdown]
# ## 2. A Wales in which the truth is known
#
# The grouped count: women under the code each year, 2012 to 2019. In two of the years some of them, drawn at random,
# had their case notes read, and it was written down how many had metastatic disease. The entry states what would be
# believed **without** any case notes: the share is somewhere between .45 and .82, and the code catches most
# metastatic recurrences.
#
# All that the model does not know is drawn from its priors, with the first seed that gives about as many deaths as
# Wales has; only the share and the completeness of the code are set, away from the middle of what is stated, so that
# there is something to find out.

# %%
YEARS, CODED, LAST = range(2002, 2020), range(2012, 2020), 2019
TRUE_SHARE, TRUE_COMPLETENESS = 0.55, 0.77
NOTES = {2016: 150, 2018: 150}  # case notes read, by year
MADE_UP = {"source": "simulated", "as_of": "2020-12-31"}
areas = sbp.AreaSet((WALES,), ("Wales",), WALES, "Wales", level="nation", total_level="nation")

coded = pd.DataFrame({"area_code": WALES, "year": CODED, "presentation": "recurrent", "count": 700})  # replaced below
coded["n_validated"] = coded["year"].map(NOTES)
coded["n_metastatic"] = (coded["n_validated"] / 2).round()
stated = sbp.CompletenessPrior("logit_normal", median=0.65, lower95=0.45, upper95=0.82, source="a judgement")
catches = sbp.CompletenessPrior("logit_normal", median=0.80, lower95=0.72, upper95=0.86, source="a judgement")

evidence = sbp.EvidenceBundle(
    sbp.Deaths.from_frame(died[died["year"].isin(YEARS)], **MADE_UP),
    sbp.PrimaryRegistrations.from_frame(primaries[primaries["year"].isin(YEARS)], **MADE_UP),
    GroupedCodes.from_frame(
        coded.astype({"n_validated": "Int64", "n_metastatic": "Int64"}),
        name="grouped code",
        window_days=120,
        completeness=catches,
        metastatic_share=stated,
        **MADE_UP,
    ),
    sbp.PrimaryAgeProfile.from_table(sbp.load_carried("scotland_primary_age_profile")),
    sbp.PublishedSurvival.from_table(
        sbp.load_carried("published_survival"), own_studies=["England and Wales audit", "England"]
    ),
    sbp.DistantRecurrence.from_table(sbp.load_carried("distant_recurrence_seer")),
    sbp.OtherCauseMortality.from_table(sbp.load_carried("other_cause_mortality_scotland")),
)
evidence.validate(areas)
form = lay_out(evidence, evidence.align(areas, last_year=LAST, backcast_years=20, recurrence_lag_years=20))
model = sbp.PrevalenceModel(
    incidence=sbp.NaturalHistoryIncidence(window_days=120), survival=sbp.WeibullSurvival(trend=True)
)
CODE, SHARE = "grouped_code_recurrent", "metastatic_share_grouped_code_recurrent"

SEED = 15  # the first of 1, 2, 3, ... in whose world Wales's yearly deaths are met within a twentieth
drawn = model.parameters(form).draw(np.random.default_rng(SEED), 1)
parameters = {name: value[0] for name, value in drawn.items()}
parameters |= {SHARE: TRUE_SHARE, f"completeness_{CODE}": TRUE_COMPLETENESS}
world = simulate_world(model, form, SEED, parameters=parameters)
t = LAST - form.grid.first_year
recurrent = world.latent["incidence"][1].sum(0)
truth = {"newly diagnosed": world.latent["incidence"][..., t].sum(), "living": world.latent["living"][..., t].sum()}

held = (
    coded[["year"]]
    .astype(str)
    .assign(
        count=world.inputs.arrays[f"{CODE}_values"][: len(coded), 0],
        read=coded["n_validated"],
        metastatic=pd.Series(world.inputs.arrays[f"{CODE}_metastatic"][: len(coded)]).where(
            coded["n_validated"].notna()
        ),
        true=recurrent[[year - form.grid.first_year for year in CODED]],
    )
)
show(
    held.rename(
        columns={
            "count": "under the code",
            "read": "case notes read",
            "metastatic": "of these metastatic",
            "true": "truth: metastatic recurrences",
        }
    ),
    "Simulated Wales: women under the grouped code by year, what case notes said, and the true new metastatic recurrences, "
    "known to the code or not.",
).format(
    precision=0,
    thousands=",",
    na_rep="",
    subset=["under the code", "case notes read", "of these metastatic", "truth: metastatic recurrences"],
)

# %% [markdown]
# ## 3. One program, several questions
#
# Compiling a model takes longer than fitting it. All questions below have the same form and differ in numbers only,
# so the program is compiled once and its numbers are swapped: how many case notes were read; whether the code is
# listened to at all; and, as a trap, a model that is told that the code holds metastatic disease and nothing else.

# %%
compiled = compile_model(model, world.inputs)


def ask(inputs, asked=model):
    """Fit again and read the figures off; a fit that has not converged is refused."""
    fitted = sbp.fit(asked, inputs, seed=11, draws=300, tune=300, cores=1, progress=False, compiled=compiled)
    return sbp.estimate(fitted, index_date=f"{LAST}-12-31", index_year_only=True)


notes, found = (world.inputs.arrays[f"{CODE}_{word}"] for word in ("validated", "metastatic"))
unread = world.inputs.with_arrays({f"{CODE}_validated": 0 * notes, f"{CODE}_metastatic": 0 * found})
credulous = model.with_overrides(
    **{SHARE: {"center": 7.0, "sd": 0.01, "reason": "taken for metastatic disease, all of it"}}
)
some_read = world.inputs.with_arrays(
    {
        f"{CODE}_validated": np.minimum(notes, 20),
        f"{CODE}_metastatic": np.round(np.minimum(notes, 20) * found / np.maximum(notes, 1)),
    }
)
total, few = (int(given.arrays[f"{CODE}_validated"].sum()) for given in (world.inputs, some_read))
answers = {
    "deaths alone": ask(unread.with_power({CODE: 0.0})),
    "code taken for metastatic": ask(unread, credulous),
    "share stated": ask(unread),
    f"share stated, {few} case notes": ask(some_read),
    f"share stated, {total} case notes": ask(world.inputs),
}
print("\n".join(f"{name}: gate {est.fitted.gate}" for name, est in answers.items()))

# %% [markdown]
# ## 4. What each way says
#
# First the share itself. A count cannot tell it: more metastatic disease and less of the other, or the reverse, give
# the same count. Only the deaths, which say roughly how many women are newly diagnosed, lean on what was stated. Case
# notes do the rest.


# %%
def interval(values):
    """Median, lower and upper of a 95 % equal-tailed credible interval."""
    return np.quantile(np.asarray(values).ravel(), [0.5, 0.025, 0.975])


def place_of(axes, rows, true):
    """An interval for each way, the truth as a line."""
    for place, (name, (middle, lower, upper)) in enumerate(rows.items()):
        colour = (
            MAGENTA if "taken" in name else GREY if name in ("deaths alone", "stated, before any count") else PURPLE
        )
        axes.plot([lower, upper], [place, place], color=colour, linewidth=5, alpha=0.6, solid_capstyle="butt")
        axes.plot(middle, place, "o", color=colour)
    axes.axvline(true, color=TEAL, linewidth=1.8)
    axes.set(yticks=range(len(rows)), yticklabels=list(rows), ylim=(len(rows) - 0.5, -0.5))


before = model.parameters(form).draw(np.random.default_rng(1), 4000)[SHARE]
shares = {
    "stated, before any count": interval(before),
    **{name: interval(est.fitted.draws(SHARE)) for name, est in answers.items() if name.startswith("share")},
}
figure, axes = plt.subplots(figsize=(7.2, 2.5))
place_of(axes, shares, TRUE_SHARE)
axes.set(
    xlim=(0.3, 1.0),
    xlabel="share of women under the code who have metastatic disease",
    title="The share that is metastatic",
)
footnote(figure, "Simulated Wales. Green line: truth. Medians and 95 % credible intervals, equal-tailed.")

# %% [markdown]
# Then what it means for the figures that matter.

# %%
figures = {"newly diagnosed": {}, "living": {}}
for name, est in answers.items():
    figures["newly diagnosed"][name] = interval(est.newly_diagnosed(basis="expected").draws)
    figures["living"][name] = interval(est.point_prevalence(basis="expected").draws)

figure, both = plt.subplots(1, 2, figsize=(8.6, 3.0))
for axes, (name, rows), when in zip(both, figures.items(), (f"in {LAST}", f"on 31 December {LAST}"), strict=True):
    place_of(axes, rows, truth[name])
    axes.set(xlim=(0, None), xlabel="women", title=f"{name[:1].upper()}{name[1:]} {when}")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.locator_params(axis="x", nbins=5)
both[1].set(yticklabels=[])
footnote(
    figure, "Simulated Wales, expected women. Green line: truth. Medians and 95 % credible intervals, equal-tailed."
)

# %%
wide = {
    name: dict(zip(("median", "lower", "upper"), values, strict=True))
    for name, values in figures["newly diagnosed"].items()
}
alone = wide["deaths alone"]["upper"] / wide["deaths alone"]["lower"]
show(
    pd.DataFrame(
        [
            {
                "evidence": name,
                **{word: round(value) for word, value in row.items()},
                "truth": round(truth["newly diagnosed"]),
                "truth inside": "yes" if row["lower"] <= truth["newly diagnosed"] <= row["upper"] else "no",
                "upper / lower": row["upper"] / row["lower"],
                "narrower than deaths alone": f"{100 * (1 - np.log(row['upper'] / row['lower']) / np.log(alone)):.0f} %",
            }
            for name, row in wide.items()
        ]
    ),
    f"Simulated Wales: women newly diagnosed in {LAST}, truth beside the estimate, 95 % credible interval. Last column: how much "
    "shorter the interval is, on the logarithm.",
)

# %% [markdown]
# Taken for metastatic disease, the grouped code moves the interval to the wrong place and makes it no wider: nothing
# in its own figures warns of it, only that the deaths alone say something else. With the share merely stated the
# count adds little: what it says is what was stated. Case notes turn the same count into evidence on how many are
# newly diagnosed. How many are *living* is as uncertain as before, because that is a matter of survival, which no
# code can tell.
#
# ## 5. How many case notes?
#
# Of n notes read, what is left of the doubt in the share? The stated belief and a binomial sample, no model needed.
# The first hundred do most of the work.

# %%
centre, sd = stated.on_logit
grid = 1 / (1 + np.exp(-np.linspace(centre - 5 * sd, centre + 5 * sd, 2001)))
prior = np.exp(-0.5 * np.linspace(-5, 5, 2001) ** 2)


def spread(n):
    """Ratio of the ends of the 95 % interval of the share once n notes have been read, at the true share."""
    weight = prior * np.exp(n * (TRUE_SHARE * np.log(grid) + (1 - TRUE_SHARE) * np.log1p(-grid)))
    lower, upper = np.interp([0.025, 0.975], np.cumsum(weight) / weight.sum(), grid)
    return upper / lower


numbers = [0, 25, 50, 100, 200, 400, 800]
figure, axes = plt.subplots(figsize=(7.2, 2.6))
axes.plot(numbers, [spread(n) for n in numbers], "o-", color=PURPLE)
for n in numbers:
    axes.text(n + 8, spread(n) + 0.03, f"{spread(n):.2f}", fontsize=8.5)
axes.set(
    ylim=(1, 2.1),
    xlabel="case notes read, at random from those under the code",
    ylabel="upper / lower end",
    title="What case notes buy: the interval of the metastatic share",
)
footnote(
    figure,
    f"Stated belief {stated.median} ({stated.lower95} to {stated.upper95}), true share {TRUE_SHARE}; 95 % interval. No source: a calculation.",
)

# %% [markdown]
# The sample has to be drawn at random from those under the code, not from those who caught somebody's eye; and as the
# mix of recurrences may change, a little every year is better than much in one. `docs/how-to/grouped-codes.md` has
# the entry for a configuration file; for real Welsh counts the same lines run with a table in place of the simulated
# one.
