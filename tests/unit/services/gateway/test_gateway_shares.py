"""One unit's slow bodies leave places for the others."""

from contextlib import ExitStack

import pytest

from services.gateway.capacity import Capacity
from services.gateway.problems import Refused


def test_a_unit_has_at_most_a_quarter_of_the_places_for_bodies_on_the_way() -> None:
    capacity = Capacity(8, 1000)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(capacity.arriving("one"))
        with pytest.raises(Refused, match="busy"), capacity.arriving("one"):
            pass
        with capacity.arriving("other"):
            pass
    with capacity.arriving("one"), capacity.arriving("one"):
        pass


def test_there_is_always_a_place_for_one() -> None:
    with Capacity(1, 1000).arriving("one"):
        pass


def test_a_unit_leaves_a_quarter_of_all_places_to_others_however_much_it_sends() -> None:
    capacity = Capacity(8, 1000)
    with ExitStack() as held:
        for _ in range(6):
            held.enter_context(capacity.slot("one"))
        with pytest.raises(Refused, match="busy"):
            capacity.slot("one").__enter__()
        for _ in range(2):
            held.enter_context(capacity.slot("other"))
        with pytest.raises(Refused, match="busy"):
            capacity.slot("other").__enter__()
    assert capacity.held_requests == 0
    with ExitStack() as held:
        for _ in range(6):
            held.enter_context(capacity.slot("one"))


def test_a_gateway_of_one_place_serves_one_unit() -> None:
    with Capacity(1, 1000).slot("one"):
        pass
