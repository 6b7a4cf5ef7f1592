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
# # The United Kingdom: four nations, one question, and what the figures cannot say
#
# "Around 36,000 people are living with secondary breast cancer in the United Kingdom, and 11,400 die of it each
# year." For years this pair of figures has been quoted, and later 61,000 beside it. The deaths are counted. The
# living are not: no nation of the United Kingdom has a register of them, and Northern Ireland, with some 300 deaths a
# year, is the smallest of the four.
#
# This tutorial estimates the living from the published deaths and primary registrations of all four nations, sets the
# quoted figures beside the estimate, and then asks the more useful question: **which parts of the answer do the data
# give, and which parts are beliefs?**
#
# Figures are published ones, carried with their source. Scotland's mix of ages and mortality from other causes stand
# in for those of the other nations. Women only; not for publication: no disclosure control.

# %%
# %matplotlib inline
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from looks import GREY, MAGENTA, PURPLE, TEAL, footnote, show, use_plain_axes

import sbc_prevalence as sbp
from sbc_prevalence.config import load_config
from sbc_prevalence.prevalence.comparisons import comparison_table
from sbc_prevalence.prevalence.conflict import conflict_words
from sbc_prevalence.prevalence.identifiability import influence_words
from sbc_prevalence.study import prepare

use_plain_axes()


def spoken(row, prefix="", places=0):
    """Median (lower to upper) of a row."""
    return "{:,.{p}f} ({:,.{p}f} to {:,.{p}f})".format(
        *(row[f"{prefix}{word}"] for word in ("median", "lower", "upper")), p=places
    )


# %% [markdown]
# ## 1. The evidence
#
# The example `uk-nations` is shipped with the package: one file that names its tables and its model, the same that
# `sbc-prevalence run uk-nations` runs. `prepare` reads and checks everything, and samples nothing.

# %%
study = prepare(load_config("uk-nations"))
nations = dict(zip(study.areas.codes, study.areas.names, strict=True))
WHOLE = study.areas.total_code
print(study.summary())

# %% [markdown]
# Deaths fall, but for Northern Ireland's, while registrations of primary disease rise. The series begin and end in
# different years.

# %%
deaths, primaries = study.bundle.deaths.frame, study.bundle.primary_registrations.frame
start = 2002
figure, both = plt.subplots(1, 2, figsize=(8.6, 3.0), sharex=True)
for axes, rows, words in zip(
    both, (deaths, primaries), ("died of breast cancer", "registered with primary breast cancer"), strict=True
):
    for (code, name), colour in zip(nations.items(), (PURPLE, GREY, TEAL, MAGENTA), strict=True):
        part = rows[(rows["area_code"] == code) & (rows["year"] >= start)].set_index("year")["count"]
        axes.plot(
            part.index,
            100 * part / part.loc[start : start + 4].mean(),
            color=colour,
            linewidth=1.6,
            label=f"{name} ({part.loc[start : start + 4].mean():,.0f})",
        )
    axes.set(
        title=f"Women who {words}" if words.startswith("died") else f"Women {words}",
        ylim=(60, 150),
        xticks=range(2002, 2023, 5),
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left")
both[0].set_ylabel(f"{start}-{start + 4} = 100")
footnote(
    figure,
    "In brackets: mean a year in 2002-2006. Registrations of 2020 are low: screening paused. "
    f"Source: {study.bundle.deaths.provenance.publisher}.",
)

# %% [markdown]
# ## 2. Fit
#
# A short run, but through the real gate: a fit that has not converged raises `FitRefused`.

# %%
fitted = sbp.fit(study.model, study.inputs, seed=20261124, draws=400, tune=400, cores=1, progress=False)
print(fitted.gate)

# %% [markdown]
# ## 3. Estimates, by nation

# %%
est = sbp.estimate(fitted, index_date=study.index_date)
living, new = (quantity.table() for quantity in (est.point_prevalence(by="area"), est.newly_diagnosed(by="area")))
whole = [quantity.table().iloc[0] for quantity in (est.point_prevalence(), est.newly_diagnosed())]
year = study.index_date.year
observed = deaths[deaths["year"] == year].set_index("area_code")["count"]
rows = [
    (
        nations[code],
        int(observed[code]),
        spoken(new.set_index("area_code").loc[code]),
        spoken(living.set_index("area_code").loc[code]),
    )
    for code in nations
]
rows.append(("United Kingdom", int(observed[list(nations)].sum()), spoken(whole[1]), spoken(whole[0])))
show(
    pd.DataFrame(
        rows,
        columns=["nation", f"died of breast cancer, {year}", f"newly diagnosed, {year}", f"living, 31 December {year}"],
    ),
    f"Women with secondary breast cancer: median (95 % credible interval, equal-tailed), realised persons, beside certified deaths. {est.scope}.",
)

# %%
est.point_prevalence(by="area").plot()

# %% [markdown]
# Northern Ireland is small enough for chance to matter: of the width of its interval, how much is the play of small
# numbers, and how much is what nobody knows about survival, which it shares with the others?

# %%
widths = []
for basis in ("expected", "realised"):
    table = est.point_prevalence(by="area", basis=basis).table()
    widths.append(np.log(table["upper"] / table["lower"]).to_numpy())
show(
    pd.DataFrame(
        {
            "nation": table["area_name"],
            "living (median)": table["median"].round().astype(int),
            "upper / lower, expected": np.exp(widths[0]),
            "upper / lower, realised": np.exp(widths[1]),
        }
    ),
    f"Living on 31 December {year}: ratio of the ends of the 95 % interval, without (expected) and with (realised) the chance of whole people.",
)

# %% [markdown]
# The two columns hardly differ: even for Northern Ireland the doubt is about how long women live, not about chance.
#
# ## 4. The figures that are quoted, and what each counts

# %%
table = comparison_table(est, study.bundle.comparison_figures.frame, 0.95)
british = table[table["region"].isin(["UK", "England", "Scotland"])]
show(
    pd.DataFrame(
        {
            "where": british["region"],
            "when": british["date"],
            "published": [v if isinstance(v, str) else f"{v:,.0f}" for v in british["published"]],
            "what it counts": british["what_it_counts"],
            "ours": [
                "" if pd.isna(m) else f"{m:,.0f} ({lo:,.0f} to {hi:,.0f})"
                for m, lo, hi in british[["ours_median", "ours_lower", "ours_upper"]].itertuples(index=False)
            ],
            "note": british["note"],
            "source": british["source"],
        }
    ),
    "Figures that people quote, never fitted to, and ours for the same women where the date allows: median (95 % credible interval).",
)

# %%
quoted = study.bundle.comparison_figures.frame.set_index("measure")
pair = {
    "living": float(quoted.loc["people living with secondary breast cancer", "value"]),
    "deaths": float(quoted.loc["deaths from secondary breast cancer", "value"]),
}
ratio = est.implied_duration().query("denominator.str.startswith('certified')").set_index("year")

figure, axes = plt.subplots(figsize=(7.2, 3.0))
axes.fill_between(ratio.index, ratio["lower"], ratio["upper"], color=PURPLE, alpha=0.18, linewidth=0)
axes.plot(ratio.index, ratio["median"], color=PURPLE, linewidth=1.8, label="ours")
axes.axhline(
    pair["living"] / pair["deaths"],
    color=TEAL,
    linestyle="--",
    linewidth=1.4,
    label=f"quoted: {pair['living']:,.0f} / {pair['deaths']:,.0f} = {pair['living'] / pair['deaths']:.1f}",
)
axes.set(
    ylim=(0, None),
    ylabel="years",
    title="Women living for each certified death a year, United Kingdom",
    xticks=range(2002, 2022, 3),
)
axes.legend(frameon=False, loc="lower left", fontsize=9)
footnote(
    figure,
    f"Median and 95 % credible interval, equal-tailed. Quoted: {quoted.loc['people living with secondary breast cancer', 'source']}.",
)

# %% [markdown]
# The quoted pair is some three years of life for each death: well inside what survival elsewhere allows. So are
# figures a third lower and half as high again; an interval as wide as ours contradicts hardly anybody. A number of
# the living is no better than the survival that comes with it, and the published survival carried holds none after
# recurrence from any nation of the United Kingdom.
#
# ## 5. What the data say, and what they do not
#
# **Contraction**: the share of the prior variance that the data removed. 1: the data said all. 0: what is printed is
# the belief that went in.

# %%
known = est.identifiability()
words = {
    "living": "living",
    "newly_diagnosed": "newly diagnosed",
    "implied_duration": "living per death (years)",
    "de_novo_share": "de novo share",
}
of_whole = known[(known["area_code"] == WHOLE) & known["quantity"].isin(list(words))]
show(
    pd.DataFrame(
        [
            {
                "United Kingdom": words[row["quantity"]],
                "before the data": spoken(row, "prior_", 0 if row["median"] > 50 else 2),
                "with the data": spoken(row, "", 0 if row["median"] > 50 else 2),
                "variance removed": f"{100 * row['contraction']:.0f} %",
            }
            for row in of_whole.to_dict("records")
        ]
    ),
    f"United Kingdom, {study.index_date:%d %B %Y} and its year: prior and posterior median (95 % credible interval), expected persons.",
)

# %% [markdown]
# **What would narrow it further**: let each source, and each group of priors, count a little more and see how the
# answer narrows (power-scaling). No fit is needed, only the draws.

# %%
shares = est.influences().query("area_code == @WHOLE and quantity in ['living', 'newly_diagnosed']")
order = shares.groupby("title")["relative_share"].sum().sort_values().index
figure, both = plt.subplots(1, 2, figsize=(9.2, 3.0), sharey=True)
for axes, quantity in zip(both, ("newly_diagnosed", "living"), strict=True):
    part = shares[shares["quantity"] == quantity].set_index("title").loc[order]
    axes.barh(
        part.index, 100 * part["relative_share"], color=[PURPLE if p == "evidence" else GREY for p in part["part"]]
    )
    axes.set(title=words[quantity].capitalize(), xlabel="share of what would narrow it (%)", xlim=(0, 100))
footnote(
    figure, "United Kingdom. Purple: evidence; grey: priors. Shares that cannot be told from nothing are drawn as 0."
)
print(fill(influence_words(shares, WHOLE), 110))

# %% [markdown]
# The deaths removed most of the doubt about how many women are newly diagnosed, and are so exact that more of them
# would add nothing: what is left is how deaths are certified. How many are living is a matter of survival, half of it
# published and half of it belief, and no further years of deaths will change that. It is the strongest argument there
# is for recording the disease.
#
# **Do the sources contradict each other?** Each is left out in turn, and what all the others predict for it is set
# beside it. Here there is almost nothing to set: without the deaths nothing counts people any more, and without
# published survival the draws at hand no longer serve (k-hat above 0.7), so that another fit would be needed; a run
# with `sbc-prevalence run uk-nations` makes it. The table says so rather than leave a gap. A second count of people
# in any nation would give the deaths something to agree or to disagree with.

# %%
conflict = est.conflicts()
show(
    conflict[["title", "method", "k_hat"]].rename(
        columns={"title": "source left out", "method": "what could be done", "k_hat": "k-hat of the weights"}
    ),
    "United Kingdom: each source of evidence left out in turn. Weights of the draws serve up to a k-hat of 0.7.",
)

# %%
print(conflict_words(conflict))

# %% [markdown]
# ## 6. In words
#
# The package writes the sentences that must stand beside the numbers.

# %%
said = est.describe_words()
for heading in ("definition", "what_data_inform", "what_they_do_not", "tail"):
    print(fill(said[heading], 110), end="\n\n")

# %% [markdown]
# What is not here: a split of the living by what a register knows of them needs registrations (`02_england.py` has
# one), and the answer under other survival families and hazard ratios is part of `sbc-prevalence run uk-nations`.
