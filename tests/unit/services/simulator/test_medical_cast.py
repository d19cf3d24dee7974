"""Large worlds have plates and codes for all, or say that they have not."""

from typing import Any

import pytest

from schemas.plate import read_plate
from services.simulator.dice import Dice
from services.simulator.firms import Founder
from services.simulator.medical.cast import _Cast


def test_every_vehicle_of_a_large_world_has_a_plate_of_its_own_and_none_is_made_up_after_the_last() -> (
    None
):
    unused: Any = None
    cast = _Cast(unused, unused, unused)
    plates = [cast.plate("130100") for _ in range(99_999)]
    assert len(set(plates)) == len(plates)
    assert plates == [read_plate(plate) for plate in plates]
    with pytest.raises(RuntimeError, match="no free plate"):
        cast.plate("130100")


def test_no_firm_gets_a_code_that_is_too_long() -> None:
    founder = Founder(Dice("codes"), 99_998)
    place = "130100", "石家庄"
    assert len(founder.found("13", ("诊所",), place=place).uscc) == 18
    with pytest.raises(RuntimeError, match="no free credit code"):
        founder.found("13", ("诊所",), place=place)
