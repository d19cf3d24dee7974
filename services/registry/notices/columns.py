"""What the columns of notices are called: one name of ours for the many names in use."""

import re
from functools import cache, lru_cache
from typing import Literal

from services.registry.notices.characters import squeezed

__all__ = ["FIELDS", "SHEET_WIDE", "Notice", "field_of"]

Notice = Literal["licences", "approvals", "whitelist"]

_COMMON = {
    "ordinal": ("序号", "行号", "编号", "no", "line"),
    "category": ("危险废物类别", "废物类别", "类别", "危废类别", "类别代码", "category", "hwcategory"),
    "code": ("废物代码", "危险废物代码", "危废代码", "代码", "八位代码", "八位码", "code", "wastecode"),
    "scope": (
        "经营范围", "核准经营范围", "核准经营危险废物类别", "核准经营类别", "经营类别", "经营危险废物类别",
        "核准经营危险废物类别及代码", "危险废物类别及代码", "废物类别及代码", "类别及代码", "危险废物类别代码",
        "危险废物类别和代码", "经营危险废物类别及代码", "scope",
    ),
    "edition": ("名录版本", "名录", "适用名录", "edition"),
    "validity": (
        "有效期限", "有效期", "许可有效期", "许可证有效期", "许可证有效期限", "转移期限", "转移时限",
        "批准有效期", "批准转移期限", "periodasprinted", "validity", "period",
    ),
    "valid_from": (
        "有效期起", "有效期开始", "有效期自", "起始日期", "开始日期", "生效日期", "有效期限起", "有效期起始日期",
        "有效期开始日期", "validfrom",
    ),
    "valid_to": (
        "有效期止", "有效期至", "有效期结束", "截止日期", "终止日期", "有效期限止", "有效期截止日期",
        "有效期限至", "到期日期", "有效期终止日期", "有效期结束日期", "validto",
    ),
    "note": ("备注", "条件及备注", "限制条件", "说明", "附加条件", "conditionsandnotes", "note", "notes"),
    "source_doc": ("来源", "来源文件", "出处", "source"),
}  # fmt: skip
_RECEIVER = {
    "receiver": (
        "接收单位", "接受单位", "接收单位名称", "接受单位名称", "接受人", "接收人", "接受人名称", "移入单位",
        "移入单位名称", "receiver", "处置利用单位", "利用处置单位", "利用处置单位名称",
    ),
    "receiver_uscc": (
        "接收单位统一社会信用代码", "接受单位统一社会信用代码", "接受人统一社会信用代码",
        "移入单位统一社会信用代码", "receiveruscc", "receivercreditcode",
    ),
    "destination": (
        "移入地", "接受地", "接收地", "移入省", "移入省份", "接受省", "接受省份", "接收省份", "目的地",
        "destination",
    ),
    "purpose": (
        "利用处置方式", "处置利用方式", "处理处置方式", "利用处置用途", "利用或处置方式", "转移目的", "用途",
        "处置方式", "利用方式", "purpose", "利用/处置方式", "贮存利用处置方式",
    ),
}  # fmt: skip
_OF: dict[Notice, dict[str, tuple[str, ...]]] = {
    "approvals": {
        "approval_id": ("审批编号", "approvalid"),
        "document": ("文号", "批复文号", "批准文号", "审批文号", "批件文号", "函号", "docno", "document"),
        "decided_on": ("决定日期", "批复日期", "批准日期", "审批日期", "审批时间", "批复时间", "批准时间",
                       "发文日期", "落款日期", "decidedon"),
        "decision": ("决定", "审批结果", "审批结论", "批复结果", "审批意见", "decision"),
        "decider": ("决定机关", "审批机关", "批准机关", "审批部门", "审批单位", "发文机关", "decider"),
        "consignor": ("移出单位", "移出单位名称", "移出人", "移出人名称", "产生单位", "产废单位", "产生单位名称",
                      "产废单位名称", "申请单位", "consignor"),
        "consignor_uscc": ("移出单位统一社会信用代码", "移出人统一社会信用代码", "产生单位统一社会信用代码",
                           "产废单位统一社会信用代码", "consignoruscc", "consignorcreditcode"),
        "origin": ("移出地", "移出省", "移出省份", "移出市", "产生地", "origin"),
        "name": ("废物名称", "危险废物名称", "危废名称", "wastename"),
        "quantity": ("数量", "转移数量", "批准数量", "转移量", "批准转移量", "拟转移量", "转移重量", "重量",
                     "批准转移数量", "quantity"),
        "quantity_printed": ("原文数量", "quantityasprinted"),
        **_RECEIVER,
    },
    "licences": {
        "number": ("许可证编号", "许可证号", "证书编号", "经营许可证编号", "危险废物经营许可证编号", "证号",
                   "经营许可证号", "许可证证号", "危险废物经营许可证号", "number", "licenceno"),
        "holder": ("单位名称", "企业名称", "持证单位", "经营单位", "法人名称", "公司名称", "持证单位名称",
                   "经营单位名称", "名称", "holder"),
        "holder_uscc": ("统一社会信用代码", "社会信用代码", "信用代码", "holderuscc", "uscc"),
        "issuer": ("发证机关", "发证部门", "发证单位", "颁发机关", "核发机关", "issuer"),
        "issued_on": ("发证日期", "颁发日期", "核发日期", "issuedon"),
        "facility": ("设施地址", "经营设施地址", "经营地址", "经营场所", "地址", "设施所在地", "facility"),
        "region": ("行政区划", "所在地区", "所在市", "地区", "所在地", "地市", "设区市", "区域", "region",
                   "行政区划代码", "城市", "属地"),
        "modes": ("经营方式", "核准经营方式", "许可经营方式", "许可方式", "利用处置方式", "方式", "modes"),
        "scale": ("核准经营规模", "经营规模", "年经营规模", "核准规模", "核准年经营规模", "经营能力",
                  "核准经营能力", "年核准经营规模", "处理能力", "规模", "许可规模", "核准经营总规模", "scale"),
        "register_type": ("许可证类型", "许可证类别", "登记类型", "登记类别", "证书类型", "registertype"),
    },
    "whitelist": {
        "list_id": ("名单编号", "名单", "白名单", "批次", "文号", "依据文件", "listid"),
        "holder_uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
        "facility": ("设施", "利用处置设施", "设施名称", "设施地址", "经营设施", "facility"),
        "origins": ("移出地", "移出省", "移出省份", "适用移出省份", "适用省份", "origins"),
        "cap": ("年度上限", "年转移量", "年度数量", "数量", "年接收量", "年度转移量", "年度转移上限", "数量上限",
                "转移数量", "年利用处置量", "annualcap", "cap"),
        "simplification": ("简化方式", "审批方式", "简化措施", "审批程序", "simplification"),
        **_RECEIVER,
    },
}  # fmt: skip
_OF["whitelist"]["receiver"] += (
    "单位名称",
    "企业名称",
    "经营单位",
    "经营单位名称",
    "公司名称",
    "名称",
)

SHEET_WIDE = frozenset((
    "decided_on", "decider", "decision", "destination", "document", "edition", "issuer", "list_id",
    "modes", "origin", "origins", "purpose", "region", "register_type", "simplification",
    "source_doc", "valid_from", "valid_to", "validity",
))  # fmt: skip
"""What may hold for a whole sheet, and be told by its title alone."""
FIELDS: dict[Notice, frozenset[str]] = {n: frozenset({*_COMMON, *own}) for n, own in _OF.items()}
_UNIT = re.compile(
    r"\((?:万?吨|t|kg|公斤)(?:[/·](?:年|a|日|天|d))?\)$|[/,:](?:万?吨|t)(?:/(?:年|a|日|d))?$|_t$"
)
_MARKS = re.compile(r"[\s_*:()]|（|）")


@lru_cache(maxsize=20_000)
def field_of(header: str, notice: Notice) -> str | None:
    """Return our name of a column by its printed one; None where it is none that is read."""
    said = squeezed(header).lower()
    table = _table(notice)
    for each in (said, _UNIT.sub("", said)):
        found = table.get(_MARKS.sub("", each))
        if found is not None:
            return found
    return None


@cache
def _table(notice: Notice) -> dict[str, str]:
    own = {name: field for field, names in _OF[notice].items() for name in names}
    return {name: field for field, names in _COMMON.items() for name in names} | own
