"""Certified deaths: negative binomial on all-cause deaths of people with metastatic disease times kappa."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.likelihood import count_loglik, dispersion_size
from sbc_prevalence.model.observation import Arrays, Levels, Observation, Parameters, Seen, Stream
from sbc_prevalence.model.observing.counts import simulated_counts

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


def expected_deaths(seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
    """Expected certified deaths of each row of deaths evidence, shape (..., n_rows).

    Under a model with ages the rows are by age at death (``deaths_age``; the number of bands stands for all ages).
    """
    level, year = inputs.arrays["deaths_level"], inputs.arrays["deaths_year"]
    if "deaths_by_age" not in seen:
        return (seen["deaths"] * seen["kappa"][..., None, :])[..., level, year]
    by_age = seen["deaths_by_age"] * seen["kappa_by_age"][..., :, None, :]
    together = xp.concatenate([by_age, by_age.sum(-3)[..., None, :, :]], axis=-3)
    return together[..., inputs.arrays["deaths_age"], level, year]


@dataclass(frozen=True)
class DeathCounts(Observation):
    """Certified deaths by level and year."""

    name: str = "deaths"
    words: ClassVar[str] = "certified breast cancer deaths"
    convolved_levels: ClassVar[Levels] = "own"

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Negative binomial with variance mean + (mean psi)^2."""
        a, mean = inputs.arrays, expected_deaths(seen, inputs, xp)
        size = dispersion_size(p["deaths_extra_sd"])
        rows = count_loglik(a["deaths_values"], a["deaths_log_mask"], mean, size, xp)
        return {"deaths": (a["deaths_weight"] * rows).sum(-1)}

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """Counts around their expectation, in every row of the evidence."""
        return simulated_counts("deaths", expected_deaths(seen, inputs), p["deaths_extra_sd"], inputs, stream("deaths"))

    def anchors(self, source: str) -> bool:
        """Deaths inform incidence whatever was registered."""
        return True
