import pytest

from services.simulator import Label, build_world, grade

NO_APPROVAL = "cross_province.no_approval"
REVIEW = Label(
    "review", "20261301000003", "第三方冒报", "a stranger spoke", rule="form.not_entitled"
)
NOTICE = Label(
    "notice", "licence/lic-00001/2026", "超规模", "past the scale", rule="licence.scale_exceeded"
)
PLANTED = Label("violation", "20261301000001", "无审批", "no approval", rule=NO_APPROVAL)
LOOKALIKE = Label("lawful", "20261301000002", "省内", "inside", likeness="same_province")


def alert(
    label: Label,
    rule: str = NO_APPROVAL,
    state: str = "open",
    finding: str = "violation",
    at: str = "",
):
    return {
        "rule": rule,
        "subject": label.subject,
        "state": state,
        "finding": finding,
        "act_at": at,
    }


def test_a_perfect_set_of_alerts_is_perfect() -> None:
    world = build_world(manifests=300)
    alerts = [alert(x, x.rule, finding=x.label) for x in world.labels if x.rule]
    result = grade(world.labels, alerts)
    assert result.perfect
    assert result.planted == result.found == sum(a["finding"] == "violation" for a in alerts)
    assert result.tally("review").found > 0
    assert all(row.precision == row.recall == 1 for row in result.rules.values())
    assert result.likenesses["ordinary"].alarmed == 0 < result.likenesses["ordinary"].subjects


def test_what_was_left_undone_when_the_world_had_ended_is_no_false_alarm() -> None:
    after = alert(LOOKALIKE, "time.receipt_overdue", at="2026-11-26T00:00:00+08:00")
    assert grade([PLANTED, LOOKALIKE], [alert(PLANTED), after]).perfect
    within = after | {"act_at": "2026-11-20T23:59:59+08:00"}
    assert not grade([PLANTED, LOOKALIKE], [alert(PLANTED), within]).perfect


def test_a_miss_is_told_with_its_story() -> None:
    result = grade([PLANTED, LOOKALIKE], [alert(PLANTED, state="withdrawn")])
    row = result.rules[NO_APPROVAL]
    assert (row.planted, row.found, row.recall, row.missed) == (1, 0, 0.0, [PLANTED])
    assert not result.perfect


def test_a_false_alarm_is_told_with_its_story() -> None:
    result = grade([PLANTED, LOOKALIKE], [alert(PLANTED), alert(PLANTED), alert(LOOKALIKE)])
    row = result.rules[NO_APPROVAL]
    assert (row.found, row.precision) == (1, 0.5)
    (wrong,) = result.false_alarms
    assert (wrong.subject, wrong.likeness, wrong.story_zh) == (
        LOOKALIKE.subject,
        "same_province",
        "省内",
    )
    assert result.likenesses["same_province"].alarmed == 1
    assert (
        result.summary() == "违法 1 起，查出 1 起，误报 1 起 · violations 1/1 found, 1 false alarm"
    )


def test_a_review_finds_nothing_and_is_false_on_a_lawful_subject_only() -> None:
    alerts = [alert(PLANTED, finding="review"), alert(LOOKALIKE, finding="review")]
    result = grade([PLANTED, LOOKALIKE], alerts)
    assert result.found == 0
    assert [review.subject for review in result.reviews] == [LOOKALIKE.subject]
    assert result.false_alarms == result.reviews


def test_the_wrong_rule_about_a_violation_and_an_unknown_subject_are_false_alarms() -> None:
    wrong = alert(PLANTED, rule="licence.receiver_unlicensed")
    unknown = {**alert(LOOKALIKE), "subject": "approval/appr-00009/1"}
    result = grade([PLANTED], [alert(PLANTED), wrong, unknown])
    assert result.rules[NO_APPROVAL].found == 1
    assert {alarm.likeness for alarm in result.false_alarms} == {
        f"breaks {NO_APPROVAL}",
        "unlabelled",
    }


def test_reviews_and_notices_are_found_as_what_they_are() -> None:
    labels = [PLANTED, REVIEW, NOTICE]
    alerts = [alert(PLANTED), *(alert(x, x.rule, finding=x.label) for x in (REVIEW, NOTICE))]
    result = grade(labels, alerts)
    assert result.perfect
    assert (result.planted, result.found) == (1, 1)
    assert (result.tally("review").found, result.tally("notice").found) == (1, 1)
    assert result.rules["form.not_entitled"].recall == 1
    assert "reviews 1/1, notices 1/1, 0 false" in result.summary()
    missed = grade(labels, alerts[:2])
    assert not missed.perfect
    assert missed.rules["licence.scale_exceeded"].missed == [NOTICE]


@pytest.mark.parametrize("finding", ["violation", "notice"])
def test_a_planted_review_is_not_found_by_another_finding(finding: str) -> None:
    result = grade([REVIEW], [alert(REVIEW, REVIEW.rule, finding=finding)])
    assert result.tally("review").found == 0
    assert [a.finding for a in result.false_alarms] == [finding]


def test_where_reviews_are_labelled_any_other_review_or_notice_is_a_false_alarm() -> None:
    right = [alert(PLANTED), alert(REVIEW, REVIEW.rule, finding="review")]
    for finding in ("review", "notice"):
        for rule in (NO_APPROVAL, "licence.suspended"):
            result = grade([PLANTED, REVIEW], [*right, alert(PLANTED, rule, finding=finding)])
            assert [a.subject for a in result.false_alarms] == [PLANTED.subject]
            assert not result.perfect


def test_a_label_of_every_kind_reads_back() -> None:
    for label in (PLANTED, REVIEW, NOTICE, LOOKALIKE):
        assert Label.read(label.line()) == label
