"""Sheets of authorities, in the notations of real notices, understood as registry records.

What is read is what is printed, for sure; the rest is named and left to a person. Nothing here
writes: the records go the way of every registry file.
"""

from services.registry.notices.columns import FIELDS, Notice
from services.registry.notices.notice import understand
from services.registry.notices.sheet_file import read_sheet
from services.registry.notices.understanding import (
    NoticeLine,
    Outcome,
    Understanding,
    Understood,
)
from services.registry.notices.units import KnownUnit, Units, read_units, units_to_fill_in

__all__ = [
    "FIELDS",
    "KnownUnit",
    "Notice",
    "NoticeLine",
    "Outcome",
    "Understanding",
    "Understood",
    "Units",
    "read_sheet",
    "read_units",
    "understand",
    "units_to_fill_in",
]
