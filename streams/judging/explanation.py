"""Why an outcome was found: each condition's value and threshold, and what would have made it legal.

Only found outcomes carry an explanation; it is kept with the verdict and is no part of the alert,
whose revisions it therefore never raises.
"""

from typing import Literal, NamedTuple

import msgspec

__all__ = ["Condition", "Cure", "CureParty", "Explanation", "Role"]

Role = Literal["applies", "requires", "figure"]
"""``applies``: why the rule is asked here at all. ``requires``: what the law asks of the act.
``figure``: a number or circumstance behind the others, which asks for nothing."""

CureParty = Literal["consignor", "carrier", "receiver", "authority"]


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was compared. Stored without members that say nothing.

    Conditions come in the order in which they are to be read; those of one ``group`` stand together.
    """

    zh: str
    """What was compared: 有效期."""
    en: str
    value_zh: str
    """What was found: 2026-10-10."""
    value_en: str
    threshold_zh: str = ""
    """What it was held against: 2026-01-01至2026-09-30. Empty where there is nothing to hold against."""
    threshold_en: str = ""
    holds: bool | None
    """None: cannot be told from what is known, an officer must look. Of a figure: always True."""
    role: Role = "requires"
    margin: str | None = None
    """Signed text with its unit, as an outcome's: what is left before the limit, or how far past it."""
    group_zh: str = ""
    """The document that this is one condition of: 审批 青环危转〔2026〕7号 第 1 项."""
    group_en: str = ""
    record: str | None = None
    """The registry record that the threshold is from: ``<kind>/<id>``."""


class Cure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that would have made the act legal, or would show that it was: a whole sentence."""

    zh: str
    en: str
    party: CureParty | None = None
    """Whose it was to do."""
    kind: str | None = None
    """The registry kind, or the type of event, that would carry it: ``transfer_approval``,
    ``liandan.manifest.corrected.v1``."""


class Explanation(NamedTuple):
    """What a rule hands over with a finding; members as an outcome's."""

    conditions: tuple[Condition, ...] = ()
    cures: tuple[Cure, ...] = ()
