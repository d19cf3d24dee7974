"""Words of notices for what the registry knows by a code: decisions, purposes, modes, kinds."""

import re
from collections.abc import Mapping

from schemas.checks import Refusal
from services.registry.notices.characters import plain, squeezed

__all__ = ["read_decision", "read_edition", "read_modes", "read_purpose", "read_purposes",
           "read_register_type", "read_simplification"]  # fmt: skip

_DECISIONS = {
    **dict.fromkeys(
        ("approved", "approvedinprinciple", "同意", "原则同意", "批准", "准予", "准予转移", "予以批准",
         "同意转移", "准予许可", "准予行政许可", "许可"), "approved"),
    **dict.fromkeys(
        ("refused", "不同意", "不予同意", "不批准", "不予批准", "不予许可", "不予行政许可", "不予转移",
         "退回", "否决"), "refused"),
}  # fmt: skip
_PURPOSES = {
    "storage": ("storage", "贮存", "储存", "暂存"),
    "utilisation": ("utilisation", "utilization", "利用", "综合利用", "资源化利用", "回收利用", "再生利用"),
    "disposal": ("disposal", "处置", "焚烧", "填埋", "物化", "焚烧处置", "填埋处置", "物化处置",
                 "无害化处置", "安全处置"),
}  # fmt: skip
_MODES = {"collection": ("collection", "收集"), **_PURPOSES}
_COMBINED = {"利用处置": ("utilisation", "disposal"), "综合经营": ("collection", "storage", "utilisation",
             "disposal"), "收贮": ("collection", "storage")}  # fmt: skip
_REGISTER_TYPES = {
    "medical": ("medical", "医疗废物", "医疗", "3"),
    "collection": ("collection", "收集", "收集许可证", "4"),
    "exempted": ("exempted", "豁免", "豁免管理", "5"),
    "use_disposal": ("use_disposal", "综合", "综合许可证", "利用处置", "综合经营", "7"),
    "virtual": ("virtual", "虚拟", "8"),
}
_SIMPLIFICATIONS = {
    "direct": ("direct", "直接审批", "直接批准", "无需征求意见", "不再征求意见", "直接审批转移"),
    "short_consult": ("short_consult", "简化征求意见", "快速回复", "简化审批", "缩短时限"),
    "as_intra": ("as_intra", "视同省内", "视同省内转移", "按省内转移管理", "参照省内"),
}
_SEPARATORS = re.compile(r"[、,;/+\n]|以及|及|和|与")
_EDITION = re.compile(
    r"(?:国家危险废物名录)?\(?(20\d{2})(?:年)?(?:版)?\)?(?:国家危险废物名录|名录)?"
)


def read_decision(text: str) -> str:
    """Return ``approved`` or ``refused``; replies of others and notices are neither."""
    found = _DECISIONS.get(squeezed(text).lower())
    if found is None:
        raise Refusal(
            "decision_unknown",
            "不是移出地的决定：应为 同意、准予、批准 或 不予批准 等",
            "no decision of the origin: approved or refused is expected",
        )
    return found


def read_purpose(text: str) -> str:
    """Return the one purpose printed. Raises Refusal."""
    found = read_purposes(text)
    if len(found) > 1:
        raise Refusal(
            "purpose_not_one", "利用和处置都写了，不知是哪一种", "more than one purpose is printed"
        )
    return found[0]


def read_purposes(text: str) -> list[str]:
    """Return every purpose printed, in order. Raises Refusal."""
    found, wrong = _every(text, _PURPOSES)
    if wrong or not found:
        raise Refusal(
            "purpose_unknown",
            f"“{wrong}”应为 贮存、利用 或 处置",
            f"“{wrong}”: storage, utilisation or disposal is expected",
        )
    return found


def read_modes(text: str) -> list[str]:
    """Return the modes of a licence, in order. Raises Refusal."""
    found, wrong = _every(text, _MODES)
    if wrong or not found:
        raise Refusal(
            "mode_unknown",
            f"“{wrong}”应为 收集、贮存、利用、处置",
            f"“{wrong}”: collection, storage, utilisation or disposal is expected",
        )
    return found


def read_register_type(text: str) -> str:
    """Return the register that an entry is of. Raises Refusal."""
    found = _one(text, _REGISTER_TYPES)
    if found is None:
        raise Refusal(
            "register_type_unknown",
            "应为 医疗废物、收集、豁免、综合 或 虚拟",
            f"one of: {', '.join(_REGISTER_TYPES)}",
        )
    return found


def read_simplification(text: str) -> str:
    """Return what a list spares. Raises Refusal: a list that does not say it cannot be used."""
    found = _one(text, _SIMPLIFICATIONS)
    if found is None:
        raise Refusal(
            "simplification_unknown",
            "应为 直接审批、简化征求意见 或 视同省内",
            f"one of: {', '.join(_SIMPLIFICATIONS)}",
        )
    return found


def read_edition(text: str) -> int:
    """Return the year of a catalogue edition: ``2021年版``. Raises Refusal."""
    match = _EDITION.fullmatch(squeezed(text))
    if match is None:
        raise Refusal(
            "edition_unknown", "应为名录的年份，例如 2021年版", "a year is expected, as 2021"
        )
    return int(match[1])


def _one(text: str, words: Mapping[str, tuple[str, ...]]) -> str | None:
    said = squeezed(text).lower()
    return next((value for value, each in words.items() if said in each), None)


def _every(text: str, words: Mapping[str, tuple[str, ...]]) -> tuple[list[str], str]:
    """Return what the items of a list mean, and the first that means nothing, '' if there is none."""
    by_word: dict[str, tuple[str, ...]] = {
        name: (value,) for value, names in words.items() for name in names
    }
    by_word.update({k: v for k, v in _COMBINED.items() if set(v) <= set(words)})
    found: list[str] = []
    for item in filter(None, _SEPARATORS.split(plain(text).lower().replace(" ", ""))):
        if item not in by_word:
            return found, item
        found += [v for v in by_word[item] if v not in found]
    return found, ""
