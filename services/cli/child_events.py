"""What the supervisor notices while the stack runs: it brings back what dies."""

from infra.runtime.supervision import ChildEvent
from services.cli.console import say

__all__ = ["EventTeller"]


class EventTeller:
    """Prints deaths and returns while ``on``; starting and stopping are told elsewhere."""

    def __init__(self) -> None:
        self.on = False

    def tell(self, event: ChildEvent) -> None:
        """Print one event, if it is one to know of."""
        if not self.on:
            return
        detail = event.detail.partition("\n")[0]  # the rest quotes the log
        if event.kind == "died":
            say(
                f"✗ {event.name} 意外退出（{detail}），正在重启",
                f"{event.name} died ({detail}); it is being restarted",
                "bold red",
            )
        elif event.kind == "ready":
            say(f"✓ {event.name} 已恢复", f"{event.name} is back, pid {event.pid}", "green")
        elif event.kind == "slow":
            say(f"… {event.name} 启动较慢", f"{event.name} is slow: {detail}", "yellow")
