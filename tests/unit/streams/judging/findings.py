"""A story for every rule and every reason of it: what the golden explanations are written from."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from manifests import (
    BACK_ENTRY_OVERDUE,
    BANNED,
    CARRIER,
    CERTIFICATE,
    CODE,
    CONFLICTING,
    CONSIGNOR,
    CREW,
    DAY,
    DIFFERS,
    FINISHED_LATE,
    NO_APPROVAL,
    NO_LINE,
    NO_PERMIT,
    NOT_ENTITLED,
    NOT_IN_FORCE,
    NUMBER_REGION,
    OTHER_CARGO,
    OTHER_RECEIVER,
    OUT_OF_SCOPE,
    PERMITS,
    RECEIPT_OVERDUE,
    RECEIVER,
    SHANDONG,
    STORED_TOO_LONG,
    STRANGER,
    SUSPENDED,
    TOO_FAST,
    TRANSIT_OVERDUE,
    UNINSURED,
    UNLICENSED,
    UNLISTED,
    WHITELIST,
    WRONG_CODE,
    WRONG_METHOD,
    WRONG_MODE,
    WRONG_PLATE,
    WRONG_RECEIVER,
    all_outcomes,
    approval,
    approval_line,
    arrived,
    ban,
    corrected,
    dispatched,
    exemption,
    filed,
    form,
    licence,
    limit_outcome,
    permit,
    received,
    record,
    treated,
    voided,
    waste,
    whitelisted,
)

from streams.judging.outcome import Outcome

HOUR = timedelta(hours=1)
OTHER_CODE, UNKNOWN_CODE = "900-039-49", "900-999-49"
LICENSED = [licence(), *PERMITS]
APPROVED = [approval(), *PERMITS]


def transfer(*then: Any, **form: Any) -> list[Any]:
    return [filed(id="f", **form), dispatched(id="d"), *then]


def there(**form: Any) -> list[Any]:
    return transfer(arrived(id="a"), received(id="r"), **form)


def _of(
    rule: str, said: Iterable[Any], *records: Any, now: datetime | None = None
) -> Iterator[Outcome]:
    found = [o for o in all_outcomes(said, *records, now=now) if o.rule == rule and o.found]
    assert found, rule
    yield from found


# Approvals and bans --------------------------------------------------------------------------------

METHOD = approval_line(purpose="utilisation")
ELSEWHERE = approval_line(2, receiver=OTHER_RECEIVER, receiver_name="另一处置单位")
ANOTHER = approval_line(3, code=OTHER_CODE, name="另一废物")
MANY = [
    approval(
        f"appr-{n}",
        document=f"冀环危转〔2026〕{n}号",
        decision="refused" if n == 2 else "approved",
        origin="140000" if n == 3 else "130000",
        valid_from="2026-02-01",
        valid_to="2026-09-09" if n == 4 else "2026-12-31",
        lines=[
            approval_line(
                1,
                receiver=OTHER_RECEIVER if n % 2 else RECEIVER,
                code=CODE if n in (2, 3, 4) else OTHER_CODE,
                purpose="utilisation",
            )
        ],
    )
    for n in range(1, 15)
]


def _approvals() -> Iterator[Outcome]:
    yield from _of(NO_APPROVAL, transfer(), *LICENSED)
    claimed = transfer(approval_no="冀环危转〔2025〕99号")
    refused = approval(decision="refused", origin="130000")
    yield from _of(NO_APPROVAL, claimed, refused, exemption("transport"), *LICENSED)
    two = [waste(1), waste(2, OTHER_CODE, 1, name="另一废物")]
    elsewhere = [m for m in MANY if m.id not in ("appr-4", "appr-6")]
    yield from _of(NO_APPROVAL, transfer(wastes=two), *elsewhere[1:3], *LICENSED)
    yield from _of(WRONG_RECEIVER, transfer(), *MANY[4:], approval(lines=[ELSEWHERE]), *LICENSED)
    yield from _of(NOT_IN_FORCE, transfer(), approval(valid_to="2026-09-09"), *LICENSED)
    yield from _of(NOT_IN_FORCE, transfer(), approval(valid_from="2026-09-11"), *LICENSED)
    yield from _of(WRONG_METHOD, transfer(), approval(lines=[METHOD]), *LICENSED)
    other = {"receiver": OTHER_RECEIVER, "purpose": "utilisation"}
    yield from _of(WRONG_RECEIVER, transfer(), approval(lines=[approval_line(**other)]), *LICENSED)
    yield from _of(WRONG_CODE, transfer(), approval(lines=[ANOTHER]), *LICENSED)
    older = approval_line(code="900-040-49", edition=2016, name="原名称")
    yield from _of(WRONG_CODE, transfer(), approval(lines=[older]), *LICENSED)
    yield from _of(WHITELIST, transfer(), whitelisted("short_consult"), *LICENSED)
    soon = whitelisted("direct", finish_within_days=30)
    early = approval(decided_on="2026-08-10")
    yield from _of(FINISHED_LATE, transfer(arrived(id="a")), early, soon, *LICENSED)
    yield from _of(FINISHED_LATE, transfer(), early, soon, *LICENSED, now=DAY + 24 * HOUR)


def _bans() -> Iterator[Outcome]:
    since = {"valid_from": "2026-08-01", "source_doc": "鲁环发〔2026〕1号"}
    category = {"categories": ["HW49"], "destination": SHANDONG}
    yield from _of(
        BANNED,
        transfer(),
        ban(valid_to="2026-12-31", purposes=["disposal"], **since, **category),
        *LICENSED,
    )
    solid = transfer(wastes=[waste(form="solid")])
    yield from _of(BANNED, solid, ban(codes=[CODE], forms=["solid", "semi_solid"], **since))
    yield from _of(BANNED, solid, ban(**since), approval(decided_on="2026-08-20"), *LICENSED)
    yield from _of(BANNED, transfer(), ban(forms=["liquid"], **since), *LICENSED)
    yield from _of(BANNED, transfer(), ban(**since), *APPROVED)
    less = ban(least_content="铜 5%", **since)
    yield from _of(BANNED, transfer(), less, approval(decided_on="2026-08-20"), *LICENSED)


# Licences ------------------------------------------------------------------------------------------


def _licences() -> Iterator[Outcome]:
    yield from _of(UNLICENSED, there(), *APPROVED)
    yield from _of(UNLICENSED, there(), licence(valid_to="2026-09-09"), *APPROVED)
    later = licence("lic-2", number="3701000002", valid_from="2026-10-01")
    yield from _of(UNLICENSED, transfer(), later, *APPROVED)
    day = [filed(id="f"), dispatched(id="d"), arrived(DAY + 20 * HOUR, id="a")]
    yield from _of(UNLICENSED, day, licence(valid_to="2026-09-10"), *APPROVED)
    refused = transfer(received(opinion="refused"))
    yield from _of(UNLICENSED, refused, licence(valid_to="2026-09-09"), *APPROVED)
    stop = {"valid_from": "2026-09-01", "valid_to": "2026-09-30", "document": "鲁环罚〔2026〕3号"}
    yield from _of(SUSPENDED, there(), licence(suspensions=[stop]), *APPROVED)
    open_end = {"valid_from": "2026-09-11"}
    yield from _of(SUSPENDED, day, licence(suspensions=[open_end]), *APPROVED)
    other = licence(scope=[{"codes": [OTHER_CODE], "modes": ["disposal"]}])
    yield from _of(OUT_OF_SCOPE, there(), other, *APPROVED)
    yield from _of(OUT_OF_SCOPE, there(), licence(scope=[]), *APPROVED)
    older = licence(scope=[{"codes": [OTHER_CODE], "modes": ["disposal"], "edition": 2016}])
    yield from _of(OUT_OF_SCOPE, there(), older, *APPROVED)
    unknown = there(wastes=[waste(code=UNKNOWN_CODE)])
    yield from _of(OUT_OF_SCOPE, unknown, licence(), *APPROVED)
    mode = licence(
        scope=[
            {"categories": ["HW49"], "modes": ["collection", "utilisation"]},
            {"categories": ["HW08"], "modes": ["disposal"]},
        ]
    )
    yield from _of(WRONG_MODE, there(), mode, *APPROVED)


# Carriers and reports ------------------------------------------------------------------------------


def _policy(id: str, insured: str, **more: str) -> Any:  # noqa: A002
    return record("insurance", id, insured=insured, policy_no="示例保单1号", **more)


def _carriers() -> Iterator[Outcome]:
    lawful = [approval(), licence()]
    yield from _of(NO_PERMIT, transfer(), *lawful)
    yield from _of(NO_PERMIT, transfer(), permit(valid_to="2026-09-09"), *lawful)
    yield from _of(NO_PERMIT, transfer(), permit(valid_from="2026-09-11"), *lawful)
    listed = permit(plates=["冀A12345", "冀A12346"], valid_to="2026-12-31")
    on = [filed(id="f"), dispatched(id="d", plate="冀A99999")]
    yield from _of(WRONG_PLATE, on, listed, *lawful)
    mine = {"plate": "冀A99999", "owner": CARRIER, "certificate_no": "示例道运证1号"}
    ended = record("vehicle", "v", **mine, valid_to="2026-09-09")
    yield from _of(CERTIFICATE, on, ended, permit(), *lawful)
    later = record("vehicle", "v", **mine, valid_from="2026-09-11")
    yield from _of(CERTIFICATE, on, later, permit(), *lawful)
    ended = _policy("ins-1", CARRIER, valid_to="2026-09-09")
    yield from _of(UNINSURED, transfer(), ended, permit(), *lawful)
    coming = _policy("ins-1", RECEIVER, valid_from="2026-09-12")
    yield from _of(UNINSURED, transfer(arrived(id="a")), coming, permit(), *lawful)


def _cargo() -> Iterator[Outcome]:
    lawful = [approval(), licence(), *PERMITS]
    van = record("vehicle", "v", plate="冀A99999", owner=CARRIER, medical=True)
    hospital = record("institution", "i", uscc=CONSIGNOR, name="示例医院", region="130100")

    def on_it(*wastes: dict[str, Any]) -> list[Any]:
        return [filed(id="f", wastes=wastes), dispatched(id="d", plate="冀A99999")]

    medical, drugs = waste(1, "841-001-01", "0.5"), waste(code="900-002-03", tonnes="0.2")
    yield from _of(OTHER_CARGO, on_it(medical, waste(2)), van, *lawful)
    yield from _of(OTHER_CARGO, on_it(drugs), van, *lawful)
    yield from _of(OTHER_CARGO, on_it(waste()), van, hospital, *lawful)
    yield from _of(OTHER_CARGO, on_it(waste(code="900-099-S64")), van, *lawful)


def _crew() -> Iterator[Outcome]:
    lawful = [approval(), licence(), *PERMITS]
    named = {"driver": "示例驾驶员", "escort": "示例押运员"}

    def member(id: str, name: str, role: str, **days: Any) -> Any:  # noqa: A002
        more = {"name": name, "roles": [role], "certificate_no": f"示例从业{id}"}
        return record("crew", id, carrier=CARRIER, **more, **days)

    past = member("d1", "示例驾驶员", "driver", valid_to="2026-09-09")
    older = member("d2", "示例驾驶员", "driver", valid_from="2020-01-01", valid_to="2023-01-01")
    yield from _of(CREW, transfer(crew=named), past, older, *lawful)
    future = member("e1", "示例押运员", "escort", valid_from="2026-09-11")
    yield from _of(CREW, transfer(crew=named), future, *lawful)


def _reports() -> Iterator[Outcome]:
    lawful = [*APPROVED, licence()]
    said = [
        *transfer(),
        arrived(id="x", by=STRANGER),
        received(id="y", by=STRANGER),
        voided(DAY, id="z", by=STRANGER),
        corrected("f", "filed", form(), DAY, STRANGER, id="c"),
        filed(id="t", by=STRANGER, consignor=STRANGER, received=DAY + HOUR),
    ]
    yield from _of(NOT_ENTITLED, said, *lawful)
    twice = [*there(), received(DAY + 9 * HOUR, id="r", opinion="accepted", tonnes="1.5")]
    yield from _of(CONFLICTING, twice, *lawful)


# Two readings --------------------------------------------------------------------------------------


def _readings() -> Iterator[Outcome]:
    late = DAY + 30 * HOUR
    moved = corrected("f", "filed", form(receiver=OTHER_RECEIVER), late, CONSIGNOR, id="c")
    yield from _of(WRONG_RECEIVER, [*there(), moved], *APPROVED, licence())
    less = corrected("f", "filed", form(wastes=[waste(tonnes=1)]), late, CONSIGNOR, id="c")
    on_the_way = [filed(id="f"), dispatched(id="d"), arrived(id="a"), less]
    yield from _of(NO_APPROVAL, on_the_way, *LICENSED)
    contradicted = filed(id="f", wastes=[waste(code=OTHER_CODE)], received=DAY + HOUR)
    yield from _of(WRONG_CODE, [*transfer(), contradicted], *APPROVED, licence())
    yield from _of(NO_APPROVAL, [*there(), voided(late, id="v")], *LICENSED)


# Limits --------------------------------------------------------------------------------------------


def load(n: int, tonnes: Any, *then: Any, **line: Any) -> list[Any]:
    """A load of its own; ``then``: what becomes of it, said of its number and hour."""
    subject, at = f"202613010000{n:02d}", DAY + n * HOUR
    said = [
        filed(id=f"f{n}", subject=subject, wastes=[waste(tonnes=tonnes, **line)]),
        dispatched(at, id=f"d{n}", subject=subject),
    ]
    for word in then:
        match word:
            case "received":
                said.append(received(at + 8 * HOUR, id=f"r{n}", subject=subject))
            case "voided":
                said.append(voided(at + 9 * HOUR, id=f"v{n}", subject=subject))
            case less:
                data = form(wastes=[waste(tonnes=less, **line)])
                by = {"by": CONSIGNOR, "id": f"c{n}", "subject": subject}
                said.append(corrected(f"f{n}", "filed", data, at + 40 * HOUR, **by))
    return said


def _limits() -> Iterator[Outcome]:
    ten = approval(lines=[approval_line(quantity_t=10)])
    two = [load(1, 7, "received"), load(2, 5)]
    yield limit_outcome(two, ten)
    names = [
        approval_line(1, quantity_t=5, name="废滤芯"),
        approval_line(2, quantity_t=5, name="桶"),
    ]
    pool = "approval/appr-1/pool/900-041-49"
    yield limit_outcome(two, approval(lines=names), limit=pool)
    pieces = load(3, None, "received", packages=8)
    yield limit_outcome([load(1, 7, "received"), pieces], ten)
    yield limit_outcome([*two, pieces], ten)
    yield limit_outcome([load(1, 7, "received"), load(2, 5, "received", "voided")], ten)
    yield limit_outcome([load(1, 7, "received"), load(2, 5, "received", "2")], ten)
    listed = whitelisted("direct", annual_cap_t=10)
    yield limit_outcome(two, approval(), listed, limit="whitelist/r1/2026")
    once = whitelisted("direct", single_use=True)
    weekly = [load(1, 7, "received"), load(25, 5)]
    yield limit_outcome(weekly, approval(), once, limit="single/appr-1/r1")
    both = [load(1, 7, "received"), load(2, 4, "received")]
    year, sized = "licence/lic-1/2026", licence(annual_scale_t=10)
    yield limit_outcome(both, sized, limit=year)
    yield limit_outcome([*both, load(3, 2, "received")], sized, limit=year)
    part = licence(annual_scale_t=20, valid_from="2026-07-01", holder_name="示例处置单位")
    yield limit_outcome([*both, load(3, 2, "received")], part, limit=year)
    yield limit_outcome([both[0], pieces], sized, limit=year)


# Numbers and weights -------------------------------------------------------------------------------


def _numbers() -> Iterator[Outcome]:
    lawful = [approval(), licence(), *PERMITS]
    elsewhere = transfer(origin="130200", consignor=CONSIGNOR)
    yield from _of(NUMBER_REGION, elsewhere, *lawful)
    unlisted = transfer(wastes=[waste(code="900-998-49")], destination="130200")
    yield from _of(UNLISTED, unlisted, *lawful)
    early = DAY - timedelta(days=3 * 366)
    old = [filed(early, id="f"), dispatched(early + 24 * HOUR, id="d")]
    yield from _of(NUMBER_REGION, old, *lawful)


def _weights() -> Iterator[Outcome]:
    lawful = [approval(), licence(), *PERMITS]

    def came(tonnes: str, **form: Any) -> list[Any]:
        return transfer(arrived(id="a"), received(id="r", tonnes=tonnes), **form)

    yield from _of(DIFFERS, came("1.5"), *lawful)
    yield from _of(DIFFERS, came("2.75"), *lawful)


def _plans() -> Iterator[Outcome]:
    lawful = [approval(), licence(), *PERMITS]

    def plan(id: str, *lines: dict[str, Any]) -> Any:  # noqa: A002
        rows = [{"line": n, **line} for n, line in enumerate(lines, 1)]
        return record("management_plan", id, uscc=CONSIGNOR, year=2026, lines=rows)

    yield from _of(NO_LINE, transfer(), plan("p", {"code": OTHER_CODE}), *lawful)
    late = {"code": CODE, "since": "2026-09-11"}
    yield from _of(NO_LINE, transfer(), plan("p"), plan("q", {"code": OTHER_CODE}, late), *lawful)
    two, subject = [load(1, 7, "received"), load(2, 5)], f"plan/{CONSIGNOR}/2026/{CODE}"
    ten = plan("p", {"code": CODE, "quantity_t": 10})
    yield limit_outcome(two, ten, limit=subject)
    both = plan("p", {"code": CODE, "quantity_t": 4}, {"code": CODE, "quantity_t": 3})
    yield limit_outcome(two, both, limit=subject)
    pieces = load(3, None, "received", packages=8)
    yield limit_outcome([two[0], pieces], ten, limit=subject)


# Terms ---------------------------------------------------------------------------------------------


def _terms() -> Iterator[Outcome]:
    lawful = [approval(), licence(), *PERMITS]
    early = DAY - HOUR
    yield from _of(TOO_FAST, transfer(arrived(early, id="a")), *lawful)
    far = [approval(lines=[approval_line(destination="440100")]), licence(), *PERMITS]
    soon = transfer(arrived(DAY + 2 * HOUR, id="a"), destination="440100")
    yield from _of(TOO_FAST, soon, *far)
    never, late = DAY + 30 * 24 * HOUR, DAY + 12 * 24 * HOUR
    yield from _of(RECEIPT_OVERDUE, transfer(arrived(id="a")), *lawful, now=never)
    confirmed = transfer(arrived(id="a"), received(late, id="r"))
    yield from _of(RECEIPT_OVERDUE, confirmed, *lawful)
    paper = [
        filed(DAY + 20 * 24 * HOUR, id="f", back_entry=True),
        dispatched(id="d"),
        arrived(id="a"),
        received(id="r"),
    ]
    yield from _of(BACK_ENTRY_OVERDUE, paper, *lawful)
    yield from _of(TRANSIT_OVERDUE, transfer(), *lawful, now=never)
    slow = transfer(arrived(DAY + 6 * 24 * HOUR, id="a"))
    yield from _of(TRANSIT_OVERDUE, slow, *lawful)
    kept = transfer(arrived(id="a"), received(id="r"))
    year = DAY + 400 * 24 * HOUR
    asked = [{"parameter": "time.stored_too_long.silence", "value": 1}]
    version = record("rulebook_version", valid_from="2026-01-01", parameters=asked)
    yield from _of(STORED_TOO_LONG, kept, version, *lawful, now=year)
    yield from _of(STORED_TOO_LONG, [*kept, treated(year, id="t")], *lawful, now=year)


STORIES: dict[str, Any] = {
    "approvals": _approvals,
    "bans": _bans,
    "licences": _licences,
    "carriers": _carriers,
    "cargo": _cargo,
    "crew": _crew,
    "reports": _reports,
    "readings": _readings,
    "limits": _limits,
    "plans": _plans,
    "terms": _terms,
    "numbers": _numbers,
    "weights": _weights,
}


def findings() -> dict[str, Sequence[Outcome]]:
    """Return the findings of all stories, by the name of their page."""
    return {name: list(story()) for name, story in STORIES.items()}
