"""What is true of a world: which subject breaks which rule, and which only looks as if."""

import json
from dataclasses import dataclass
from typing import Literal

__all__ = ["RULES", "Finding", "Label"]

Finding = Literal["violation", "review", "notice"]

RULES = (
    "cross_province.no_approval",
    "cross_province.approval_not_in_force",
    "cross_province.quantity_exceeded",
    "licence.receiver_unlicensed",
    "licence.code_out_of_scope",
    "cross_province.wrong_method",
    "cross_province.wrong_receiver",
    "cross_province.wrong_code",
    "cross_province.whitelist_not_approval",
    "whitelist.cap_exceeded",
    "whitelist.finished_late",
    "whitelist.used_again",
    "inbound.banned",
    "licence.suspended",
    "licence.mode_out_of_scope",
    "licence.scale_exceeded",
    "carrier.no_permit",
    "carrier.plate_not_on_permit",
    "plan.no_line",
    "plan.exceeded",
    "insurance.lapsed",
    "carrier.vehicle_certificate",
    "carrier.crew_certificate",
    "form.unknown_code",
    "form.number_region",
    "quantity.received_differs",
    "form.not_entitled",
    "form.conflicting_reports",
    "time.receipt_overdue",
    "time.back_entry_overdue",
    "time.transit_overdue",
    "time.stored_too_long",
    "time.journey_too_fast",
    "carrier.two_places",
    "track.third_province",
    "track.left_province",
    "track.detour",
    "track.arrival_elsewhere",
    "track.no_arrival",
    "track.emptied",
    "track.stop_at_water",
    "track.long_stop",
    "track.signal_gap",
    "track.no_manifest",
    "track.speeding",
    "track.driving_time",
    "track.off_route",
    "medical.stored_too_long",
    "medical.not_collected",
    "medical.unaccounted",
    "medical.never_sealed",
    "medical.weight_differs",
    "medical.unlicensed_plant",
    "medical.other_area",
    "medical.vehicle",
    "medical.other_cargo",
    "medical.plant_store",
    "medical.wrong_process",
    "medical.process_figures",
    "medical.not_washed",
    "medical.over_capacity",
    "medical.box_not_washed",
    "medical.silent_week",
)
"""The simulator knows the names of the rules, not their code."""


@dataclass(frozen=True, slots=True)
class Label:
    """The truth about one subject: a manifest number, a limit or a day of medical waste.

    Limits are ``approval/<record id>/<line>``, ``approval/<record id>/pool/<code>``,
    ``whitelist/<record id>/<year>``, ``licence/<record id>/<year>``,
    ``plan/<credit code>/<year>/<code>`` and ``single/<approval id>/<entry id>``. Days, as China dates,
    are ``medical/<credit code>/<day>``, what an institution sealed on it (what nobody sealed counts on
    the day of the first thing said of it), and ``plant/<credit code>/<day>``, what a plant took in,
    treated or washed; an institution's weeks are ``week/<credit code>/<Monday>``. ``trip/<plate>/<manifest>``
    is a vehicle's journey, ``plate/<plate>/<day>`` what a vehicle and its manifests say of a day. A violation
    names its ``rule``, and so does what an officer must look at (``review``) or the unit must be told
    (``notice``); a lawful subject names its ``likeness`` (``ordinary`` for everyday traffic). One subject may
    concern several rules and then has several labels.
    """

    label: Literal["violation", "review", "notice", "lawful"]
    subject: str
    story_zh: str
    story_en: str
    rule: str | None = None
    likeness: str | None = None

    def line(self) -> bytes:
        """Return the label as one NDJSON line without newline."""
        told = {"likeness": self.likeness} if self.label == "lawful" else {"rule": self.rule}
        members = {
            "label": self.label,
            **told,
            "subject": self.subject,
            "story_zh": self.story_zh,
            "story_en": self.story_en,
        }
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def read(cls, line: bytes | str) -> "Label":
        """Return the label that ``line`` wrote; TypeError or ValueError for anything else."""
        return cls(**json.loads(line))
