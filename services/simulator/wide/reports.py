"""What an officer must look at: one id said in two ways, a number taken, a stranger's word."""

from dataclasses import replace
from datetime import timedelta

from services.simulator.waste import NOBODYS
from services.simulator.wide.scene import WideScene

__all__ = ["number_taken", "said_two_ways", "stranger_receives"]


def said_two_ways(scene: WideScene, turn: int) -> None:
    """Plant one load of which a party says one thing in two ways, under one id; three kinds in turn.

    In two of them what the licence says of the load depends on which of the two is true.
    """
    trip = scene.trip(scene.within(), scene.grams(turn), scene.moment(turn))
    stray = [replace(load, code=scene.dice.pick(NOBODYS)) for load in trip.loads]
    kind = turn % 3
    if kind == 2:
        trip.complete().receive_again("partly")
        zh, en = "同一编号的接收，意见不同", "one id, two opinions of the receiver"
    else:
        first, second = (trip.loads, stray) if kind == 0 else (stray, trip.loads)
        trip.file(first).file_again(second).move()
        zh = f"同一编号的填报，代码先后为 {first[0].code} 和 {second[0].code}"
        en = f"one id, filed as {first[0].code} and as {second[0].code}"
        scene.review("licence.code_out_of_scope", trip.number, f"{zh}，只有其一在许可证上", en)
    scene.review("form.conflicting_reports", trip.number, zh, en)


def number_taken(scene: WideScene, turn: int) -> None:
    """Plant one load under whose number another unit files its own: the first filing stands."""
    trip = scene.trip(scene.within(), scene.grams(turn), scene.moment(turn))
    trip.file().depart().arrive().receive()
    other = scene.dice.pick([m for m in scene.cast.makers if m.uscc != trip.consignor.uscc])
    trip.take_number(other, trip.received_at + timedelta(days=8))
    zh, en = f"{other.name}冒用已填报的联单号", f"{other.uscc} filed under another unit's number"
    scene.review("form.not_entitled", trip.number, zh, en)


def stranger_receives(scene: WideScene, turn: int) -> None:
    """Plant one lawful load whose receipt a third unit confirms."""
    trip = scene.trip(scene.within(), scene.grams(turn), scene.moment(turn)).complete()
    parties = {trip.consignor.uscc, trip.receiver.uscc}
    stranger = next(p.firm for p in scene.cast.plants[::-1] if p.firm.uscc not in parties)
    trip.meddle(stranger, trip.arrived_at + timedelta(minutes=5), "received")
    zh, en = "第三方称已接收，事实不变", "a third unit claims the receipt; nothing changes"
    scene.review("form.not_entitled", trip.number, zh, en)
