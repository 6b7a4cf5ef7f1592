"""What a register that misses people does to survival, under the two usual ways of treating certificate-only cases."""

from dataclasses import dataclass

from sbc_prevalence.errors import EvidenceError, Problem


@dataclass(frozen=True)
class SurvivalBias:
    """Survival as a register would publish it; proportions between 0 and 1.

    Parameters
    ----------
    certificate_only : float
        Share of the registered that the register knows from a death certificate alone.
    excluding : float
        Survival if they are left out.
    correcting : float
        Survival if they are counted as deaths.
    """

    certificate_only: float
    excluding: float
    correcting: float


def certificate_only_bias(survival: float, missed_survivors: float, missed_dying: float) -> SurvivalBias:
    """Survival with certificate-only cases excluded, or counted as deaths, against the truth.

    Everybody who was missed in life and died is found by the certificate; the missed who live stay unknown. Leaving the
    certificate-only cases out makes survival too good, counting them makes it too bad: the two enclose the truth.

    Parameters
    ----------
    survival : float
        True survival.
    missed_survivors, missed_dying : float
        Share that the register misses in life, of those who survive and of those who die.

    References
    ----------
    Brenner et al. (2011), on survival and death-certificate-only cases.
    """
    for name, value in (("survival", survival), ("missed_survivors", missed_survivors), ("missed_dying", missed_dying)):
        if not 0 <= value <= 1:
            raise EvidenceError(Problem("E-RANGE", "survival bias", f"{name} lies between 0 and 1",
                                        "Divide by 100 if it is in percent."))
    living = survival * (1.0 - missed_survivors)
    dead = (1.0 - survival) * (1.0 - missed_dying)
    certificates = (1.0 - survival) * missed_dying
    known = living + dead + certificates
    if known == 0 or living + dead == 0:
        raise EvidenceError(Problem("E-RANGE", "survival bias", "the register must hold somebody in life",
                                    "Lower the shares that are missed."))
    return SurvivalBias(certificates / known, living / (living + dead), living / known)
