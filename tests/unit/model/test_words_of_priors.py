"""The reasons of priors hold in any country: they speak of the evidence, not of Scotland."""

import re

import pytest

from small_study import a_model, scotland_inputs, small_inputs


@pytest.mark.parametrize("inputs", [small_inputs(), scotland_inputs()], ids=["elsewhere", "scotland"])
def test_no_reason_of_a_prior_says_what_a_country_carries(inputs) -> None:
    for prior in a_model().parameters(inputs).priors:
        assert not re.search(r"No Scottish|Scottish (stage|primaries)|^Boards|is carried", prior.reason), prior.name
