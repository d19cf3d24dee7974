"""In an epidemic: what an order forbids that peace allows, and what it allows that peace forbids."""

from services.simulator.medical.bag import carry, send
from services.simulator.medical.houses import City
from services.simulator.medical.papers import Papers
from services.simulator.medical.scene import MedicalScene
from services.simulator.medical.stored import left, take_on
from services.simulator.medical.times import LENGTHENED, SHORTENED, moment

__all__ = ["ORDERED_ALIKE", "STORE_UNDER_ORDER", "issue_orders"]

_IN_ORDER = (9, 10)
"""Days whose waste comes in before the first order ends."""


def issue_orders(scene: MedicalScene, papers: Papers) -> None:
    """Record the two orders of every city: the first the day before, the second a day late."""
    for city in scene.cities:
        papers.order(
            city,
            SHORTENED,
            SHORTENED[0] - scene.minutes(600, 1200),
            level="示例一级响应",
            plants=[city.emergency.firm.uscc, city.elsewhere.firm.uscc],
            plates=[city.truck],
            store_hours=24,
        )
        papers.order(
            city,
            LENGTHENED,
            LENGTHENED[0] + scene.minutes(1500, 2000),
            level="示例二级响应",
            store_hours=72,
            plant_hours=48,
        )


def nobody_came_under_order(scene: MedicalScene, city: City, _: int) -> None:
    """Plant a day of which nobody took anything for 24 hours while the order asked it."""
    day = scene.take(city, ("clinic",), (9, 10), around=(1, 1))
    take_on(scene, day, day.bags, day.n + 1)
    zh, en = "应急令 24 小时内无人收运", "nobody came within the order's 24 hours"
    scene.breaks("violation", "stored_too_long", day.subject, zh, en)
    scene.breaks("violation", "not_collected", day.subject, zh, en)


def left_under_order(scene: MedicalScene, city: City, _: int) -> None:
    """Plant some bags that stood for more than the order's 24 hours."""
    day = scene.take(city, ("hospital",), (9, 10))
    take_on(scene, day, left(day), day.n + 1)
    zh, en = "应急令 24 小时，漏收数件", "some stood for more than the order's 24 hours"
    scene.breaks("violation", "stored_too_long", day.subject, zh, en)


def in_store_when_it_began(scene: MedicalScene, city: City, _: int) -> None:
    """Plant some bags sealed before the order began, and taken after its 24 hours."""
    day = scene.take(city, ("hospital",), (8,))
    take_on(scene, day, left(day), 9)
    zh, en = (
        "应急令生效时已在库，超过 24 小时",
        "in store when the order began, longer than its 24 hours",
    )
    scene.breaks("violation", "stored_too_long", day.subject, zh, en)


def left_under_longer(scene: MedicalScene, city: City, _: int) -> None:
    """Plant some bags that stood for more than the longer limit, too."""
    day = scene.take(city, ("hospital",), (12,))
    bags = left(day)
    for bag in bags:
        bag.sealed_at = moment(12, 9) + scene.minutes(0, 60)
    take_on(scene, day, bags, 15)
    zh, en = "应急令放宽至 72 小时仍超限", "longer than even the order's 72 hours"
    scene.breaks("violation", "stored_too_long", day.subject, zh, en)


def _longer(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, ("hospital", "clinic"), (12,))
    for bag in day.bags:
        bag.sealed_at = moment(12, 8) + scene.minutes(10, 60)
    at = moment(14, 20.5) + scene.minutes(0, 10)
    carry(day.bags, at, at + scene.minutes(30, 60), city.plant.plates[2])
    zh, en = "应急令放宽至 72 小时，约 60 小时收运", "taken after 60 hours; the order allows 72"
    scene.lawful("order_lengthens_store", day.subject, zh, en)


def _ended_first(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, ("hospital", "clinic"), (11,))
    take_on(scene, day, day.bags, 12)
    zh, en = "应急令在其时限届满前已结束", "the order ended before its 24 hours were over"
    scene.lawful("order_ended_first", day.subject, zh, en)


def _longer_at_plant(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(
        city, ("hospital", "clinic"), (12, 13), fits=lambda d: d.house.visited(d.n) < 14
    )
    done = scene.visit(day.house, day.house.visited(day.n)).came + scene.minutes(2340, 2460)
    for bag in day.bags:
        bag.done_at = done
    zh, en = "应急令放宽处置单位贮存至 48 小时", "kept 40 hours at the plant; the order allows 48"
    scene.lawful("order_lengthens_plant_store", day.subject, zh, en)


def _let_in(scene: MedicalScene, city: City, turn: int) -> None:
    days = (11,) if turn % 2 else _IN_ORDER
    day = scene.take(city, ("hospital", "clinic"), days)
    taken = moment(day.house.visited(day.n), 18) + scene.minutes(0, 30)
    came = moment(day.house.visited(day.n), 19.5) + scene.minutes(0, 28)
    carry(day.bags, taken, came, city.truck)
    send(day.bags, city.emergency)
    zh, en = "应急令准许的设施和车辆", "a facility and a truck that the order lets in"
    scene.lawful("order_lets_facility_and_truck", day.subject, zh, en)


def _lets_elsewhere(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, ("hospital", "clinic"), _IN_ORDER)
    send(day.bags, city.elsewhere)
    zh, en = "应急令准许外市单位接收", "a plant of another city that the order lets in"
    scene.lawful("order_lets_plant_elsewhere", day.subject, zh, en)


STORE_UNDER_ORDER = (
    nobody_came_under_order, left_under_order, in_store_when_it_began, left_under_longer,
)  # fmt: skip
ORDERED_ALIKE = (_longer, _ended_first, _longer_at_plant, _let_in, _lets_elsewhere)
"""Each plays one story: ``(scene, city, turn)``."""
