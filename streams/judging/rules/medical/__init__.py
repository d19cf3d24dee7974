"""The rules of medical waste, in the order in which they are told."""

from streams.judging.rules.medical.boxes import BOX_NOT_WASHED
from streams.judging.rules.medical.chain import NEVER_SEALED, UNACCOUNTED, WEIGHT_DIFFERS
from streams.judging.rules.medical.party import OTHER_AREA, UNLICENSED_PLANT, VEHICLE
from streams.judging.rules.medical.plant import (
    NOT_WASHED,
    OVER_CAPACITY,
    PLANT_STORE,
    PROCESS_FIGURES,
    WRONG_PROCESS,
)
from streams.judging.rules.medical.rule import MedicalRule
from streams.judging.rules.medical.silence import SILENT_WEEK
from streams.judging.rules.medical.store import NOT_COLLECTED, STORED_TOO_LONG

__all__ = ["MEDICAL_RULES", "MedicalRule"]

MEDICAL_RULES: tuple[MedicalRule, ...] = (
    STORED_TOO_LONG,
    NOT_COLLECTED,
    UNACCOUNTED,
    NEVER_SEALED,
    WEIGHT_DIFFERS,
    UNLICENSED_PLANT,
    OTHER_AREA,
    VEHICLE,
    PLANT_STORE,
    WRONG_PROCESS,
    PROCESS_FIGURES,
    NOT_WASHED,
    BOX_NOT_WASHED,
    OVER_CAPACITY,
    SILENT_WEEK,
)
