"""The stage of the wide world: routes that no other story's approval comes near."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.simulator.cast import PROVINCES, Cast, Plant
from services.simulator.dice import Dice
from services.simulator.firms import Firm, Founder
from services.simulator.register import Register
from services.simulator.scene import Route, Scene
from services.simulator.waste import USED
from services.simulator.wide.others import Others

__all__ = ["WideScene"]

_LICENSED = date(2027, 12, 31)


class WideScene(Scene):
    """A stage on which a wrong approval can be told from none.

    What is said to be without approval comes from producers that never had one; what has a wrong
    one comes from producers whose consignor × receiver and consignor × code are each used once.
    """

    def __init__(
        self, dice: Dice, cast: Cast, register: Register, founder: Founder, others: Others
    ) -> None:
        super().__init__(dice, cast, register)
        self.founder, self.others = founder, others
        self._bound: set[tuple[str, str]] = set()
        self._thrifty: list[Firm] = []

    def found_plant(self, turn: int, **licence: Any) -> tuple[str, Plant]:
        """Found a plant for one story; return the record of its licence, and the plant."""
        plant = Plant(
            self.founder.found(PROVINCES[turn % 4], ("资源利用",)), "utilisation", USED, _LICENSED
        )
        self.register.unit(plant.firm)
        scope = [{"codes": list(USED), "modes": ["utilisation"]}]
        return self.register.licence(plant.firm, scope, plant.until, **licence), plant

    def thrifty(self, n: int) -> tuple[Firm, str]:
        """Return the n-th pair of a producer that plans each of its wastes apart, and one of them."""
        turn, code = divmod(n, len(USED))
        while len(self._thrifty) <= turn:
            found = self.founder.found(PROVINCES[len(self._thrifty) % 4], ("涂料",))
            self.register.unit(found)
            self._thrifty.append(found)
        return self._thrifty[turn], USED[code]

    @property
    def unapproving(self) -> Sequence[Firm]:
        """The producers without any approval."""
        return self.others.bare

    def unapproved(self) -> Route:
        """Return an unused route of a producer without any approval."""
        return self.cross(makers=self.others.bare)

    def unapproved_now(self) -> Route:
        """Return a route whose consignor × receiver and consignor × code no other story uses."""
        return self.tangled()

    def tangled(
        self, plants: Sequence[Plant] | None = None, receivers: int = 1, codes: int = 1
    ) -> Route:
        """Return such a route with so many ``receivers`` and ``codes`` still free for the story."""
        for _ in range(10_000):
            maker = self.dice.pick(self.others.tangled)
            plant = self.dice.pick(plants or self.cast.plants)
            if maker.province == plant.firm.province:
                continue
            free = [c for c in plant.codes if self.free(maker, c)]
            if len(free) < codes or not self.free(maker, plant.firm.uscc):
                continue
            route = maker, plant, self.dice.pick(free)
            if receivers > 1 and not self.rivals(route):
                continue
            self.bind(route)
            return route
        raise RuntimeError("too few firms for so many stories")

    def rivals(self, route: Route) -> list[Plant]:
        """Return other plants licensed for the same code that the consignor has not dealt with."""
        maker, plant, code = route
        return [
            p
            for p in self.cast.plants
            if p.firm is not plant.firm
            and p.firm.province != maker.province
            and code in p.codes
            and self.free(maker, p.firm.uscc)
        ]

    def claim_entry(self, receiver: Firm, code: str, origin: str) -> bool:
        """Take receiver × code × origin for one white-list entry; false when it was taken before."""
        key = (f"{receiver.uscc}/{origin}", code)
        fresh = key not in self._bound
        self._bound.add(key)
        return fresh

    def free(self, maker: Firm, other: str) -> bool:
        """Whether no story has yet bound the consignor to a receiver or a code."""
        return (maker.uscc, other) not in self._bound

    def bind(self, route: Route) -> None:
        """Keep consignor × receiver and consignor × code for one story."""
        maker, plant, code = route
        self.claim(maker, plant.firm, code)
        self._bound |= {(maker.uscc, plant.firm.uscc), (maker.uscc, code)}
