"""What is played in the wide world, and how often."""

from collections.abc import Callable

from services.simulator.cast import PROVINCES, cast_for
from services.simulator.course import COURSES
from services.simulator.covered import COVERED, standing_papers
from services.simulator.dice import Dice
from services.simulator.firms import Founder
from services.simulator.licensed import LICENSED
from services.simulator.limits import (
    exactly_used,
    exceeded,
    freed_by_refusal,
    freed_by_void,
    settled_at_accepted,
)
from services.simulator.register import Register
from services.simulator.unapproved import no_approval, no_approval_nor_licence, not_in_force
from services.simulator.unlicensed import unlicensed
from services.simulator.waste import LEAD_BATTERY
from services.simulator.wide.alike import WIDE_ALIKE, pilot_ended
from services.simulator.wide.banned import BAN_ALIKE, ban_newer_than_approval, banned, record_bans
from services.simulator.wide.carried import (
    CARRIED_ALIKE,
    crew_certificate,
    no_permit,
    plate_not_on_permit,
    vehicle_certificate,
)
from services.simulator.wide.conditions import (
    finished_in_time,
    finished_late,
    used_again,
    used_once,
)
from services.simulator.wide.counted import counted_alike, unweighed
from services.simulator.wide.insured import INSURED_ALIKE, uninsured
from services.simulator.wide.journeys import clocks_apart, fast_but_possible, too_fast
from services.simulator.wide.learned import LEARNED_ALIKE, learned_late
from services.simulator.wide.mismatched import (
    whitelist_not_approval,
    wrong_code,
    wrong_method,
    wrong_receiver,
)
from services.simulator.wide.others import LISTED, PILOT_ENDS, found_others
from services.simulator.wide.planned import PLANNED_ALIKE, no_plan_line
from services.simulator.wide.reports import number_taken, said_two_ways, stranger_receives
from services.simulator.wide.scene import WideScene
from services.simulator.wide.stored import stored_alike, stored_too_long
from services.simulator.wide.suspended import (
    SUSPENDED_ALIKE,
    code_out_of_scope,
    mode_out_of_scope,
    suspended,
)
from services.simulator.wide.terms import (
    TERMS_ALIKE,
    back_entry_late,
    receipt_late,
    receipt_missing,
    slow_journey,
)
from services.simulator.wide.totals import (
    SIMPLIFIED,
    capped,
    capped_alike,
    over_planned,
    planned_alike,
    pooled,
    pooled_alike,
    scaled,
    scaled_alike,
    scaled_little,
)
from services.simulator.wide.vans import hospitals_other_waste, other_cargo, vans_alike
from services.simulator.wide.vehicles import SHARED_ALIKE, two_places
from services.simulator.wide.weighed import (
    WEIGHED_ALIKE,
    number_elsewhere,
    unknown_code,
    weight_differs,
)

__all__ = ["play", "set_stage"]

_Story = Callable[[WideScene, int], None]
_SMALL = 1_000
"""Below this many manifests every story is played once or twice only."""
_PLAIN = (0, 1, 2, 3, 4, 6, 8)
"""The kinds of ``no_approval`` that are no other rule's: no white list, no other code approved."""


def set_stage(manifests: int, dice: Dice, register: Register, founder: Founder) -> WideScene:
    """Return the stage with all players and standing papers."""
    cast = cast_for(manifests, dice, register, founder)
    others = found_others(manifests, dice, register, founder)
    scene = WideScene(dice, cast, register, founder, others)
    standing_papers(scene)
    record_bans(scene)
    pilot = others.pilot.firm
    origins = ["140000", "220000"]
    register.whitelist(pilot, [LEAD_BATTERY], origins, "as_intra", valid_to=PILOT_ENDS)
    for n, host in enumerate(others.hosts):
        kind = ("direct", "short_consult")[n % 2]
        away = [p + "0000" for p in PROVINCES if p != host.province]
        register.whitelist(host, [LISTED], away, kind)
    return scene


def _no_approval(scene: WideScene, turn: int) -> None:
    kind = turn % (len(_PLAIN) + 1)
    if kind == len(_PLAIN):
        pilot_ended(scene, turn)
    else:
        no_approval(scene, turn // (len(_PLAIN) + 1) * 9 + _PLAIN[kind])


_PLANTED: tuple[_Story, ...] = (
    _no_approval, not_in_force, wrong_method, wrong_receiver, wrong_code, whitelist_not_approval,
    banned, ban_newer_than_approval, unlicensed, suspended, mode_out_of_scope, code_out_of_scope,
    no_permit, plate_not_on_permit, vehicle_certificate, said_two_ways, number_taken, learned_late, receipt_late,
    receipt_missing, back_entry_late, slow_journey, number_elsewhere, unknown_code, weight_differs, no_plan_line,
    uninsured, crew_certificate, too_fast, other_cargo,
)  # fmt: skip
_ALIKE: tuple[_Story, ...] = (
    *COVERED, *LICENSED, *COURSES, *BAN_ALIKE, *SUSPENDED_ALIKE, *CARRIED_ALIKE, *LEARNED_ALIKE,
    *WIDE_ALIKE, *TERMS_ALIKE, *WEIGHED_ALIKE, *PLANNED_ALIKE, *INSURED_ALIKE,
    stranger_receives, fast_but_possible, clocks_apart,
)  # fmt: skip


def play(scene: WideScene, manifests: int, *, planted: bool) -> None:
    """Play every story but the everyday traffic; only the lawful ones unless ``planted``."""
    small = manifests < _SMALL
    per_rule = 2 if small else max(4, manifests // 330)
    limits = 1 if small else max(2, manifests // 1500)
    if planted:
        for rule in _PLANTED:
            _play(scene, rule, per_rule)
        _play(scene, no_approval_nor_licence, 1 + manifests // 2000)
        _play(scene, capped, max(len(SIMPLIFIED), limits))
        for limit in (
            exceeded,
            pooled,
            scaled,
            scaled_little,
            unweighed,
            over_planned,
            finished_late,
            used_again,
            stored_too_long,
        ):
            _play(scene, limit, max(2, limits))
    for story in _ALIKE:
        _play(scene, story, 1 if small else max(2, len(_PLANTED) * per_rule // len(_ALIKE) + 1))
    for within in (
        exactly_used,
        freed_by_refusal,
        freed_by_void,
        settled_at_accepted,
        counted_alike,
    ):
        _play(scene, within, limits)
    _play(scene, finished_in_time, max(2, limits))
    _play(scene, used_once, max(3, limits))
    _play(scene, stored_alike, max(3, limits))
    for four in (pooled_alike, capped_alike, planned_alike):
        _play(scene, four, max(4, 2 * limits))
    _play(scene, scaled_alike, max(5, 2 * limits))
    if planted:
        _play(scene, two_places, max(4, limits) if not small else 2)
        _play(scene, hospitals_other_waste, 1 if small else max(4, limits))
    _play(scene, vans_alike, 1 if small else 2 * per_rule)
    for shared in SHARED_ALIKE:
        _play(scene, shared, 1 if small else max(2, limits))


def _play(scene: WideScene, story: _Story, turns: int) -> None:
    for turn in range(turns):
        story(scene, turn)
