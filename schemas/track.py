"""The track family: where a vehicle was, as its terminal said (JT/T 808-2019 table 23).

| verb | who may say it | what it says |
|---|---|---|
| track | the unit that owns the vehicle, or carries with it | up to 1,000 positions of one plate |

The same family comes in two forms: this JSON event, posted by a unit's platform, and the frames of
terminals that speak JT/T 808 to the gateway, kept byte for byte under ``FRAME_TYPE``.
"""

from typing import Annotated, Literal

from pydantic import Field, RootModel

from schemas.checks import text
from schemas.envelope import Envelope
from schemas.instant import Instant
from schemas.number import number
from schemas.plate import Plate
from schemas.quantity import small_int
from schemas.record import Record

__all__ = [
    "FRAME_TYPE",
    "MOST_POSITIONS",
    "TRACK_TYPE",
    "PlateColour",
    "Position",
    "Track",
    "TrackData",
    "TrackEventModel",
]

TRACK_TYPE = "liandan.vehicle.track.v1"
FRAME_TYPE = "liandan.vehicle.frame.v1"
"""Type of a record whose value is a terminal's frame, from flag to flag (``schemas.topics``)."""
MOST_POSITIONS = 1000

Bits = Annotated[int, small_int(0, 2**32 - 1)]
PlateColour = Annotated[int, small_int(0, 99)]
"""车牌颜色 (JT/T 697.7): 1 blue, 2 yellow, 3 black, 4 white, 5 green, 9 other; 93, 94 yellow-green."""


class Position(Record):
    """Where the vehicle was at one instant. A place of 0, 0 is no refusal: it is judged later."""

    at: Instant = Field(description="定位时间，须带时区")
    lon: Annotated[float, number(-180, 180)] = Field(description="经度（度，WGS-84）")
    lat: Annotated[float, number(-90, 90)] = Field(description="纬度（度，WGS-84）")
    speed_kmh: Annotated[float, number(0, 1000)] | None = Field(
        default=None, description="速度（千米每小时）"
    )
    direction: Annotated[int, small_int(0, 359)] | None = Field(
        default=None, description="方向（度，正北为 0，顺时针）"
    )
    altitude_m: Annotated[float, number(-1000, 100_000)] | None = Field(
        default=None, description="海拔高度（米）"
    )
    mileage_km: Annotated[float, number(0, 1_000_000_000)] | None = Field(
        default=None, description="车辆里程表读数（千米）"
    )
    alarm: Bits | None = Field(default=None, description="报警标志位（32 位）")
    status: Bits | None = Field(default=None, description="状态位（32 位）")


class TrackData(Record):
    """Positions of one vehicle, in any order."""

    positions: Annotated[list[Position], Field(min_length=1, max_length=MOST_POSITIONS)]
    terminal: Annotated[str, text(64)] | None = Field(default=None, description="终端编号")
    plate_colour: PlateColour | None = Field(default=None, description="车牌颜色代码")


class Track(Envelope):
    """车辆轨迹."""

    type: Literal["liandan.vehicle.track.v1"]
    subject: Plate
    data: TrackData


class TrackEventModel(RootModel[Track]):
    """Any event of the family: there is one type only."""
