"""Lawful look-alikes across provinces: covered by a letter, a list, an exemption or the map."""

from datetime import timedelta

from schemas.instant import china_day, day_end, day_start
from services.simulator.cast import FAR_OFF, Plant
from services.simulator.firms import CITIES
from services.simulator.letters import approve, approve_around, rounded_up
from services.simulator.scene import Route, Scene
from services.simulator.waste import (
    EXEMPT_EVERYWHERE,
    EXEMPT_IN_TRANSFER,
    EXEMPT_IN_USE,
    GENERAL,
    USED,
    WASTES,
)

__all__ = ["COVERED", "standing_papers"]


def standing_papers(scene: Scene) -> None:
    """Record the exemptions and lists that hold for everyone, once in a world."""
    register, cast = scene.register, scene.cast
    register.exemption([EXEMPT_EVERYWHERE], ["whole_process"])
    register.exemption([EXEMPT_IN_TRANSFER], ["transfer"])
    register.exemption([EXEMPT_IN_USE], ["utilisation"])
    scope = [{"codes": [EXEMPT_IN_TRANSFER], "modes": ["utilisation"]}]
    register.licence(cast.plants[2].firm, scope, FAR_OFF)
    register.whitelist(cast.lead.firm, list(cast.lead.codes), ["140000", "220000"], "as_intra")


def _same_province(scene: Scene, turn: int) -> None:
    trip = scene.trip(scene.within(), scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "省内转移，无需审批", "inside one province; no approval is needed"
    scene.lawful("same_province", trip.number, zh, en)


def _other_site(scene: Scene, turn: int) -> None:
    plant = scene.dice.pick(scene.cast.plants)
    away = [m for m in scene.cast.makers if m.province != plant.firm.province]
    maker, code = scene.dice.pick(away), scene.dice.pick(plant.codes)
    here = maker.at(scene.dice.pick(CITIES[plant.firm.province])[0])
    trip = scene.trip((here, plant, code), scene.grams(turn), scene.moment(turn)).complete()
    zh = f"注册地在 {maker.region[:2]}，移出场所与接受人同在 {here.site[:2]}"
    en = f"registered in {maker.region[:2]}, but the site is in the receiver's province"
    scene.lawful("other_site", trip.number, zh, en)


def _xpcc(scene: Scene, turn: int) -> None:
    plant = scene.cast.xinjiang
    route = (scene.cast.xpcc, plant, scene.dice.pick(plant.codes))
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "兵团与自治区之间视同省内", "between the XPCC and Xinjiang: as inside a province"
    scene.lawful("xpcc", trip.number, zh, en)


def _last_minute(scene: Scene, turn: int) -> None:
    route, grams, day = scene.cross(), scene.grams(turn), china_day(scene.moment(turn))
    approve(scene, route, rounded_up(grams * 2), day - timedelta(days=90), day)
    at = day_end(day) - timedelta(seconds=scene.dice.between(1, 59))
    trip = scene.trip(route, grams, at).complete()
    zh, en = f"审批 {day} 到期，当日 23:59 起运", f"left at 23:59 on the last day, {day}"
    scene.lawful("approval_last_minute", trip.number, zh, en)


def _first_minute(scene: Scene, turn: int) -> None:
    route, grams, day = scene.cross(), scene.grams(turn), china_day(scene.moment(turn))
    approve(scene, route, rounded_up(grams * 2), day, day + timedelta(days=90))
    at = day_start(day) + timedelta(seconds=scene.dice.between(0, 59))
    trip = scene.trip(route, grams, at).complete()
    zh, en = f"审批 {day} 生效，当日零点起运", f"left in the first minute of {day}"
    scene.lawful("approval_first_minute", trip.number, zh, en)


def _exempt_everywhere(scene: Scene, turn: int) -> None:
    user = Plant(scene.cast.user, "disposal", (EXEMPT_EVERYWHERE,))
    away = [m for m in scene.cast.makers if m.province != user.firm.province]
    route = (scene.dice.pick(away), user, EXEMPT_EVERYWHERE)
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "全部环节豁免，跨省无需审批和许可证", "exempted in the whole process"
    scene.lawful("exemption_whole_process", trip.number, zh, en)


def _exempt_in_transfer(scene: Scene, turn: int) -> None:
    plant = Plant(scene.cast.plants[2].firm, "utilisation", (EXEMPT_IN_TRANSFER,))
    away = [m for m in scene.cast.makers if m.province != plant.firm.province]
    route = (scene.dice.pick(away), plant, EXEMPT_IN_TRANSFER)
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "转移环节豁免，无需审批；接受人有证", "exempted in transfer; the receiver is licensed"
    scene.lawful("exemption_transfer", trip.number, zh, en)


def _exempt_in_use(scene: Scene, turn: int) -> None:
    user = Plant(scene.cast.user, "utilisation", (EXEMPT_IN_USE,))
    trip = scene.trip(scene.within(user), scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "利用环节豁免，省内，接受人无需许可证", "exempted in utilisation, inside the province"
    scene.lawful("exemption_utilisation", trip.number, zh, en)


def _point_to_point(scene: Scene, turn: int) -> None:
    user = Plant(scene.cast.user, "utilisation", USED)
    route = maker, _, code = scene.cross([user])
    stages = ["transfer", "utilisation"]
    scene.register.exemption([code], stages, consignor=maker, receiver=user.firm)
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "点对点定向利用豁免，跨省无需审批和许可证", "registered point-to-point use"
    scene.lawful("point_to_point", trip.number, zh, en)


def _as_intra(scene: Scene, turn: int) -> None:
    lead = scene.cast.lead
    maker = scene.dice.pick(scene.cast.makers_in(("14", "22")[turn % 2]))
    route = (maker, lead, lead.codes[0])
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "废铅蓄电池白名单，视同省内转移", "lead batteries on the as-intra white list"
    scene.lawful("whitelist_as_intra", trip.number, zh, en)


def _general_waste(scene: Scene, turn: int) -> None:
    user = Plant(scene.cast.user, "utilisation", (GENERAL,))
    away = [m for m in scene.cast.makers if m.province != user.firm.province]
    route = (scene.dice.pick(away), user, GENERAL)
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).complete()
    zh, en = "一般工业固体废物，不是危险废物", "general solid waste, not hazardous"
    scene.lawful("general_waste", trip.number, zh, en)


def _two_receivers(scene: Scene, turn: int) -> None:
    grams, at = scene.grams(turn), scene.moment(turn)
    first = scene.cross()
    provinces = {first[1].firm.province, first[0].province}
    others = [p for p in scene.cast.plants if p.firm.province not in provinces]
    second = scene.cross(others, [first[0]])
    day, ample = china_day(at), rounded_up(grams * 2)
    lines = [(plant.firm, code, plant.method, ample) for _, plant, code in (first, second)]
    span = timedelta(days=60)
    scene.register.approval(first[0], lines, day - span, day + span)
    for route in (first, second):
        trip = scene.trip(route, grams, at + timedelta(hours=scene.dice.below(20))).complete()
        zh, en = "一份审批列有两省两家接受人", "one letter names receivers in two provinces"
        scene.lawful("two_receivers_one_letter", trip.number, zh, en)


def _same_code_twice(scene: Scene, turn: int) -> None:
    route: Route = scene.cross()
    maker, plant, code = route
    grams, at = scene.grams(turn), scene.moment(turn)
    day, span, ample = china_day(at), timedelta(days=50), rounded_up(grams * 2)
    names = [WASTES[code].name, f"{WASTES[code].name}（二车间）"]
    line = (plant.firm, code, plant.method, ample)
    scene.register.approval(maker, [line, line], day - span, day + span, names=names)
    trip = scene.trip(route, grams, at).complete()
    zh, en = "一份审批中同一代码有两行不同名称", "one letter has two lines of one code"
    scene.lawful("same_code_two_lines", trip.number, zh, en)


def _city_decider(scene: Scene, turn: int) -> None:
    route, grams, at = scene.cross(), scene.grams(turn), scene.moment(turn)
    maker, plant, code = route
    day, span = china_day(at), timedelta(days=40)
    line = (plant.firm, code, plant.method, rounded_up(grams * 2))
    scene.register.approval(maker, [line], day - span, day + span, city_decides=True)
    trip = scene.trip(route, grams, at).complete()
    zh, en = "审批由受委托的市级部门作出", "approved by a city bureau by delegation"
    scene.lawful("city_decider", trip.number, zh, en)


def _ended_and_renewed(scene: Scene, turn: int) -> None:
    route, grams, at = scene.cross(), scene.grams(turn), scene.moment(turn)
    day = china_day(at)
    approve(scene, route, rounded_up(grams), day - timedelta(days=120), day - timedelta(days=9))
    approve_around(scene, route, at, grams)
    trip = scene.trip(route, grams, at).complete()
    zh, en = "旧审批已到期，新审批有效", "the old letter ended, a new one is in force"
    scene.lawful("approval_renewed", trip.number, zh, en)


COVERED = (
    _same_province, _other_site, _xpcc, _last_minute, _first_minute, _exempt_everywhere,
    _exempt_in_transfer, _exempt_in_use, _point_to_point, _as_intra, _general_waste,
    _two_receivers, _same_code_twice, _city_decider, _ended_and_renewed,
)  # fmt: skip
"""Each plays one story: ``(scene, turn)``."""
