"""他省: stays in a third province, loads that left their own, and those that only went through."""

from services.simulator.firms import Firm
from services.simulator.trip import Trip
from services.simulator.trucks.drive import Drive
from services.simulator.trucks.journeys import about, across, by, city, inside, longer, ordinary
from services.simulator.trucks.places import ABROAD, BORDER, Place, beside, nearest_abroad
from services.simulator.trucks.scene import Ends, TruckScene
from services.simulator.trucks.story import Story
from services.simulator.wide.scene import WideScene

__all__ = ["STRAYED"]

_THIRD: Place = ABROAD["13"][1][1]
"""In a neighbour of both provinces between which the loads go: Henan."""
_HALT_MIN = 30
"""Nobody halts abroad for longer on the way to a receiver of the own province."""


def _through(scene: WideScene, turn: int) -> list[Trip]:
    trip = across(scene, turn, 240, via=_THIRD)
    return ordinary(scene, trip.complete())


def _ends(scene: TruckScene, trip: Trip) -> Ends:
    """Return the places of a trip that comes from the third province: who waits waits near the receiver."""
    return scene.ends(trip)._replace(halt=scene.halt_by(trip.receiver.site))


def _at_third(scene: TruckScene, trip: Trip) -> tuple[Ends, Drive, Place]:
    """Return a drive that is in the third province, and where exactly."""
    ends = _ends(scene, trip)
    place = beside(_THIRD, scene.dice.between(-80, 80) / 10, scene.dice.between(30, 90) / 10)
    return ends, scene.start(trip, ends.origin).go(place), place


def _stayed(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends, drive, _ = _at_third(scene, trip)
    minutes = scene.dice.between(70, 170)
    scene.tell(trip, scene.finish(drive.stand(minutes), trip, ends))
    zh, en = f"载运途中在河南停留 {minutes} 分钟", f"stood for {minutes} min in Henan while loaded"
    scene.review("track.third_province", scene.journey(trip), zh, en)


def _at_another_receiver(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    place = scene.foreign_site(beside(_THIRD, -6.0, -4.0))
    ends = _ends(scene, trip)
    drive = scene.start(trip, ends.origin).go(place).stand(scene.dice.between(25, 50))
    scene.tell(trip, scene.finish(drive, trip, ends))
    zh, en = "在河南另一接收单位厂区内停留", "stood in the site of another receiver in Henan"
    scene.review("track.third_province", scene.journey(trip), zh, en)


def _rest(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends, drive, _ = _at_third(scene, trip)
    drive.stand(scene.dice.between(20, 50))
    scene.tell(trip, scene.finish(drive, trip, ends))
    zh, en = "在第三省短暂休息", "a rest of less than an hour in a third province"
    scene.lawful("track_rest_in_third_province", scene.journey(trip), zh, en)


def _transit(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends, drive, _ = _at_third(scene, trip)
    scene.tell(trip, scene.finish(drive, trip, ends))
    zh, en = "途经第三省，不停留", "in transit through a third province"
    scene.lawful("track_transit", scene.journey(trip), zh, en)


def _night(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = _ends(scene, trip)
    area = scene.rest(beside(_THIRD, 0.0, -14.0), "安阳示例服务区")
    drive = scene.start(trip, ends.origin).go(area).stand(scene.dice.between(90, 190))
    scene.tell(trip, scene.finish(drive, trip, ends))
    zh, en = "在第三省登记的服务区休息", "hours at a service area on record in a third province"
    scene.lawful("track_service_area_in_third_province", scene.journey(trip), zh, en)


def _far_about(one: Firm, other: Firm) -> bool:
    """Whether the way by the nearest neighbour is much longer than that inside the province."""
    near, far = about(one, nearest_abroad(one.province, city(one.site))[1], other)
    return far > 2.5 * near + 120


def _there_and_back(scene: WideScene, turn: int) -> list[Trip]:
    trip = inside(scene, turn, province=("14", "22", "63", "13")[turn % 4], between=_far_about)
    origin = city(trip.consignor.site)
    _, place = nearest_abroad(trip.consignor.province, origin)
    far = city(trip.receiver.site)
    return ordinary(scene, longer(trip, by(origin, place, far) + _HALT_MIN).complete())


def _left(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    province, place = nearest_abroad(trip.consignor.province, city(trip.consignor.site))
    drive = scene.start(trip, ends.origin).go(place).stand(scene.dice.between(6, _HALT_MIN))
    scene.tell(trip, scene.finish(drive, trip, ends))
    zh, en = (
        f"省内转移却驶入 {province}",
        f"a transfer inside a province, driven through {province}",
    )
    scene.review("track.left_province", scene.journey(trip), zh, en)
    zh, en = "为此绕行一百多公里", "more than a hundred kilometres about for it"
    scene.review("track.detour", scene.journey(trip), zh, en)


def _to_the_border(scene: WideScene, turn: int) -> list[Trip]:
    trip = inside(scene, turn, province=("13", "14", "63", "22")[turn % 4])
    origin, far = city(trip.consignor.site), city(trip.receiver.site)
    return ordinary(
        scene, longer(trip, by(origin, BORDER[trip.consignor.province], far) + _HALT_MIN).complete()
    )


def _border(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    area = scene.rest(BORDER[trip.consignor.province], "省界示例服务区")
    drive = scene.start(trip, ends.origin).go(area).stand(15)
    scene.tell(trip, scene.finish(drive, trip, ends))
    zh, en = "道路沿省界，短暂进入邻省", "a road along the border, some kilometres over it"
    scene.lawful("track_along_the_border", scene.journey(trip), zh, en)


STRAYED = (
    Story(_through, _stayed, planted=True), Story(_through, _at_another_receiver, planted=True),
    Story(_there_and_back, _left, planted=True), Story(_through, _rest), Story(_through, _transit),
    Story(_through, _night), Story(_to_the_border, _border),
)  # fmt: skip
