"""What a vehicle for medical waste carries, explained: its records on that day, and the lines that are not."""

from collections.abc import Sequence

from schemas.registry import Vehicle
from streams.judging.explanation import Condition, Cure, Explanation
from streams.judging.facts import Facts
from streams.judging.outcome import china_text
from streams.judging.rules.explained.carriers import Loading, plate_corrected
from streams.judging.rules.explained.wording import (
    MOST_SHOWN,
    Group,
    condition,
    day_text,
    left_out,
    some,
    within_validity,
)
from streams.judging.rules.rule import Said

__all__ = ["cargo_explained"]

_NOT_ON_RECORD = ("不在机构登记之列", "not on record as one")
_CONSIGNOR: dict[str, Said] = {
    "other_cargo": _NOT_ON_RECORD,
    "may_be_medical": _NOT_ON_RECORD,
    "of_an_institution": ("在机构登记之列", "on record as one"),
}
"""By reason, where it bears on it."""


def cargo_explained(
    facts: Facts, leg: Loading, held: Sequence[Vehicle], reason: str
) -> Explanation:
    """Return why the lines of a loading are other cargo, or may be; ``held``: the vehicle's records."""
    plate, at = leg.plate or "", china_text(leg.fact.at)
    conditions: list[Condition] = [
        condition(
            ("装载已上报", "a loading was reported"),
            (f"{leg.name}，{at}", f"{leg.name}, {at}"),
            holds=True,
            role="applies",
        ),
        condition(
            ("登记为医疗废物专用车辆", "on record as a vehicle for medical waste"),
            (plate, plate),
            ("当日有效的登记均如此", "by every record in force that day"),
            holds=True,
            role="applies",
        ),
    ]
    shown = held[:MOST_SHOWN]
    for v in shown:
        group = Group(f"车辆登记 {v.id}", f"vehicle record {v.id}", f"vehicle/{v.id}")
        conditions.append(within_validity(v, leg.fact.at, ("装载", "loading"), group))
    conditions += left_out(("的车辆登记", "vehicle records"), shown, len(held))
    conditions.append(
        condition(
            ("所运为医疗废物", "what it carries is medical waste"),
            some(w.code for w in leg.wastes),
            ("HW01 医疗废物", "HW01, medical waste"),
            holds=False if reason == "other_cargo" else None,
        )
    )
    if reason in _CONSIGNOR:
        conditions.append(
            condition(
                ("移出人为医疗卫生机构", "the consignor is a medical institution"),
                _CONSIGNOR[reason],
                holds=True,
                role="figure",
            )
        )
    return Explanation(tuple(conditions), tuple(_cures(facts, leg, reason)))


def _cures(facts: Facts, leg: Loading, reason: str) -> list[Cure]:
    plate, day, consignor = leg.plate or "", day_text(leg.fact.at), facts.form.consignor
    found = [
        Cure(
            zh=f"若{leg.name}用不属医疗废物专用的车辆承运，则本项合法。",
            en="Carried on a vehicle that is not one for medical waste, this would be legal.",
            party="carrier",
        ),
        Cure(
            zh=f"若 {plate} 在 {day} 已不再是医疗废物专用车辆，或同时登记为其他用途，登记部门更正车辆登记后"
            "本告警附理由撤回。",
            en=f"If {plate} was no longer a vehicle for medical waste on {day}, or is for other goods as well, "
            "the alert is withdrawn with the reason once its record says so.",
            party="authority",
            kind="vehicle",
        ),
        plate_corrected(plate),
    ]
    if reason in ("other_cargo", "may_be_medical"):
        found.append(
            Cure(
                zh=f"若{consignor.name}（{consignor.uscc}）是医疗卫生机构、所运为其药物性或化学性医疗废物，登记部门"
                "补录该机构后重新研判，不再作违法认定。",
                en=f"If {consignor.name} ({consignor.uscc}) is a medical institution and this its pharmaceutical or "
                "chemical medical waste, this is judged anew once it is recorded, and no violation.",
                party="authority",
                kind="institution",
            )
        )
    if reason in ("other_cargo", "of_an_institution"):
        found.append(
            Cure(
                zh="若所运实为医疗废物、代码填写有误，由移出人更正联单。",
                en="If it was medical waste and the code was written wrongly, the consignor corrects the manifest.",
                party="consignor",
                kind="liandan.manifest.corrected.v1",
            )
        )
    return found
