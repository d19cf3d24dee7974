"""``liandan ticket``: verify a check ticket without a server; make a key that signs them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from infra.runtime.settings import Settings
from infra.runtime.ticket_keys import PublicKeys, new_ticket_key
from schemas.fast import NotUnderstood
from services.cli.console import Failure, explained, out, say
from services.cli.refusals import print_problems
from streams.judging.outcome import china_text
from streams.judging.statement import read_statement
from streams.judging.ticket import TicketRefused, form_digest, read_ticket

if TYPE_CHECKING:
    from schemas.manifest import FiledData

__all__ = ["ticket_app"]

ticket_app = typer.Typer(
    name="ticket",
    help="预检票据：离线验证、签名密钥 / check tickets: verify one offline, keys that sign them",
    no_args_is_help=True,
)

_WHY = {
    "form": ("不是预检票据", "this is no check ticket"),
    "key": ("没有签名所用的公钥", "the public key that signed it is not here"),
    "signature": (
        "签名不符，内容被改过或不是本系统出具",
        "the signature is wrong: altered, or not ours",
    ),
}
_LIGHTS = {
    "green": ("绿：未发现问题", "green: nothing found"),
    "review": ("黄：有待核查事项", "yellow: something to be checked"),
    "red": ("红：违法", "red: unlawful"),
}


@ticket_app.command("verify")
def verify(
    ticket: Annotated[
        str, typer.Argument(help="票据或其文件 / the ticket, or a file that holds it")
    ],
    manifest: Annotated[
        Path | None,
        typer.Option(help="核对是否为这份联单 / a filed event: is the ticket about it"),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="公钥目录 / directory of public keys (default: the home's)")
    ] = None,
) -> None:
    """离线验证一张票据 / Verify a ticket, offline.

    退出码 / exit code: 0 有效 / valid; 1 无效、已过期或不是这份联单 / not valid, expired, or about another manifest.
    """
    with explained():
        given = Path(ticket)
        text = given.read_text().strip() if len(ticket) < 200 and given.is_file() else ticket
        try:
            found = read_ticket(text, PublicKeys(keys or Settings().ticket_directory))
        except TicketRefused as refused:
            zh, en = _WHY[refused.reason]
            raise Failure(f"{zh}。", f"{en}.", code=1) from None
        zh, en = _LIGHTS[found.outcome]
        say(f"签名有效。结论 {zh}", f"The signature is right; {en}", "bold green")
        issued, expires, departs = (
            china_text(datetime.fromtimestamp(at, UTC))
            for at in (found.issued_at, found.expires_at, found.departs_at)
        )
        say(f"单位 {found.unit}，登记序号 {found.registry_seq}", "unit and registry sequence")
        say(f"出具 {issued}，有效至 {expires}，按 {departs} 起运", "issued, valid until, departure")
        out.print(f"sha-256 {found.digest}")
        if manifest is not None and _digest(manifest) != found.digest:
            raise Failure(
                f"票据与 {manifest} 的内容不符。", f"The ticket is not about {manifest}.", code=1
            )
        if datetime.now(UTC).timestamp() > found.expires_at:
            raise Failure("票据已过期。", "The ticket has expired.", code=1)


@ticket_app.command("new-key")
def new_key(
    directory: Annotated[
        Path | None, typer.Option("--out", help="目录 / directory (default: the home's)")
    ] = None,
) -> None:
    """生成签名密钥：私钥只给网关，公钥给任何人 / Make a pair: the private key is the gateway's alone."""
    with explained():
        place = directory or Settings().ticket_directory
        name = new_ticket_key(place)
        say(f"✓ {place / name}.pem、{name}.pub.pem", "made; the newest private key signs", "green")
        say("重启网关后用新密钥签名；旧公钥请保留。", "Restart the gateway; keep old public keys.")


def _digest(manifest: Path) -> str:
    """Return the digest of a filed event. Raises Failure."""
    try:
        statement = read_statement(manifest.read_bytes().strip(), 0)
    except NotUnderstood as error:
        print_problems(str(manifest), error.problems)
        raise Failure(f"{manifest} 无法读取。", f"{manifest} cannot be read.", code=1) from None
    if statement.verb != "filed":
        raise Failure(f"{manifest} 不是 filed 事件。", f"{manifest} is no filed event.", code=1)
    return form_digest(cast("FiledData", statement.event.data))
