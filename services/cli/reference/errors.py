"""``docs/reference/errors.md``: what the gateway, the decoders, imports and quarantine may say."""

from collections.abc import Iterable

from schemas.problems import KINDS_OF_PYDANTIC
from schemas.quarantine import QUARANTINE_REASONS
from services.cli.reference.page import code, page, table, two
from services.cli.reference.refusals import Told, told_by
from services.gateway.problems import KINDS

__all__ = ["errors_page", "event_codes", "import_codes"]

_INTRO = """\
网关的每个拒绝都是 `application/problem+json`（RFC 9457）：`code` 不会改变，可供程序判断；`detail_zh`、
`detail_en` 供人阅读；`errors` 逐处指出问题。
Every refusal of the gateway is `application/problem+json` (RFC 9457): `code` is stable, for programs;
`detail_zh` and `detail_en` are for people; `errors` names each place.

```json
{
  "type": "urn:liandan:problem:event_refused",
  "title": "Event not understood",
  "status": 422,
  "code": "event_refused",
  "detail_zh": "事件不合格式，见 errors",
  "detail_en": "The event is not what it should be; see errors.",
  "errors": [
    {
      "code": "waste_code_form",
      "pointer": "/data/wastes/0/code",
      "zh": "废物代码应为 8 位数字 NNN-NNN-NN（一般固体废物为 NNN-NNN-SNN）",
      "en": "a waste code is NNN-NNN-NN (NNN-NNN-SNN for general solid waste)"
    }
  ]
}
```

`pointer` 是 JSON Pointer（RFC 6901），从**该事件**的根算起，数组从 0 数起：`/data/wastes/0/code` 是第一行
废物的代码；空串指整个事件。批量上报时，每个事件的答复在 `items` 中，次序与上报相同。
`pointer` is a JSON Pointer (RFC 6901) from the root of **that event**, arrays counted from 0; an empty
one is the event as a whole. In a batch each event's answer stands in `items`, in the order posted.

带“重试”的表示：等 `Retry-After` 秒后，**以同样的字节、同样的 id** 再报，只会计一次。其余的改正后再报。
Where a retry is given: after `Retry-After` seconds post **the same bytes with the same id** again, it
counts once. The others want to be mended first."""

_EVENT = """\
`errors` 中每一处的 `code`。`{…}` 处是具体数值。
The `code` of each place in `errors`. `{…}` stands for the value at hand."""

_IMPORT = """\
`liandan registry import` 还会给出下列代码，连同文件、行、列和单元格内容。
`liandan registry import` also says these, with file, line, column and the cell's text."""

_ASIDE = """\
已收下、但不能计入研判的记录：字节照样归档，回执的 `quarantine` 一栏给出原因，其余记录不受影响。
What was kept but cannot count: its bytes are archived all the same, the receipt's `quarantine` gives the
reason, and nothing else is held up."""

_BY = {"judge": "研判 judge", "archiver": "归档 archiver", "both": "研判、归档 both"}


def event_codes() -> list[Told]:
    """Return the codes that a place in an event or registry record may get."""
    kinds = [Told(*_open(kind)) for kind in KINDS_OF_PYDANTIC.values()]
    other = Told("value_invalid", "取值不合要求", "{…}")
    return sorted({*kinds, other, *told_by(["schemas"])})


def import_codes() -> list[Told]:
    """Return the codes that only files of registry records may get."""
    known = {told.code for told in event_codes()}
    return [told for told in told_by(["services/registry"]) if told.code not in known]


def errors_page() -> str:
    """Return the page."""
    http = [
        (
            code(name),
            str(kind.status),
            two(kind.zh, kind.en),
            f"{kind.retry_after_s} s" if kind.retry_after_s else "",
        )
        for name, kind in sorted(KINDS.items(), key=lambda item: (item[1].status, item[0]))
    ]
    aside = [
        (code(name), _BY[r.by], two(r.zh, r.en), two(r.cure_zh, r.cure_en))
        for name, r in QUARANTINE_REASONS.items()
    ]
    return page(
        "错误代码",
        "Error codes",
        _INTRO,
        "## 网关的答复 · Answers of the gateway",
        table(("code", "HTTP", "含义 meaning", "重试 retry"), http),
        f"## 事件中的问题 · Problems in an event\n\n{_EVENT}",
        _codes(event_codes()),
        f"## 登记文件 · Registry files\n\n{_IMPORT}",
        _codes(import_codes()),
        f"## 隔离 · Quarantine\n\n{_ASIDE}",
        table(("原因 reason", "由谁 by", "含义 meaning", "怎么办 what helps"), aside),
    )


def _codes(told: Iterable[Told]) -> str:
    rows: dict[str, list[str]] = {}
    for each in told:
        rows.setdefault(each.code, []).append(two(each.zh, each.en))
    return table(
        ("code", "含义 meaning"), [(code(name), "<br>".join(texts)) for name, texts in rows.items()]
    )


def _open(kind: tuple[str, str, str]) -> tuple[str, str, str]:
    """Return a kind with ``{…}`` for the values that its sentences name."""
    name, *texts = kind
    values = ("expected", "max_length", "min_length", "expected_tags")
    for value in values:
        texts = [text.replace("{" + value + "}", "{…}") for text in texts]
    return name, texts[0], texts[1]
