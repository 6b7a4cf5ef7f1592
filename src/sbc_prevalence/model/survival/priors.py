"""Priors of survival: those that every family has, and those that several share."""

import numpy as np

from sbc_prevalence.model.parameters import Prior


def shared_priors() -> list[Prior]:
    """Priors that every survival family has."""
    return [
        Prior(
            "hazard_ratio_recurrent",
            "rho",
            "hazard of recurrent over de novo disease",
            "log_normal",
            float(np.log(1.35)),
            0.30,
            "ratio",
            None,
            "Published contrasts disagree (1.88 adjusted, one centre; 1.35 a modelling assumption; reviewed medians "
            "give about 1.1). Deaths do not inform it; the published points of both presentations do.",
            group="survival",
        ),
        Prior(
            "ratio_transfer_error",
            "e_rho",
            "ratio in the population described over the ratio between published populations",
            "log_normal",
            0.0,
            0.20,
            "ratio",
            None,
            "Published curves of recurrent and of de novo disease come from different populations; their ratio need not "
            "hold within one. No evidence reaches it.",
            group="survival",
        ),
        Prior(
            "hazard_trend",
            "beta",
            "change of the log hazard per decade",
            "normal",
            -0.10,
            0.15,
            "log per decade",
            None,
            "Treatment has improved; wide around slow improvement. Published points of successive periods inform it.",
            group="survival",
        ),
        Prior(
            "hazard_tail_ratio",
            "omega",
            "hazard beyond the last published follow-up, relative to the family",
            "log_normal",
            0.0,
            0.40,
            "ratio",
            None,
            "Nothing published reaches further; the family's own hazard, halved or doubled at the outside.",
            group="survival",
        ),
        Prior(
            "between_study_sd",
            "tau",
            "sd between studies of the log cumulative hazard",
            "half_normal",
            0.0,
            0.25,
            "log",
            None,
            "Trial, hospital and registry populations differ; medians of one decade range from 24 to 40 months.",
            group="survival",
        ),
        Prior(
            "system_survival_error",
            "e_c",
            "log hazard under the own health system against all studies",
            "normal",
            0.0,
            1.0,
            "tau sqrt(1/2)",
            "definition",
            "Half of the between-study variance is common to populations of one health system.",
            group="survival",
        ),
        Prior(
            "own_survival_error",
            "e_0",
            "log hazard of the population described against its health system",
            "normal",
            0.0,
            1.0,
            "tau sqrt(1/2)",
            "definition",
            "The population described is itself one more population: no study is of it.",
            group="survival",
        ),
        Prior(
            "other_cause_multiplier",
            "m_o",
            "other-cause mortality relative to the life table",
            "log_normal",
            0.0,
            0.10,
            "ratio",
            None,
            "Mortality from other causes of people with the disease need not be that of the table given; the carried one "
            "is a UK shape scaled to Scottish life expectancy.",
            group="survival",
        ),
    ]


def median_prior() -> Prior:
    """Median survival, in whose terms most families are written."""
    return Prior(
        "survival_median",
        "u_50",
        "median survival of de novo disease diagnosed in 2010",
        "log_normal",
        float(np.log(2.2)),
        0.30,
        "years",
        None,
        "Wide: between one year and four. The published points inform it.",
        group="survival",
    )


def shape_prior(text: str, center: float, sd: float) -> Prior:
    """Shape of a family of two parameters."""
    return Prior(
        "survival_shape",
        "k",
        "shape of the survival family",
        "log_normal",
        float(np.log(center)),
        sd,
        "",
        None,
        f"Hazards that fall slowly with time since diagnosis give about {text}.",
        group="survival",
    )
