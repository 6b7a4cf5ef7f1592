"""Declared alternatives under which the figures are repeated, and the checks that a run makes."""

from typing import Annotated

from pydantic import Field

from sbc_prevalence.config.entries import KnownCompleteness, LogitNormalCompleteness
from sbc_prevalence.config.sections import Section, Text


class CompletenessScenario(Section):
    """Another prior of the completeness of one source: the figures are repeated under it, area by area."""

    name: Text = Field(description="What the alternative is called in the report.")
    source: Text = Field(
        description="Name of the registrations, as in their entry: every presentation that they hold gets this prior.")
    prior: Annotated[KnownCompleteness | LogitNormalCompleteness, Field(discriminator="kind")] = Field(
        description="The other prior, in the forms of 'completeness' of registrations.")
    reason: Text = Field(description="Who holds this view, or why it is looked at.")


class ScenariosSection(Section):
    """Declared alternatives. Three are asked for where completeness matters: a lower, a higher and a wider one."""

    completeness: Annotated[tuple[CompletenessScenario, ...], Field(strict=False)] = Field(
        default=(), description="Other priors of completeness, each a [[scenarios.completeness]] table.")


class ChecksSection(Section):
    """Checks that cost fits of their own."""

    conflict: bool = Field(
        default=True,
        description="Whether each source of evidence is left out in turn, where at least two count people: what the "
                    "others predict for it, and the figures without it.")
