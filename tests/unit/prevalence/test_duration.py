"""An implied duration outside what has been published is pointed at, in the terminal and in the report."""

import pandas as pd
import pytest
from estimates_factory import estimates

from sbc_prevalence.prevalence import duration
from sbc_prevalence.prevalence.content import release_content_parts
from sbc_prevalence.prevalence.wording import TO_LOOK_AT
from small_study import bundle


def predictive(prior: float, posterior: float) -> pd.DataFrame:
    return pd.DataFrame([("implied duration", "prior", prior), ("implied duration", "posterior", posterior),
                         ("living", "prior", 2.0), ("living", "posterior", 2.0)], columns=["quantity", "stage", "median"])


@pytest.mark.parametrize(("prior", "posterior", "where"), [
    (3.0, 6.0, []), (2.951, 6.049, []), (2.94, 4.0, ["the priors"]), (3.1, 6.06, ["the estimate"]),
    (1.2, 9.0, ["the priors", "the estimate"])])
def test_only_what_is_printed_outside_three_to_six_years_is_pointed_at(prior, posterior, where):
    found = duration.duration_warnings(predictive(prior, posterior))
    assert [p.where for p in found] == where
    assert {(p.code, p.severity) for p in found} <= {("W-DURATION", "warning")}
    for problem in found:
        assert "between about 3 and 6" in str(problem)


def test_the_warning_says_what_it_means_for_priors_and_for_the_estimate():
    prior, estimate = (str(p) for p in duration.duration_warnings(predictive(1.2, 9.0)))
    assert "is 1.2 years" in prior
    assert "survival or recurrence unlike any published" in prior
    assert "is 9.0 years" in estimate
    assert "Deaths hardly inform it" in estimate


def test_it_stands_in_the_printed_headline_and_in_the_report(monkeypatch):
    est = estimates()
    monkeypatch.setattr(type(est), "prior_predictive", lambda self, ci_prob: predictive(2.1, 4.0).assign(
        lower=1.0, upper=9.0))
    parts = release_content_parts(est, bundle(), title="Made up", notes={TO_LOOK_AT: "Something else."})
    assert "To look at: [W-DURATION] the priors: the median of living / deaths" in parts.headline_text
    assert parts.words[TO_LOOK_AT].startswith("Something else. [W-DURATION] the priors")
    monkeypatch.setattr(duration, "PUBLISHED_YEARS", (0.1, 99.0))
    parts = release_content_parts(est, bundle(), title="Made up")
    assert "W-DURATION" not in parts.headline_text
    assert TO_LOOK_AT not in parts.words
