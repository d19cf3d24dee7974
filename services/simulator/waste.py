"""Wastes that travel in the simulated world: codes of the 2021 catalogue, everyday names."""

from typing import NamedTuple

__all__ = [
    "COLLECTED",
    "DISPOSED",
    "EXEMPT_EVERYWHERE",
    "EXEMPT_IN_TRANSFER",
    "EXEMPT_IN_USE",
    "GENERAL",
    "LEAD_BATTERY",
    "MEDICAL",
    "NOBODYS",
    "NOT_LISTED",
    "USED",
    "WASTES",
    "Waste",
]


class Waste(NamedTuple):
    """What the form says of a code."""

    name: str
    form: str
    hazard: str | None
    packaging: str


WASTES = {
    "900-989-49": Waste("示例未列废物", "solid", "T", "袋装"),
    "900-214-08": Waste("废润滑油", "liquid", "T,I", "桶装"),
    "900-249-08": Waste("废矿物油", "liquid", "T,I", "桶装"),
    "900-402-06": Waste("废有机溶剂", "liquid", "T,I,R", "桶装"),
    "900-405-06": Waste("溶剂再生废活性炭", "solid", "T,I,R", "袋装"),
    "900-407-06": Waste("溶剂釜底残渣", "semi_solid", "T,I,R", "桶装"),
    "900-409-06": Waste("溶剂再生污泥", "semi_solid", "T", "袋装"),
    "900-007-09": Waste("废乳化液", "liquid", "T", "桶装"),
    "261-032-11": Waste("氯乙烯精馏重馏分", "liquid", "T", "罐装"),
    "252-002-11": Waste("煤焦油", "liquid", "T", "罐装"),
    "900-013-11": Waste("其他精馏残渣", "semi_solid", "T", "桶装"),
    "900-252-12": Waste("废漆渣", "semi_solid", "T,I", "袋装"),
    "900-016-13": Waste("废树脂清洗液", "liquid", "T", "桶装"),
    "900-451-13": Waste("废树脂粉", "solid", "T", "袋装"),
    "336-064-17": Waste("表面处理污泥", "semi_solid", "T/C", "袋装"),
    "772-002-18": Waste("生活垃圾焚烧飞灰", "solid", "T", "袋装"),
    "193-002-21": Waste("含铬皮革废碎料", "solid", "T", "袋装"),
    "900-023-29": Waste("废荧光灯管", "solid", "T", "箱装"),
    "900-052-31": Waste("废铅蓄电池", "solid", "T,C", "托盘"),
    "900-300-34": Waste("废酸洗液", "liquid", "C,T", "罐装"),
    "900-037-46": Waste("废镍催化剂", "solid", "T,I", "桶装"),
    "321-026-48": Waste("二次铝灰", "solid", "R", "袋装"),
    "900-039-49": Waste("废活性炭", "solid", "T", "袋装"),
    "900-041-49": Waste("废包装容器", "solid", "T/In", "散装"),
    "900-210-08": Waste("含油浮渣污泥", "semi_solid", "T,I", "桶装"),
    "900-019-16": Waste("废显影液", "liquid", "T", "桶装"),
    "900-352-35": Waste("废碱", "liquid", "C,T", "罐装"),
    "398-005-22": Waste("含铜污泥", "semi_solid", "T", "袋装"),
    "772-007-50": Waste("废脱硝催化剂", "solid", "T", "箱装"),
    "336-103-23": Waste("热镀锌浮渣", "solid", "T", "袋装"),
    "384-002-26": Waste("含镉污泥", "semi_solid", "T", "袋装"),
    "336-062-17": Waste("含铜电镀污泥", "semi_solid", "T", "袋装"),
    "261-080-45": Waste("氯化釜残", "semi_solid", "T", "桶装"),
    "272-001-02": Waste("制药釜残", "semi_solid", "T", "桶装"),
    "263-008-04": Waste("农药釜残", "semi_solid", "T", "桶装"),
    "841-001-01": Waste("感染性废物", "solid", "In", "周转箱"),
    "900-002-03": Waste("过期药品", "solid", "T", "箱装"),
    "900-007-S59": Waste("一般工业固体废物", "solid", None, "散装"),
}

USED = (
    "900-214-08", "900-249-08", "900-402-06", "321-026-48",
    "336-064-17", "900-300-34", "900-041-49",
)  # fmt: skip
"""What a plant licensed for utilisation may take."""
DISPOSED = (
    "900-252-12", "772-002-18", "900-039-49", "261-032-11", "900-007-09",
    "900-405-06", "900-407-06", "900-409-06", "900-041-49",
)  # fmt: skip
"""What a plant licensed for storage and disposal may take."""
MEDICAL = ("841-001-01", "900-002-03")
"""Medical waste: by its own code, and drugs of a hospital by the code that others' have, too."""
COLLECTED = "900-214-08"
LEAD_BATTERY = "900-052-31"
NOBODYS = ("900-013-11", "900-016-13", "900-451-13", "193-002-21", "900-037-46")
"""On no licence of this world."""
EXEMPT_EVERYWHERE = "900-023-29"
EXEMPT_IN_TRANSFER = "900-210-08"
EXEMPT_IN_USE = "252-002-11"
NOT_LISTED = "900-989-49"
"""Well formed, and in no catalogue."""
GENERAL = "900-007-S59"
"""General solid waste: no rule on hazardous waste touches it."""
