"""The rules of vehicles' tracks, in the order in which they are told."""

from streams.judging.rules.track.arrival import ARRIVAL_ELSEWHERE, NO_ARRIVAL
from streams.judging.rules.track.detour import DETOUR
from streams.judging.rules.track.driving import DRIVING_TIME, SPEEDING
from streams.judging.rules.track.emptied import EMPTIED
from streams.judging.rules.track.province import LEFT_PROVINCE, THIRD_PROVINCE
from streams.judging.rules.track.route import OFF_ROUTE
from streams.judging.rules.track.rule import TrackRule
from streams.judging.rules.track.standing import LONG_STOP, SIGNAL_GAP, STOP_AT_WATER
from streams.judging.rules.track.vehicle import NO_MANIFEST, TWO_PLACES

__all__ = ["TRACK_RULES", "TrackRule"]

TRACK_RULES: tuple[TrackRule, ...] = (
    THIRD_PROVINCE,
    LEFT_PROVINCE,
    DETOUR,
    ARRIVAL_ELSEWHERE,
    NO_ARRIVAL,
    EMPTIED,
    STOP_AT_WATER,
    LONG_STOP,
    SIGNAL_GAP,
    SPEEDING,
    DRIVING_TIME,
    NO_MANIFEST,
    OFF_ROUTE,
    TWO_PLACES,
)
