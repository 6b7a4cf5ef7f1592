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
# registrations of primary disease, published survival, and published risks of recurrence. It takes two to three
# minutes on two cores, most of it for compiling the model and sampling.
#
# Women only (the deaths carried are women's, ICD-10 C50). **Not for publication: no disclosure control.**

# %%
# %matplotlib inline
import numpy as np

import sbc_prevalence as sbp

# %% [markdown]
# ## 1. Evidence, each piece with its origin
#
# The package carries these tables. `from_frame` takes a data frame of your own in the same form
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
# Which area-years rest on what? Deaths are national: boards see them only through Scotland (`through S92000003`).
# There is no registration of metastatic disease and no count of the living anywhere.

# %%
coverage = evidence.coverage(areas)
coverage[coverage["year"] == 2019].head(3)

# %%
print(evidence.citation())

# %% [markdown]
# ## 2. A model, described before it is built
#
# De novo disease comes from smoothed primaries, recurrences from earlier primaries through the crude risk of distant
# recurrence. Survival is Weibull with a trend by year of diagnosis, and never better than mortality from other causes
# allows. `docs/explanation/model.md` has every equation; `sbc-prevalence describe scotland` prints every prior with
# its source or its reason.

# %%
model = sbp.PrevalenceModel(
    incidence=sbp.NaturalHistoryIncidence(window_days=120), survival=sbp.WeibullSurvival(trend=True)
)
print(model.specification())

# %% [markdown]
# ## 3. Fit
#
# The sampler is nutpie's NUTS. A fit is passed on only if every reported total has converged; otherwise `fit` raises
# `FitRefused` and says which quantity failed. Registrations of primaries were interrupted in 2020 and 2021; those
# years are not taken for fewer de novo diagnoses.

# %%
fitted = sbp.fit(model, evidence, areas=areas, pause_years=[2020, 2021], seed=20261123, progress=False)
fitted

# %%
print(fitted.gate)

# %% [markdown]
# ## 4. Estimates
#
# The living on 31 December 2020. The numbers are realised counts: they hold the chance variation of whole people. Each
# interval is equal-tailed and says its level. They are as sampled: a release rounds each to what its simulation error allows
# (4,100 rather than 4,073, say), and so should you before you quote one.

# %%
est = sbp.estimate(fitted, index_date="2020-12-31")
est.point_prevalence(by="nation")

# %% [markdown]
# Newly diagnosed, year by year. Deaths end in 2020, so 2021 is projected and says so.

# %%
est.newly_diagnosed(by="year").table(ci_prob=0.95)[["year", "median", "lower", "upper", "ci_kind", "projected"]].tail(4).round(0)

# %%
est.newly_diagnosed(by="year").plot()

# %% [markdown]
# By time since the metastatic diagnosis, and by presentation.

# %%
est.point_prevalence(by="duration")

# %%
est.point_prevalence(by="presentation")

# %% [markdown]
# ## 5. How far to trust it
#
# Implied duration is living divided by deaths, with the denominator named. Published estimates lie between about 3 and
# 6 years, and this is where the answer is least informed by data: deaths say how many women are diagnosed, not how long
# they live.

# %%
for row in est.implied_duration().query("year == 2020").to_dict("records"):
    print(f"{row['median']:.1f} ({row['lower']:.1f} to {row['upper']:.1f}) years: living / {row['denominator']}")

# %%
words = est.describe_words()
print(words["what_data_inform"], words["what_they_do_not"], words["tail"], sep="\n\n")

# %% [markdown]
# What the data narrowed. Contraction is 0 where they said nothing (a little less by simulation error), near 1 where they said
# nearly all. The board spread
# (`area_sd`) is its prior, and so, nearly, are kappa, the tail of survival (`hazard_tail_ratio`) and Scotland's own
# difference from the studies (`own_survival_error`). The ratio of hazards, recurrent to de novo, is narrowed only by
# setting published curves of different populations beside each other: do not read it as measured.

# %%
learned = est.prior_posterior()
learned = learned[~learned["parameter"].str.startswith("time_effect")].sort_values("contraction", ascending=False)
columns = ["prior_median", "posterior_median", "posterior_lower", "posterior_upper", "contraction"]
learned.set_index("parameter")[columns].round(2)

# %% [markdown]
# The choice of survival family and the ratio of hazards, recurrent to de novo, move the living more than this interval
# shows. `sbc-prevalence run scotland` repeats the national table under each of them and puts it in the report
# (`docs/how-to/read-the-report.md`).

# %% [markdown]
# ## 6. Boards
#
# By board, with one sentence on what the numbers rest on.

# %%
boards = est.point_prevalence(by="area").table(ci_prob=0.95)
print(boards["rests_on"].iloc[0])
boards.sort_values("median", ascending=False)[["area_name", "median", "lower", "upper", "ci_prob", "ci_kind"]].round(
    {"median": 0, "lower": 0, "upper": 0})

# %%
est.point_prevalence(by="area").plot()

# %% [markdown]
# ## 7. Any date, any use of the draws
#
# Any index date works, a leap day included.

# %%
leap_day = sbp.estimate(fitted, index_date="2020-02-29")
leap_day.point_prevalence(by="nation")

# %% [markdown]
# Draws carry the uncertainty into whatever is made of them. One specialist nurse for 60 people:

# %%
nurses = est.point_prevalence(by="area").draws / 60
by_board = nurses.quantile([0.5, 0.025, 0.975], dim=("chain", "draw")).to_pandas().T.round(1)
by_board.rename(index=dict(zip(areas.codes, areas.names, strict=True))).rename(
    columns={0.5: "median", 0.025: "lower", 0.975: "upper"})

# %% [markdown]
# ## 8. Save it, and go on later
#
# One file holds the model, the evidence and every draw; it is read in seconds, without PyMC. A run of
# `sbc-prevalence run scotland` leaves the same file in `releases/scotland/internal/fit.nc`
# (`docs/how-to/reopen-a-fit.md`).

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

with TemporaryDirectory() as folder:
    path = fitted.save(Path(folder) / "scotland.nc")
    reopened = sbp.load_fitted(path)
mid_2018 = sbp.estimate(reopened, index_date="2018-06-30")
mid_2018.point_prevalence(by="presentation")

# %% [markdown]
# ## 9. The convolution on plain arrays
#
# The kernel needs no model: 1,000 diagnoses a year for ever, mean survival three years, diagnosed within the last 1, 3,
# 5, 10 and 20 years. (Closed form: 850.406, 1896.362, 2433.373, 2892.978, 2996.182.)

# %%
survivorship = sbp.kernels.survivorship(lambda u: np.exp(-u / 3.0), n_durations=200)
living = sbp.kernels.living_by_duration(np.full(200, 1000.0), survivorship)[-1]
print({years: round(float(living[:years].sum()), 3) for years in (1, 3, 5, 10, 20)})
