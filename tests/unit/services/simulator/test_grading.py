from services.simulator import Label, build_world, grade

NO_APPROVAL = "cross_province.no_approval"
PLANTED = Label("violation", "20261301000001", "无审批", "no approval", rule=NO_APPROVAL)
LOOKALIKE = Label("lawful", "20261301000002", "省内", "inside", likeness="same_province")


def alert(label: Label, rule: str = NO_APPROVAL, state: str = "open", finding: str = "violation"):
    return {"rule": rule, "subject": label.subject, "state": state, "finding": finding}


def test_a_perfect_set_of_alerts_is_perfect() -> None:
    world = build_world(manifests=60)
    alerts = [alert(label, label.rule) for label in world.labels if label.rule]
    result = grade(world.labels, alerts)
    assert result.perfect
    assert result.planted == result.found == len(alerts)
    assert all(row.precision == row.recall == 1 for row in result.rules.values())
    assert result.likenesses["ordinary"].alarmed == 0 < result.likenesses["ordinary"].subjects


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
