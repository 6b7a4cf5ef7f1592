"""What may change in a compiled model without compiling it again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel


def swappable(model: PrevalenceModel, inputs: ModelInputs) -> dict[str, NDArray[Any]]:
    """Arrays that may change without a new compilation: data, and centre and spread of every prior."""
    parameters = model.sampled(inputs)
    return {**{k: np.asarray(v) for k, v in inputs.arrays.items()},
            "prior_center": parameters.centers, "prior_sd": parameters.sds}
