"""``liandan rules propose | approve | versions``: other parameters, live by version and two approvers."""

import asyncio
import hashlib
import json
from collections.abc import Coroutine
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.text import Text

from schemas.alert import Alert, alert_digest
from schemas.instant import CHINA, china_day
from services.cli.backtest import Asked, on_archive, print_difference
from services.cli.console import Failure, out, say
from services.cli.demo_home import running_settings
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.judge import instant_option
from services.cli.parameters import SetOption, book_with, read_set
from services.cli.user import PasswordFile, read_password
from services.console.password import Passwords
from services.registry.change_set import write_change_set
from services.registry.rule_version import (
    APPROVERS,
    ProposalRefused,
    Proposed,
    add_approval,
    add_proposal,
    find_proposal,
    next_id,
    proposals,
)
from streams.judging.backtest import Difference, compare
from streams.judging.on_files import FileVerdict

__all__ = ["approve", "propose", "versions"]

_SAMPLES, _UNITS = 5, 50
_ROLES = ("registry", "admin")
T = TypeVar("T")

_LoginOption = Annotated[str, typer.Option("--login", help="本人账号 / your account")]


def propose(
    login: _LoginOption,
    effective: Annotated[
        str,
        typer.Option(help="生效日期，此日起的行为按新参数研判 / acts from this day on: YYYY-MM-DD"),
    ],
    set_: SetOption = None,
    since: Annotated[
        str | None,
        typer.Option("--from", help="影响预览：行为时间自此起 / preview: acts from here on"),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", help="影响预览：行为时间至此前 / preview: acts before this"),
    ] = None,
    note: Annotated[str | None, typer.Option(help="理由或文号 / why, or the document")] = None,
    password_file: PasswordFile = None,
) -> None:
    """提出规则库新版本，用存档预览影响 / Propose a version, with what it would have changed kept beside it.

    一个版本是整套参数：未写的即程序声明的默认值。须另外两人批准后才生效；写入后不可撤回，只能由更新的版本取代。
    A version is a whole set: what it does not name is as declared. Two others approve it; it is never
    taken back, only followed by a newer one.
    """
    with served():
        quiet_logs()
        values = read_set(set_)
        draft = book_with(set_)
        first = _effective(effective)
        password = read_password(password_file)
        asked = Asked(draft, (), instant_option(since, "--from"), instant_option(until, "--to"))
        settings = running_settings()

        async def run() -> tuple[bytes, FileVerdict, Difference]:
            async with connected(settings.database_registry) as connection:
                with reaching("Postgres"):
                    await _authorise(connection, login, password)
                    before, after = await on_archive(settings, draft, None, None)
                    found = compare(
                        before.alerts, after.alerts, since=asked.since, until=asked.until
                    )
                    body = msgspec.json.encode(
                        {
                            "kind": "rulebook_version",
                            "id": await next_id(connection, first),
                            "valid_from": first.isoformat(),
                            "parameters": [
                                {"parameter": name, "value": value}
                                for name, value in sorted(values.items())
                            ],
                            **({"note": note} if note else {}),
                        }
                    )
                    impact = msgspec.json.encode(_impact(found, asked, before, after))
                    return await add_proposal(connection, body, impact, login), before, found

        digest, before, found = _refusing(run())
        print_difference(found, asked, before, _SAMPLES)
        out.print()
        say(
            f"✓ 已提出，提案 {digest.hex()[:16]}，{first} 起生效，待另外 {APPROVERS} 人批准",
            f"proposed, in force from {first} once {APPROVERS} others have approved",
            "green",
        )
        out.print(Text(f"  liandan rules approve {digest.hex()[:16]} --login …", "dim"))


def approve(
    digest: Annotated[
        str, typer.Argument(metavar="PROPOSAL", help="提案 / its digest's beginning")
    ],
    login: _LoginOption,
    password_file: PasswordFile = None,
) -> None:
    """批准提案；第二人批准即写入登记库 / Approve a proposal; with the second approval it is written."""
    with served():
        quiet_logs()
        password = read_password(password_file)
        settings = running_settings()

        async def run() -> Proposed:
            async with connected(settings.database_registry) as connection:
                with reaching("Postgres"):
                    await _authorise(connection, login, password)
                    found = await find_proposal(connection, digest)
                    if found.live_since is None:
                        if found.effective <= china_day(datetime.now(UTC)):
                            raise ProposalRefused(
                                f"生效日期 {found.effective} 已到，须重新提出",
                                f"its day, {found.effective}, has come: propose it anew",
                            )
                        await add_approval(connection, found, login)
                        found = await find_proposal(connection, digest)
                    if found.approved and found.live_since is None:
                        await write_change_set(settings.database_registry, [found.body], login)
                        found = await find_proposal(connection, digest)
                    return found

        found = _refusing(run())
        missing = APPROVERS - len(found.approved_by)
        if found.live_since is None:
            say(f"✓ 已批准，还需 {missing} 人", f"approved, {missing} more to come", "green")
        else:
            say(
                f"✓ 已写入登记库（变更 {found.live_since}），{found.effective} 起的行为按此研判",
                f"in the registry (change {found.live_since}): acts from {found.effective} on",
                "green",
            )


def versions(
    digest: Annotated[
        str | None,
        typer.Argument(metavar="[PROPOSAL]", help="只看这个，含影响 / this one, with its impact"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="机器可读 / for machines")] = False,
) -> None:
    """规则库版本和提案：参数、批准人、影响 / Versions and proposals: parameters, approvers, impact."""
    with served():
        quiet_logs()

        async def run() -> list[Proposed]:
            async with connected(running_settings().database_reader) as connection:
                with reaching("Postgres"):
                    if digest is not None:
                        return [await find_proposal(connection, digest)]
                    return await proposals(connection)

        found = _refusing(run())
        if as_json:
            print(json.dumps([_told(each) for each in found], ensure_ascii=False, indent=1))
            return
        if not found:
            say("没有提案，各参数均为程序声明的默认值", "no proposal: all is as declared")
        for each in found:
            _print(each, whole=digest is not None)


def _effective(text: str) -> date:
    try:
        first = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("YYYY-MM-DD", param_hint="--effective") from None
    if first <= china_day(datetime.now(UTC)):
        raise typer.BadParameter(
            "须晚于今日：已发生的行为不按新参数研判 / after today: acts of the past stay as judged",
            param_hint="--effective",
        )
    return first


async def _authorise(connection: Any, login: str, password: str) -> None:
    """Raise ProposalRefused unless the password is that of an open account that may change rules."""
    row = await connection.fetchrow(
        "SELECT hash, role FROM console_account WHERE login = $1 AND disabled_at IS NULL", login
    )
    right = await Passwords().verify(row["hash"] if row is not None else None, password)
    if not right.right or row is None:
        raise ProposalRefused("账号或密码不正确", "the login or the password is wrong")
    if row["role"] not in _ROLES:
        raise ProposalRefused(
            "提出和批准规则库版本须为 registry 或 admin 账号",
            "only registry and admin accounts propose and approve versions",
        )


def _refusing(work: Coroutine[Any, Any, T]) -> T:
    """Run work on the database. Raises Failure for what it refuses."""
    try:
        return asyncio.run(work)
    except ProposalRefused as refusal:
        raise Failure(f"{refusal.zh}。", f"{refusal.en}.", code=1) from None


def _impact(
    found: Difference, asked: Asked, before: FileVerdict, after: FileVerdict
) -> dict[str, Any]:
    """Return what approvers are shown, with a digest of all alerts by the draft."""
    raised = sorted(f"{alert.id} {alert_digest(alert)}" for alert in after.alerts)

    def some(alerts: tuple[Alert, ...]) -> list[dict[str, str]]:
        return [
            {
                "id": str(a.id),
                "subject": a.subject,
                "rule": a.rule,
                "zh": a.text_zh,
                "en": a.text_en,
            }
            for a in alerts[:_SAMPLES]
        ]

    return {
        "events": before.events,
        "clock": before.now.isoformat() if before.now is not None else None,
        "from": asked.since.isoformat() if asked.since is not None else None,
        "to": asked.until.isoformat() if asked.until is not None else None,
        "new": len(found.new),
        "lost": len(found.lost),
        "changed": len(found.changed),
        "same": found.same,
        "by_province": found.by_province(),
        "by_unit": dict(list(found.by_unit().items())[:_UNITS]),
        "samples": {
            "new": some(found.new),
            "lost": some(found.lost),
            "changed": some(tuple(pair.after for pair in found.changed)),
        },
        "alerts_digest": hashlib.sha256("\n".join(raised).encode()).hexdigest(),
    }


def _told(each: Proposed) -> dict[str, Any]:
    return {
        "proposal": each.digest.hex(),
        "record": each.record,
        "proposed_by": each.proposed_by,
        "proposed_at": each.proposed_at.isoformat(),
        "approved_by": each.approved_by,
        "live_since": each.live_since,
        "impact": each.impact,
    }


def _print(each: Proposed, *, whole: bool) -> None:
    state = (
        ("待批准", "to be approved", "yellow")
        if each.live_since is None
        else ("已写入", f"written with change {each.live_since}", "green")
    )
    out.print(
        Text.assemble(
            (each.digest.hex()[:16], "bold"), f"  {each.record['id']}  ", (state[0], state[2]),
            f"  {state[1]}",
        )
    )  # fmt: skip
    for value in each.record["parameters"]:
        out.print(Text(f"  {value['parameter']} = {value['value']}"))
    at = each.proposed_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    who = "、".join(each.approved_by) or "-"
    say(
        f"  {each.effective} 起的行为；{each.proposed_by} 于 {at} 提出，批准 {who}",
        f"acts from that day on; proposed by {each.proposed_by}, approved by {who}",
    )
    i = each.impact
    say(
        f"  影响预览：新增 {i['new']}，消失 {i['lost']}，改变 {i['changed']}，不变 {i['same']}（{i['events']} 条事件）",
        f"impact: {i['new']} new, {i['lost']} lost, {i['changed']} changed, {i['same']} the same",
    )
    if whole:
        out.print(Text(json.dumps(i, ensure_ascii=False, indent=1)))
