"""Why a record stands aside in quarantine: the closed set of reasons, and what helps.

The bytes are archived all the same, and their neighbours go on.
"""

from typing import Literal, NamedTuple

__all__ = ["QUARANTINE_REASONS", "Reason"]


class Reason(NamedTuple):
    """What one reason means, and what the poster or the operator does about it."""

    by: Literal["judge", "archiver", "both"]
    zh: str
    en: str
    cure_zh: str
    cure_en: str


QUARANTINE_REASONS = {
    "not_understood": Reason(
        "judge",
        "不合格式，由网关以外的程序写入（网关会当场拒收）",
        "not understood; written by something other than the gateway, which would have refused it",
        "由写入方更正后，以新的事件编号经网关重报",
        "its writer corrects it and posts it through the gateway under a new id",
    ),
    "wrong_key": Reason(
        "judge",
        "Kafka 记录的键不是联单编号",
        "the record's Kafka key is not the manifest number",
        "经网关重报：网关会写对键",
        "post it through the gateway, which sets the key",
    ),
    "alias_subject": Reason(
        "judge",
        "subject 只是另一份联单的别名；detail 中有正确编号",
        "the subject is only an alias of another manifest; the detail names the right number",
        "以正确编号、新的事件编号重报",
        "post it again under the right number and a new id",
    ),
    "conflict": Reason(
        "both",
        "同一 source、同一事件编号，内容不同；最先收到的有效",
        "the same source and id with other bytes; the one received first counts",
        "内容确有变化时，上报 corrected 事件",
        "post a corrected event for what really changed",
    ),
    "too_many_events": Reason(
        "judge",
        "一个单位对一份联单上报的事件过多，超出部分不研判",
        "one unit said too much about one manifest; what is past the bound is not judged",
        "检查上报程序是否在循环发送",
        "see whether the posting program runs in a circle",
    ),
    "digest_mismatch": Reason(
        "archiver",
        "记录的摘要标头与内容不符",
        "the record's digest header does not match its bytes",
        "检查是谁绕过网关写入主题",
        "find out who writes to the topic past the gateway",
    ),
    "received_at_insane": Reason(
        "archiver",
        "记录的接收时间不可信，按写入日志的时间归档",
        "the record's receive time is not believed; it is filed under its append time",
        "校准该网关主机的时钟",
        "set the clock of that gateway's host",
    ),
    "place_taken": Reason(
        "archiver",
        "该位点已归档过内容不同的记录：Kafka 日志被换过",
        "another record was archived from this place: the Kafka log is not the one it was",
        "查明 Kafka 为何重建；两份内容都已保留",
        "find out why Kafka was made anew; both contents are kept",
    ),
}
"""Reason, as it stands in ``quarantine.reason``, to what it means."""
