"""Who plays in a world, and the papers that the players hold all the time."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from services.simulator.dice import Dice
from services.simulator.firms import Firm, Founder
from services.simulator.register import Register
from services.simulator.waste import COLLECTED, DISPOSED, LEAD_BATTERY, USED

__all__ = ["FAR_OFF", "PROVINCES", "Cast", "Plant", "cast_for"]

PROVINCES = ("13", "14", "22", "63")
FAR_OFF = date(2028, 12, 31)
"""End of the papers that never matter."""
_MAKERS = ("化工", "机械制造", "表面处理", "制药", "涂装", "印刷", "汽车维修", "电子")
_CATEGORIES = ["HW06", "HW12", "HW49"]


@dataclass(frozen=True, slots=True)
class Plant:
    """A receiver, what it may take and how; ``until`` is the last day of its licence."""

    firm: Firm
    method: str
    codes: tuple[str, ...]
    until: date = FAR_OFF


@dataclass
class Cast:
    """The players. Every plant but the ``lapsing`` ones is licensed throughout."""

    carriers: list[Firm]
    makers: list[Firm]
    plants: list[Plant]
    workshops: list[Firm]
    """Hold no licence and deserve none."""
    user: Firm
    """Holds no licence and needs none for what is exempted."""
    lead: Plant
    exempted: Plant
    virtual: Plant
    collector: Plant
    twice: Plant
    """Holds an expired licence and a newer one."""
    wide: Plant
    """Its licence names categories only."""
    xpcc: Firm
    xinjiang: Plant
    lapsing: list[Plant] = field(default_factory=list)
    _makers_in: dict[str, list[Firm]] = field(default_factory=dict, init=False, repr=False)

    def makers_in(self, province: str) -> list[Firm]:
        """Return the producers whose site is in the province."""
        if province not in self._makers_in:
            self._makers_in[province] = [m for m in self.makers if m.province == province]
        return self._makers_in[province]


def cast_for(manifests: int, dice: Dice, register: Register, founder: Founder) -> Cast:
    """Found the firms of a world of that size and record their papers.

    About 35 firms at 300 manifests, about 380 at 100,000.
    """

    def found(province: str, *trades: str, plates: int = 0) -> Firm:
        return founder.found(province, trades, plates)

    carriers = [
        found(PROVINCES[n % 4], "危货运输", plates=6) for n in range(5 + manifests // 5_000)
    ]
    makers = [found(PROVINCES[n % 4], *_MAKERS) for n in range(12 + manifests // 500)]
    plants = []
    for n in range(8 + manifests // 5_000):
        if n // 4 % 2 == 0:
            plants.append(Plant(found(PROVINCES[n % 4], "资源利用"), "utilisation", USED))
        else:
            plants.append(Plant(found(PROVINCES[n % 4], "环保处置"), "disposal", DISPOSED))
    wide = Plant(
        plants[5].firm, "disposal", tuple(c for c in DISPOSED if f"HW{c[8:]}" in _CATEGORIES)
    )
    plants[5] = wide
    cast = Cast(
        carriers=carriers,
        makers=makers,
        plants=plants,
        workshops=[found(("13", "22")[n % 2], "再生加工") for n in range(2 + manifests // 20_000)],
        user=found("14", "炭素材料"),
        lead=Plant(found("13", "再生铅"), "utilisation", (LEAD_BATTERY,)),
        exempted=Plant(found("14", "铝业"), "utilisation", ("321-026-48",)),
        virtual=Plant(found("13", "环境服务"), "storage", ("900-249-08",)),
        collector=Plant(found("22", "收集服务"), "storage", (COLLECTED,)),
        twice=plants[0],
        wide=wide,
        xpcc=found("66", *_MAKERS),
        xinjiang=Plant(found("65", "资源利用"), "utilisation", USED),
    )
    for n in range(2 + 2 * (manifests // 5_000)):
        first = date(2026, 9, 1) if n % 2 else date(2026, 7, 20)
        until = first + timedelta(days=dice.below(40 if n % 2 else 18))
        firm = found(("14", "13")[n % 2], "溶剂回收")
        cast.lapsing.append(Plant(firm, "utilisation", USED, until))
    _papers(cast, founder.firms, register)
    return cast


def _papers(cast: Cast, firms: list[Firm], register: Register) -> None:
    for firm in firms:
        register.unit(firm)
    for firm in cast.carriers:
        register.carrier(firm)
    for plant in [*cast.plants, cast.lead, cast.xinjiang, *cast.lapsing]:
        if plant is not cast.wide:
            register.licence(plant.firm, _scope(plant), plant.until)
    register.licence(
        cast.wide.firm,
        [{"categories": _CATEGORIES, "modes": ["storage", "disposal"], "printed": "HW06、12、49"}],
        FAR_OFF,
    )
    register.licence(
        cast.twice.firm, _scope(cast.twice), date(2026, 5, 31), valid_from=date(2021, 6, 1)
    )
    register.licence(
        cast.collector.firm,
        [{"codes": [COLLECTED], "modes": ["collection"]}],
        FAR_OFF,
        valid_from=date(2026, 1, 1),
        register_type="collection",
    )
    register.licence(cast.exempted.firm, _scope(cast.exempted), FAR_OFF, register_type="exempted")
    register.licence(cast.virtual.firm, _scope(cast.virtual), FAR_OFF, register_type="virtual")


def _scope(plant: Plant) -> list[dict[str, Any]]:
    modes = ["storage", "disposal"] if plant.method == "disposal" else [plant.method]
    half = (len(plant.codes) + 1) // 2
    parts = [plant.codes[:half], plant.codes[half:]]
    return [{"codes": list(part), "modes": modes, "edition": 2021} for part in parts if part]
