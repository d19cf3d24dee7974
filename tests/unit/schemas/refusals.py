"""What a check says when it refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.checks import Refusal


def refusal(read: Callable[[Any], Any], value: Any) -> Refusal:
    """The refusal of ``value``; fails when it is accepted or something else is raised."""
    with pytest.raises(Refusal) as refused:
        read(value)
    assert any("一" <= c <= "鿿" for c in refused.value.zh)
    assert refused.value.en.isascii() or "挂" in refused.value.en
    return refused.value
