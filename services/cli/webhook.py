"""``liandan webhook``: who gets alerts by signed HTTP requests, and what came of them."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from infra.runtime.settings import Settings
from schemas.region import is_province
from services.cli.console import Failure, out, say
from services.cli.failures import served
from services.cli.webhook_desk import at_desk, keys_of, known, post_of
from services.cli.webhook_table import attempt_table, endpoint_table
from services.courier.endpoint import (
    Filters,
    add_endpoint,
    attempts,
    list_endpoints,
    log_test,
    remove_endpoint,
    replay_alert,
    replay_failed,
    replay_from,
    rotate_secret,
    signing_secrets,
)
from services.courier.guard import UrlForbidden
from services.courier.post import Answer
from services.courier.secret import SecretUnknown
from services.courier.webhook_message import signed_headers, test_message

__all__ = ["webhook_app"]

Endpoint = Annotated[str, typer.Argument(metavar="ID", help="wh_…（见 list）/ as `list` shows it")]

webhook_app = typer.Typer(
    name="webhook", help="Webhook：签名推送告警 / alerts by signed requests", no_args_is_help=True
)


class Severity(StrEnum):
    """低 中 高 特高."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Finding(StrEnum):
    """违法 待核 提示."""

    VIOLATION = "violation"
    REVIEW = "review"
    NOTICE = "notice"


@webhook_app.command()
def add(
    url: Annotated[str, typer.Argument(help="https://…")],
    region: Annotated[
        list[str] | None,
        typer.Option(
            help="区划代码开头（2、4、6 位），可重复；默认全部 / beginnings of region codes"
        ),
    ] = None,
    severity: Annotated[
        list[Severity] | None, typer.Option(help="程度，可重复；默认全部 / default: all")
    ] = None,
    finding: Annotated[
        list[Finding] | None, typer.Option(help="类别，可重复；默认全部 / default: all")
    ] = None,
    note: Annotated[str, typer.Option(help="备注，便于辨认 / what it is for")] = "",
) -> None:
    """登记推送地址，密钥只显示一次 / Register a URL; the secret is shown this once."""
    for each in region or ():
        if not (each.isascii() and each.isdigit() and len(each) in (2, 4, 6)) or not is_province(
            each[:2]
        ):
            raise typer.BadParameter(f"{each}: 2、4、6 位数字 / digits", param_hint="--region")
    if len(note) > 200:
        raise typer.BadParameter("最多 200 字 / 200 characters at most", param_hint="--note")
    filters = Filters(region or (), severity or (), finding or ())

    async def work(connection: Any, settings: Settings) -> tuple[str, str]:
        post, keys = post_of(settings), keys_of(settings)
        try:
            return await add_endpoint(connection, post, keys, url, filters, note)
        except UrlForbidden as refused:
            raise Failure(
                f"不能登记 {url}：{refused.zh}。", f"{url} cannot be registered: {refused}.", code=2
            ) from None

    endpoint, secret = at_desk(work, cure=("请检查网址的主机名。", "Check the URL's host."))
    say(
        f"✓ 已登记 {endpoint}；签名密钥（只显示这一次）：", "registered; the secret, once:", "green"
    )
    out.print(secret, soft_wrap=True)


@webhook_app.command("list")
def show() -> None:
    """列出推送地址：积压、失败、停用 / List: what waits, what fails, what is disabled."""
    rows = at_desk(lambda connection, _: list_endpoints(connection), role="reader")
    if not rows:
        say("没有登记推送地址。", "No webhook is registered.")
        return
    out.print(endpoint_table(rows))


@webhook_app.command()
def log(
    endpoint: Endpoint,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000)] = 20,
) -> None:
    """最近的推送记录，最新在前 / The latest attempts, newest first."""
    rows = at_desk(lambda connection, _: attempts(connection, endpoint, most), role="reader")
    if not rows:
        say("没有推送记录。", "There has been no attempt.")
        return
    out.print(attempt_table(rows))


@webhook_app.command()
def test(endpoint: Endpoint) -> None:
    """从本机发一条测试消息 / Send a test message from this machine."""

    async def work(connection: Any, settings: Settings) -> Answer | None:
        try:
            found = await signing_secrets(connection, keys_of(settings), endpoint)
        except SecretUnknown as unknown:
            raise Failure(
                "签名密钥无法打开：LIANDAN_COURIER_WEBHOOK_KEY 不是登记时的密钥。",
                f"The secret cannot be opened: {unknown}.",
            ) from None
        if found is None:
            return None
        url, secrets = found
        now = datetime.now(UTC)
        message = test_message(endpoint, now)
        async with post_of(settings).line(url) as line:
            answer = await line.send(message.body, signed_headers(message, secrets, now))
        await log_test(connection, endpoint, answer)
        return answer

    answer = known(endpoint, at_desk(work, role="writer"))
    told = f"{answer.status or ''} {answer.error}".strip()
    with served():
        if answer.outcome != "delivered":
            raise Failure(
                f"测试消息未送达（{told}）。", f"The test was not delivered ({told}).", code=1
            )
        say(f"✓ 测试消息已送达（{told}）", f"delivered in {answer.seconds:.2f} s", "green")


@webhook_app.command()
def replay(
    endpoint: Endpoint,
    start: Annotated[
        int | None, typer.Option("--from", min=1, help="从此 feed_seq 起 / from this feed_seq on")
    ] = None,
    alert: Annotated[UUID | None, typer.Option(help="一条告警 / one alert, all revisions")] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="放弃的；并恢复停用的地址 / what was given up")
    ] = False,
) -> None:
    """再次推送（编号不变）并恢复停用的地址 / Send again, ids unchanged; enables it again."""
    if sum((start is not None, alert is not None, failed)) != 1:
        raise typer.BadParameter("--from | --alert | --failed", param_hint="replay")

    async def work(connection: Any, _: Settings) -> int | None:
        if start is not None:
            return await replay_from(connection, endpoint, start)
        if alert is not None:
            return await replay_alert(connection, endpoint, alert)
        return await replay_failed(connection, endpoint)

    count = known(endpoint, at_desk(work))
    say(f"✓ {count} 条将再次推送", "deliveries queued again", "green")


@webhook_app.command()
def rotate(
    endpoint: Endpoint,
    overlap: Annotated[
        float, typer.Option("--overlap-hours", min=0, max=8760, help="旧密钥继续签名的小时数")
    ] = 24,
) -> None:
    """更换密钥；旧密钥在期限内仍签名 / A new secret; the old one signs too for a while."""

    async def work(connection: Any, settings: Settings) -> str | None:
        fresh = await rotate_secret(
            connection, keys_of(settings), endpoint, timedelta(hours=overlap)
        )
        return fresh.shown if fresh is not None else None

    secret = known(endpoint, at_desk(work))
    say(
        f"✓ 新密钥（只显示这一次）；旧密钥 {overlap:g} 小时内仍签名：",
        f"new secret, shown once; the old one signs too for {overlap:g} hours:",
        "green",
    )
    out.print(secret, soft_wrap=True)


@webhook_app.command()
def remove(endpoint: Endpoint) -> None:
    """停止推送 / Send nothing more to it."""

    async def work(connection: Any, _: Settings) -> bool | None:
        return await remove_endpoint(connection, endpoint) or None

    known(endpoint, at_desk(work))
    say(f"✓ 已移除 {endpoint}", "removed", "green")
