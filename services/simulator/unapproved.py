"""Planted violations: across provinces without approval, or outside its dates."""

from datetime import timedelta

from schemas.instant import china_day, day_end, day_start
from services.simulator.cast import Plant
from services.simulator.firms import Firm
from services.simulator.letters import approve, approve_around, rounded_up
from services.simulator.scene import Route, Scene
from services.simulator.trip import Load, Trip
from services.simulator.waste import EXEMPT_IN_USE

__all__ = ["no_approval", "no_approval_nor_licence", "not_in_force"]

_NONE = "cross_province.no_approval"
_NOT_NOW = "cross_province.approval_not_in_force"


def no_approval(scene: Scene, turn: int) -> None:
    """Plant one transfer across provinces that nothing allows; nine kinds in turn."""
    dice, grams, at = scene.dice, scene.grams(turn), scene.moment(turn)
    kind = turn % 9
    if kind == 2:
        user = Plant(scene.cast.user, "utilisation", (EXEMPT_IN_USE,))
        maker = dice.pick([m for m in scene.unapproving if m.province != user.firm.province])
        trip = scene.trip((maker, user, EXEMPT_IN_USE), grams, at).complete()
        zh = f"{EXEMPT_IN_USE} 只豁免利用环节，跨省转移仍须审批，而没有审批"
        en = f"{EXEMPT_IN_USE} is exempted for utilisation only; moved across without approval"
    elif kind == 3:
        start, plant, code = _from_another_site(scene)
        home, away_site = plant.firm.site, start.site
        trip = scene.trip((start, plant, code), grams, at).complete()
        zh = f"注册地与接受地 {home[:2]} 同省，但移出场所在 {away_site[:2]}，跨省无审批"
        en = f"registered in {home[:2]} like the receiver, but the site is in {away_site[:2]}"
    elif kind == 8:
        lead = scene.cast.lead
        maker = dice.pick([m for m in scene.unapproving if m.province == "63"])
        trip = scene.trip((maker, lead, lead.codes[0]), grams, at).complete()
        zh = "白名单视同省内转移，但青海不在移出省份之列，跨省无审批"
        en = "the as-intra white list does not name Qinghai as an origin; no approval"
    else:
        route = scene.unapproved()
        maker, plant, code = route
        trip = scene.trip(route, grams, at)
        zh = f"{code} 从 {maker.site[:2]} 跨省运往 {plant.firm.site[:2]}，没有审批"
        en = f"{code} went from {maker.site[:2]} to {plant.firm.site[:2]} with no approval"
        if kind == 1:
            day = china_day(at)
            first, last = day - timedelta(days=30), day + timedelta(days=60)
            approve(scene, route, rounded_up(grams * 3), first, last, decision="refused")
            zh, en = f"{zh}（申请被驳回）", f"{en} (the application was refused)"
        elif kind == 5:
            scene.register.whitelist(plant.firm, [code], [maker.site[:2] + "0000"], "direct")
            zh, en = f"{zh}；直批白名单不是审批", f"{en}; a white list of direct kind is none"
        elif kind == 7:
            other = next(c for c in plant.codes if c != code and scene.claim(maker, plant.firm, c))
            approve_around(scene, (maker, plant, other), at, grams)
            trip.loads = [Load(other, grams, plant.method), *trip.loads]
            zh, en = f"两种废物，其中 {zh}", f"of two wastes, {en}"
        trip.file()
        if kind == 4:
            trip.void(trip.left_at - timedelta(minutes=20), "他人作废", by=_stranger(scene, trip))
            zh, en = f"{zh}；第三方作废无效", f"{en}; a stranger's voiding counts for nothing"
            scene.review(
                "form.not_entitled", trip.number, "第三方作废他人联单", "a stranger voided it"
            )
        if kind == 6:
            trip.arrive().receive()
            zh, en = f"{zh}；没有起运记录", f"{en}; nobody reported the departure"
        else:
            trip.move()
    scene.violation(_NONE, trip.number, zh, en)


def no_approval_nor_licence(scene: Scene, turn: int) -> None:
    """Plant one transfer that breaks two rules: no approval, and the receiver has no licence."""
    shop = Plant(scene.dice.pick(scene.cast.workshops), "disposal", ("900-039-49",))
    away = [m for m in scene.unapproving if m.province != shop.firm.province]
    route = (scene.dice.pick(away), shop, shop.codes[0])
    trip = scene.trip(route, scene.grams(turn + 3), scene.moment(turn + 1)).complete()
    zh, en = "跨省无审批，接受人也没有许可证", "no approval, and the receiver has no licence"
    scene.violation(_NONE, trip.number, zh, en)
    scene.violation("licence.receiver_unlicensed", trip.number, zh, en)


def not_in_force(scene: Scene, turn: int) -> None:
    """Plant one transfer outside the dates of its approval; five kinds in turn."""
    dice, grams, at = scene.dice, scene.grams(turn), scene.moment(turn)
    route = scene.unapproved_now()
    day, ample = china_day(at), rounded_up(grams * 3)
    some, many = timedelta(days=dice.between(2, 20)), timedelta(days=dice.between(60, 150))
    kind = turn % 5
    if kind == 2:
        at = day_end(day) + timedelta(seconds=dice.between(5, 55))
        approve(scene, route, ample, day - many, day)
        zh, en = f"审批 {day} 到期，次日零点后起运", f"ended on {day}, left just after midnight"
    elif kind == 3:
        at = day_start(day) - timedelta(seconds=dice.between(5, 55))
        approve(scene, route, ample, day, day + many)
        zh, en = f"审批 {day} 起有效，前一日午夜前起运", f"begins on {day}, left just before it"
    else:
        zh, en = "", ""
        if kind in (0, 4):
            approve(scene, route, ample, day - some - many, day - some)
            zh, en = f"审批已于 {day - some} 到期", f"the approval ended on {day - some}"
        if kind in (1, 4):
            approve(scene, route, ample, day + some, day + some + many)
            zh += f"{'，另一份' if zh else '审批'}自 {day + some} 才生效"
            en += f"{', another' if en else 'the approval'} begins only on {day + some}"
    trip = scene.trip(route, grams, at).complete()
    scene.violation(_NOT_NOW, trip.number, f"{route[2]} 跨省转移，{zh}", f"{route[2]}: {en}")


def _from_another_site(scene: Scene) -> Route:
    """Return a route whose consignor is registered in the receiver's province, but not there."""
    while True:
        maker, plant, code = scene.unapproved()
        near = [m for m in scene.unapproving if m.province == plant.firm.province]
        neighbour = scene.dice.pick(near)
        if scene.claim(neighbour, plant.firm, code):
            return neighbour.at(maker.site), plant, code


def _stranger(scene: Scene, trip: Trip) -> Firm:
    return next(m for m in scene.cast.makers if m.uscc != trip.consignor.uscc)
