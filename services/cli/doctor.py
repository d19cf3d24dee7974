"""``liandan doctor``: what runs, where, how far behind, what is wrong, with the cure."""

import asyncio

import typer

from infra.runtime.settings import Settings, home_from_environment
from services.cli.check_line import check_kafka, check_postgres
from services.cli.check_machine import check_machine
from services.cli.check_processes import check_gateway, check_processes
from services.cli.checkup import Checkup
from services.cli.console import out
from services.cli.demo_home import enter_running_demo
from services.cli.failures import quiet_logs, served
from services.cli.running import running_stack

__all__ = ["doctor"]


def doctor() -> None:
    """检查：什么在运行、落后多少、哪里不对、怎么办 / What runs, how far behind, what is wrong.

    退出码 / exit code: 0 正常 / healthy; 1 有问题或没有运行 / something is wrong, or nothing runs.
    """
    with served():
        quiet_logs()
        code = asyncio.run(_doctor())
    raise typer.Exit(code)


async def _doctor() -> int:
    checkup = Checkup(out)
    home = home_from_environment().expanduser().absolute()
    cache = home / "cache"
    stack = running_stack(home) or enter_running_demo(home)
    settings = Settings()
    outside = bool({"kafka_bootstrap", "database_reader"} & settings.model_fields_set)
    if stack or not outside:  # what a local stack needs is nothing to a container
        checkup.head("本机", "machine")
        check_machine(checkup, home, cache, None if stack else settings)
    checkup.head("进程", "processes")
    if stack is not None:
        await check_processes(checkup, stack)
    elif outside:
        checkup.tell(
            "note", "使用外部 Kafka 和 Postgres", "outside Kafka and Postgres, by settings"
        )
    else:
        checkup.tell(
            "wrong",
            f"{home} 上没有本地环境在运行",
            "no local stack runs on this home",
            "启动：liandan up（或 make up）；演示：make demo",
            "start one with `liandan up`, or see `make demo`; LIANDAN_HOME names another home",
        )
        return _verdict(checkup)
    if not await check_gateway(checkup, settings.gateway_url):
        checkup.tell(
            "wrong" if stack is not None else "note",
            f"网关 {settings.gateway_url} 不响应",
            "the gateway does not answer",
            "原因见它的日志；外部网关请设 LIANDAN_GATEWAY_HOST、LIANDAN_GATEWAY_PORT",
            "its log tells why; for one elsewhere set LIANDAN_GATEWAY_HOST and _PORT",
        )
    checkup.head("存储", "stores")
    ends = await check_kafka(checkup, settings)
    await check_postgres(checkup, settings, ends)
    return _verdict(checkup)


def _verdict(checkup: Checkup) -> int:
    checkup.console.print()
    if checkup.wrong:
        n = len(checkup.wrong)
        checkup.tell("wrong", f"有 {n} 个问题，办法见上", f"{n} problem(s); the cures are above")
        return 1
    checkup.tell("ok", "一切正常", "all is well")
    return 0
