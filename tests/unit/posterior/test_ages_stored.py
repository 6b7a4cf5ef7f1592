"""Age bands in what is stored and in what a compiled model is keyed by."""

from dataclasses import replace

import numpy as np

from sbc_prevalence.model.ages import AgeStructure
from sbc_prevalence.model.components import model_from_specification
from sbc_prevalence.posterior.codec import decode, digest, encode
from sbc_prevalence.posterior.compiled import structure_key
from small_study import BY_AGE, a_model, small_inputs, small_inputs_by_age

MODEL = a_model(ages=BY_AGE)


def stored(value):
    arrays = {}
    described = encode(value, arrays, "x")
    return decode(described, arrays), digest(described, arrays)


def test_a_description_with_ages_comes_back_as_it_was():
    inputs = small_inputs_by_age()
    again, mark = stored(inputs)
    assert again.ages.bands == inputs.ages.bands
    np.testing.assert_array_equal(again.ages.after, inputs.ages.after)
    assert stored(again)[1] == mark
    assert stored(MODEL)[0] == MODEL


def test_the_specification_names_the_bands_and_gives_the_model_back():
    assert model_from_specification(MODEL.specification()).ages == BY_AGE
    assert "ages" not in a_model().specification()


def test_a_compiled_model_is_for_its_age_bands_and_not_for_its_population():
    inputs = small_inputs_by_age()
    key = structure_key(MODEL, inputs)
    assert key == structure_key(MODEL, replace(inputs, ages=replace(inputs.ages, population=None, population_codes=())))
    assert key == structure_key(MODEL, inputs.with_arrays({"age_mix": inputs.arrays["age_mix"] * 1.01}))
    assert key != structure_key(MODEL, replace(inputs, ages=replace(inputs.ages, floor=inputs.ages.floor * 1.1)))
    assert key != structure_key(a_model(), small_inputs())
    assert AgeStructure(["0-64", "65+"]).bands == ("0-64", "65+")
