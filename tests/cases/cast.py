"""Firms and numbers of one case, and what the registry usually holds of them."""

from functools import cache
from typing import Any, NamedTuple

from schemas.credit_code import check_character
from tests.cases.story import CASES, Case, Load
from tests.cases.yaml_text import read_yaml

__all__ = ["Cast", "Firm", "cast_file"]


class Firm(NamedTuple):
    """An invented firm."""

    uscc: str
    name: str
    region: str


@cache
def cast_file() -> dict[str, Any]:
    """Return ``cast.yaml``."""
    said: dict[str, Any] = read_yaml(CASES / "cast.yaml")
    return said


class Cast:
    """Who plays in one case: no two cases share a credit code or a manifest number."""

    def __init__(self, case: Case) -> None:
        self._serial = case.serial
        self.firms = {
            label: Firm(_credit_code(case.serial * 20 + n), told["name"], told["region"])
            for n, (label, told) in enumerate(cast_file()["firms"].items())
        }
        self.numbers = {
            label: self._number(n, load) for n, (label, load) in enumerate(case.loads.items())
        }

    def firm(self, label: str) -> Firm:
        """Return a firm of the cast. Raises ValueError for a name that is not in it."""
        if label not in self.firms:
            raise ValueError(f"no such firm in the cast: {label}")
        return self.firms[label]

    def _number(self, n: int, load: Load) -> str:
        """Number manifests in the order of the story, by the city of the site they leave from."""
        site = load.from_site or self.firm(load.from_).region
        city = load.number_city or site[:4]
        year = load.number_year or int(load.events[0].at[:4])
        serial = self._serial * 100 + n
        if load.number == "order23":
            return f"{year}{city}9{serial:05d}"
        return f"{'G' if load.number == 'national_cross' else ''}{year}{city}009{serial:05d}"


def _credit_code(n: int) -> str:
    first = f"911301{70_000_000_000 + n:011d}"
    return first + check_character(first)
