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
# # Scotland: how many women are living with secondary breast cancer?
#
# No Scottish series of secondary diagnoses exists. This tutorial estimates one from what does exist: deaths,
# registrations of primary disease, published survival, and published risks of recurrence. It takes about two minutes,
# most of which is the compilation of the model.
#
# Women only (the deaths carried are women's, ICD-10 C50). Not for publication: no disclosure control.

# %%
import sbc_prevalence as sbp

# %% [markdown]
# ## 1. Evidence, each piece with its origin
#
# The package carries these tables. `from_frame` takes a data frame of your own in the same shape
# (`docs/reference/evidence-tables.md`).

# %%
deaths = sbp.Deaths.from_table(sbp.load_carried("scotland_deaths"))
deaths

# %%
evidence = sbp.EvidenceBundle(
    deaths,
    sbp.PrimaryRegistrations.from_table(sbp.load_carried("scotland_primary_registrations")),
    sbp.PrimaryAgeProfile.from_table(sbp.load_carried("scotland_primary_age_profile")),
    sbp.Population.from_table(sbp.load_carried("scotland_population")),
    sbp.PublishedSurvival.from_table(
        sbp.load_carried("published_survival"), own_studies=["England and Wales audit", "England"]
    ),
    sbp.DistantRecurrence.from_table(sbp.load_carried("distant_recurrence_seer")),
    sbp.OtherCauseMortality.from_table(sbp.load_carried("other_cause_mortality_scotland")),
)
areas = sbp.load_areas("scotland_boards", total_code="S92000003", total_name="Scotland")
evidence.validate(areas)
evidence

# %% [markdown]
# Which area-years rest on what? Deaths are national, so boards see them only through the nation.

# %%
coverage = evidence.coverage(areas)
coverage[coverage["year"] == 2019].head(3)

# %%
print(evidence.citation())

# %% [markdown]
# ## 2. A model, described before it is built
#
# De novo disease comes from smoothed primaries, recurrences from earlier primaries through the crude risk of distant
# recurrence. Survival is Weibull, with a trend by diagnosis year, never better than other-cause mortality allows.

# %%
model = sbp.PrevalenceModel(
    incidence=sbp.NaturalHistoryIncidence(window_days=120), survival=sbp.WeibullSurvival(trend=True)
)
model

# %% [markdown]
# ## 3. Fit
#
# The sampler is nutpie's NUTS. A fit is passed on only if every reported total has converged; otherwise it raises
# `FitRefused` and says which quantity failed.

# %%
fitted = sbp.fit(model, evidence, areas=areas, pause_years=[2020, 2021], seed=20261123, progress=False)
fitted

# %% [markdown]
# ## 4. Estimates

# %%
est = sbp.estimate(fitted, index_date="2020-12-31")
est.point_prevalence(by="nation").table(ci_prob=0.95)

# %%
est.newly_diagnosed(by="nation").table(ci_prob=0.95).tail(3)

# %% [markdown]
# Living over newly dying: between 3 and 6 years in published estimates. This is where the answer is least informed by data.

# %%
est.implied_duration().query("year == 2020")

# %% [markdown]
# By board, with the statement of what each number rests on.

# %%
boards = est.point_prevalence(by="area").table(ci_prob=0.95)
boards[["area_name", "median", "lower", "upper", "rests_on"]]

# %%
est.point_prevalence(by="area").plot()

# %% [markdown]
# Any index date works, a leap day included; and draws can be used directly. One specialist nurse for 60 people:

# %%
leap_day = sbp.estimate(fitted, index_date="2020-02-29")
leap_day.point_prevalence(by="nation").table()[["index_date", "median", "lower", "upper"]]

# %%
nurses = est.point_prevalence(by="area").draws / 60
nurses.quantile([0.025, 0.5, 0.975], dim=("chain", "draw")).round(1)

# %% [markdown]
# ## 5. The same in plain Python
#
# The convolution itself is a function of plain arrays: 1,000 diagnoses a year for ever, mean survival three years.

# %%
import numpy as np

survivorship = sbp.kernels.survivorship(lambda u: np.exp(-u / 3.0), n_durations=200)
living = sbp.kernels.living_by_duration(np.full(200, 1000.0), survivorship)[-1]
print({years: round(living[:years].sum(), 3) for years in (1, 3, 5, 10, 20)})
