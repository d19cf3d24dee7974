"""What the courier could not hand on: rows set aside, endpoints disabled, channels that fail."""

from typing import Any

from services.cli.checkup import Checkup

__all__ = ["check_courier"]

_STATE = """
SELECT
    (SELECT count(*) FROM outbox_set_aside) AS set_aside,
    (SELECT coalesce(string_agg(id, ' ' ORDER BY id), '') FROM webhook_endpoint
        WHERE removed_at IS NULL AND disabled_at IS NOT NULL) AS disabled,
    (SELECT coalesce(string_agg(id, ' ' ORDER BY id), '') FROM webhook_endpoint
        WHERE removed_at IS NULL AND disabled_at IS NULL AND failures > 0) AS failing,
    (SELECT coalesce(string_agg(name, ' ' ORDER BY name), '') FROM courier_channel
        WHERE paused_at IS NULL AND failures > 0) AS channels
"""


async def check_courier(checkup: Checkup, connection: Any) -> None:
    """Tell what is wrong; one good line if nothing is. Role ``liandan_reader``."""
    state = await connection.fetchrow(_STATE)
    if state["set_aside"]:
        checkup.tell(
            "wrong",
            f"{state['set_aside']} 条待发记录不是告警，已搁置（outbox_set_aside）",
            f"{state['set_aside']} outbox rows are no alerts and were set aside",
            "查看 outbox_set_aside 的 reason 和 payload",
            "look at reason and payload in outbox_set_aside",
        )
    if state["disabled"]:
        checkup.tell(
            "wrong",
            f"Webhook 已停用：{state['disabled']}",
            f"webhooks disabled after days of failure: {state['disabled']}",
            "修复接收端后：liandan webhook replay <编号> --failed",
            "mend the receiver, then: liandan webhook replay <id> --failed",
        )
    if state["failing"]:
        checkup.tell(
            "note", f"Webhook 正在失败：{state['failing']}", f"webhooks failing: {state['failing']}"
        )
    if state["channels"]:
        checkup.tell(
            "note",
            f"通知渠道正在失败：{state['channels']}",
            f"channels failing: {state['channels']}",
        )
    if not any(state.values()):
        checkup.tell("ok", "推送与通知正常", "webhooks and channels are well")
