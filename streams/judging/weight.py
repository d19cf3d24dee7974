"""What a line of a manifest weighs: as told, converted from a count, or not known.

Pieces and packages are converted only by what was said of them: the weight of the same count, the
weight of one (``package_t``), or the mean of a weight that was given with a count. Nothing is
guessed, and unknown is not zero.
"""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.manifest import WasteLine

__all__ = ["Said", "Weight", "weight_of"]

Said = tuple[int | None, int | None]
"""What one party said of a line: (grams, count)."""


class Weight(NamedTuple):
    """What a line weighs. ``pieces``: the packages behind it, where no weight was given for them."""

    grams: int | None
    """None: not known."""
    pieces: int | None = None
    by: tuple[int, int] | None = None
    """(grams, count) by which it was converted; a count of 1 is the weight of one package."""


def weight_of(waste: WasteLine, said: Sequence[Said], *, whole: bool = True) -> Weight:
    """Return the weight of a line from what was said of it, the newest first, the filing last.

    ``whole``: the newest speaks of the whole line (not of the part that was accepted). A weight that
    was given without a count is that of the whole, and of all the packages counted before.
    """
    grams, count = said[0]
    if grams is not None:
        return Weight(grams)
    if not count:
        return Weight(0)  # of what was refused no package was accepted
    weighed = [(g, n) for g, n in said[1:] if g is not None]
    same = next((g for g, n in weighed if n == count), None)
    if same is not None:
        return Weight(same)
    if waste.package_t is not None:
        return Weight(count * waste.package_t, count, (waste.package_t, 1))
    mean = next(((g, n) for g, n in weighed if n), None)
    if mean is not None:
        return Weight(count * mean[0] // mean[1], count, mean)
    before = {n for _, n in said[1:] if n}
    if weighed and (before == {count} or (whole and not before)):
        return Weight(weighed[0][0])
    return Weight(None, count)
