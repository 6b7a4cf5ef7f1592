"""Published survival: points on the log cumulative hazard scale, one error for each study."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.likelihood import studies_loglik
from sbc_prevalence.model.observation import Arrays, Levels, Observation, Parameters, Seen, Stream
from sbc_prevalence.model.survival import SYSTEM_SHARE

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


@dataclass(frozen=True)
class PublishedPoints(Observation):
    """Points, medians and hazards of published studies."""

    name: str = "survival"
    title: ClassVar[str] = "published survival"
    convolved_levels: ClassVar[Levels] = "none"

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Normal around the model's value, the error of each study integrated out."""
        a = inputs.arrays
        return {
            "survival": studies_loglik(
                a["point_value"] - seen["points"],
                a["point_precision"],
                a["point_study"],
                p["between_study_sd"],
                1.0 - SYSTEM_SHARE * a["study_own"],
                xp,
            )
        }

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """The model's value, one error for each study, one for each point."""
        a, rng = inputs.arrays, stream("survival")
        share = 1.0 - SYSTEM_SHARE * a["study_own"]
        between = p["between_study_sd"] * np.sqrt(share) * rng.standard_normal(share.size)
        within = rng.standard_normal(inputs.points.size) / np.sqrt(a["point_precision"])
        return {"point_value": np.asarray(seen["points"] + a["point_study"] @ between + within)}

    def level(self, arrays: Mapping[str, NDArray[Any]]) -> float:
        """Cumulative hazard (or hazard) in the geometric mean of the points of a study, and of the studies."""
        member = np.asarray(arrays["point_study"])
        of_study = (np.asarray(arrays["point_value"]) @ member) / member.sum(0)
        return float(np.exp(of_study.mean()))
