from uuid import UUID

import pytest
from rich.cells import cell_len
from rich.console import Console

from schemas.alert import Alert, LegalBasis
from services.cli.alert_table import AlertTable, article_of, short_name

LAW = LegalBasis("中华人民共和国生态环境法典", "第五百三十六条、第一千一百七十五条", "", "")


def alert(**changed):
    return Alert(
        **{
            "id": UUID(int=1),
            "rule": "cross_province.no_approval",
            "rule_version": 1,
            "subject": "G2026130200279006",
            "discriminator": "",
            "finding": "violation",
            "state": "open",
            "severity": "critical",
            "grams": 10_000_000,
            "title_zh": "跨省转移审批已过期或未生效",
            "title_en": "",
            "reason": "no_approval",
            "text_zh": "",
            "text_en": "",
            "act_at": "2026-08-14T16:00:00+00:00",
            "consignor_name": "唐山青石示例机械制造有限公司",
            "receiver_name": "吉林市长风示例再生加工有限公司",
            "law": (LAW,),
            **changed,
        }
    )


def lines(width, renderable):
    console = Console(width=width, color_system=None)
    with console.capture() as caught:
        console.print(renderable)
    return caught.get().splitlines()


@pytest.mark.parametrize(("width", "expected"), [(100, 2), (140, 1), (200, 1)])
def test_an_alert_fits_its_terminal(width, expected):
    table = AlertTable(width)
    row = lines(width, table.row(alert()))
    assert len(row) == expected
    assert all(cell_len(line) <= width for line in row)
    text = "\n".join(row)
    for told in ("08-15 00:00", "特高", "跨省转移审批已过期或未生效", "G2026130200279006"):
        assert told in text
    assert "唐山青石示例机械制造 → 吉林市长风示例再生加工" in text
    assert "生态环境法典 第五百三十六条" in text


def test_columns_stand_under_each_other_whatever_the_script():
    table = AlertTable(140)
    starts = set()
    for title in ("短", "跨省转移审批已过期或未生效", "ascii"):
        (line,) = lines(140, table.row(alert(title_zh=title)))
        starts.add(cell_len(line[: line.index("G2026130200279006")]))
    assert len(starts) == 1


def test_a_withdrawn_alert_tells_its_reason_instead_of_the_article():
    text = "\n".join(lines(140, AlertTable(140).row(alert(withdrawn_zh="已补批"), "withdrawn")))
    assert "撤回" in text
    assert "已补批" in text
    assert "第五百三十六条" not in text


def test_a_review_is_marked():
    assert "待核" in "\n".join(lines(140, AlertTable(140).row(alert(finding="review"))))


def test_an_alert_without_names_or_law_is_still_a_row():
    bare = alert(consignor_name=None, receiver_name=None, law=(), subject="approval/a/1")
    (row, *_) = lines(100, AlertTable(100).row(bare))
    assert "→" not in row and "?" not in row
    assert article_of(bare) == ""


def test_short_names_keep_what_tells_firms_apart():
    assert short_name("西宁竹影示例化工有限公司") == "西宁竹影示例化工"
    assert short_name("有限公司") == "有限公司"
