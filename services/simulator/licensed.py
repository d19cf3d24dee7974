"""Lawful look-alikes at the receiver: other registers, wide scopes, last days, own waste."""

from datetime import timedelta

from schemas.instant import day_end
from services.simulator.cast import Plant
from services.simulator.firms import CITIES
from services.simulator.scene import Scene

__all__ = ["LICENSED"]


def _registered(scene: Scene, turn: int, plant: Plant, likeness: str, zh: str, en: str) -> None:
    trip = scene.trip(scene.within(plant), scene.grams(turn), scene.moment(turn)).complete()
    scene.lawful(likeness, trip.number, zh, en)


def _exempted(scene: Scene, turn: int) -> None:
    zh, en = "接受人在豁免登记册上", "the receiver stands in the register of exempted users"
    _registered(scene, turn, scene.cast.exempted, "exempted_register", zh, en)


def _virtual(scene: Scene, turn: int) -> None:
    zh, en = "接受人在虚拟登记册上", "the receiver stands in the virtual register"
    _registered(scene, turn, scene.cast.virtual, "virtual_register", zh, en)


def _collection(scene: Scene, turn: int) -> None:
    zh, en = "收集许可证涵盖贮存", "a collection licence covers storage"
    _registered(scene, turn, scene.cast.collector, "collection_licence", zh, en)


def _category_wide(scene: Scene, turn: int) -> None:
    zh, en = "许可证只写类别，涵盖该代码", "the licence names categories only and covers the code"
    _registered(scene, turn, scene.cast.wide, "category_wide_licence", zh, en)


def _several(scene: Scene, turn: int) -> None:
    zh, en = "两份许可证，一份已到期，一份有效", "of two licences one expired, one is in force"
    _registered(scene, turn, scene.cast.twice, "several_licences", zh, en)


def _ends_day_after(scene: Scene, turn: int) -> None:
    plant = scene.dice.pick(scene.cast.lapsing[turn % 2 :: 2])
    at = day_end(plant.until) - timedelta(hours=40, seconds=scene.dice.below(3 * 3600))
    two = timedelta(hours=2)
    trip = scene.trip(scene.within(plant), scene.grams(turn), at, transit=two, receipt=two)
    trip.file().depart().arrive().receive()
    zh, en = (
        f"接收次日（{plant.until}）许可证到期",
        f"the licence ends on {plant.until}, a day later",
    )
    scene.lawful("licence_ends_day_after_receipt", trip.number, zh, en)


def _arrives_on_last_day(scene: Scene, turn: int) -> None:
    plant = scene.dice.pick(scene.cast.lapsing[turn % 2 :: 2])
    at = day_end(plant.until) - timedelta(hours=5, seconds=scene.dice.below(3600))
    road, waits = timedelta(hours=4, minutes=30), timedelta(hours=20)
    trip = scene.trip(scene.within(plant), scene.grams(turn), at, transit=road, receipt=waits)
    trip.file().depart().arrive().receive()
    zh = f"许可证 {plant.until} 到期，当日运抵，次日才在系统确认"
    en = f"arrived on the licence's last day, {plant.until}, confirmed in the system a day later"
    scene.lawful("licence_ends_before_confirmation", trip.number, zh, en)


def _own_waste(scene: Scene, turn: int) -> None:
    firm = scene.dice.pick(scene.cast.makers)
    other = next(code for code, _ in CITIES[firm.province] if code != firm.site)
    code = scene.dice.pick(scene.cast.plants[4].codes)
    route = (firm.at(other), Plant(firm, "disposal", (code,)), code)
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "本单位另一厂区自行处置，省内", "own waste to another own site in the province"
    scene.lawful("own_waste", trip.number, zh, en)


LICENSED = (
    _exempted, _virtual, _collection, _category_wide, _several,
    _ends_day_after, _arrives_on_last_day, _own_waste,
)  # fmt: skip
"""Each plays one story: ``(scene, turn)``."""
