"""Whether the implied duration, living / deaths, is one that has been published: before the data and after."""

import pandas as pd

from sbc_prevalence.errors import Problem

PUBLISHED_YEARS = (3.0, 6.0)
"""Published estimates of living / deaths lie between about these [years]."""
IMPLIED_DURATION = "implied duration"
_WHERE = {"prior": "the priors", "posterior": "the estimate"}
_MEANS = {
    "prior": "The answer then starts from survival or recurrence unlike any published: look at the priors that were "
             "changed and at the survival given, its kind and its unit.",
    "posterior": "Deaths hardly inform it: people live shorter or longer here than in published populations, or the "
                 "survival given, its kind or its unit, is not theirs; while numbers change it is not mean survival."}


def duration_warnings(predictive: pd.DataFrame | None) -> list[Problem]:
    """Warnings where the median implied duration, as it is printed, lies outside what has been published.

    Parameters
    ----------
    predictive : DataFrame or None
        The table ``prior_predictive``: ``quantity``, ``stage``, ``median`` [years].
    """
    if predictive is None:
        return []
    low, high = PUBLISHED_YEARS
    rows = predictive[predictive["quantity"] == IMPLIED_DURATION]
    found = []
    for stage, median in zip(rows["stage"], rows["median"], strict=True):
        printed = round(float(median), 1)
        if not low <= printed <= high:
            found.append(Problem(
                "W-DURATION", _WHERE[str(stage)],
                f"the median of living / deaths from any cause is {printed:.1f} years, and published estimates lie "
                f"between about {low:g} and {high:g}", _MEANS[str(stage)], severity="warning"))
    return found
