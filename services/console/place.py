"""A region as people read it."""

from typing import NamedTuple

from schemas.region import province_name, region_name

__all__ = ["Place", "place_of"]


class Place(NamedTuple):
    """``whole``: province and place in it; ``name``: the nearest name known."""

    code: str
    province: str
    name: str

    @property
    def whole(self) -> str:
        """Province and place, once where they are the same."""
        return self.province if self.name == self.province else f"{self.province}{self.name}"


def place_of(region: str | None) -> Place | None:
    """Return the place of a region code or of its beginning, None without one."""
    if not region:
        return None
    code = region.ljust(6, "0")
    return Place(region, province_name(code), region_name(code))
