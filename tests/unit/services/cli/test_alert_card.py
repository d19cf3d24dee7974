"""One alert in full: what happened, the law, the evidence, and why it no longer stands."""

from typing import Any
from uuid import UUID

from rich.console import Console

from schemas.alert import Alert, Evidence, LegalBasis
from services.cli.alert_card import card

LAW = LegalBasis(
    "中华人民共和国生态环境法典",
    "第五百三十六条",
    "",
    "",
    penalty_zh="处二十万元以上二百万元以下罚款",
)


def shown(**changed: Any) -> list[str]:
    alert = Alert(
        **{
            "id": UUID(int=1),
            "rule": "cross_province.no_approval",
            "rule_version": 3,
            "subject": "20261301000001",
            "discriminator": "",
            "finding": "violation",
            "state": "open",
            "severity": "critical",
            "grams": 10_000_000,
            "title_zh": "跨省转移未经批准",
            "title_en": "cross-province transfer without approval",
            "reason": "no_approval",
            "text_zh": "查无批准[/]。",
            "text_en": "no approval",
            "act_at": "2026-08-14T16:00:00+00:00",
            "law": (LAW, LAW),
            "evidence": (Evidence("event", "urn:uscc:X#1", None, "起运", "dispatch"),),
            **changed,
        }
    )
    console = Console(width=140, color_system=None)
    with console.capture() as caught:
        console.print(card(alert))
    return [line.rstrip() for line in caught.get().splitlines()]


def test_an_open_alert_tells_what_law_and_evidence_it_rests_on() -> None:
    assert shown() == [
        "特高  跨省转移未经批准  cross-province transfer without approval",
        "经过           查无批准[/]。",
        "what           no approval",
        "数量 quantity  10 t",
        "依据 law       中华人民共和国生态环境法典 第五百三十六条：处二十万元以上二百万元以下罚款",
        "               中华人民共和国生态环境法典 第五百三十六条：处二十万元以上二百万元以下罚款",
        "证据 evidence  起运  urn:uscc:X#1",
        "规则 rule      cross_province.no_approval v3",
    ]


def test_a_withdrawn_alert_tells_why_in_both_languages() -> None:
    told = shown(
        state="withdrawn",
        withdrawn_reason="approved",
        withdrawn_zh="有审批",
        withdrawn_en="approved",
    )
    assert told[0].startswith("撤回  跨省转移未经批准")
    assert "撤回原因       有审批" in told
    assert "withdrawn      approved" in told


def test_a_weight_that_is_not_known_is_not_hidden() -> None:
    told = "\n".join(shown(unweighed=True))
    assert "已知 10 t，另有重量未填" in told


def test_a_case_for_review_accuses_nobody() -> None:
    assert shown(finding="review")[0].startswith("待核")
