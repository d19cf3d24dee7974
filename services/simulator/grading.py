"""How well a set of alerts tells the planted violations from the lawful look-alikes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.simulator.labels import RULES, Label

__all__ = ["FalseAlarm", "Grade", "LikenessGrade", "RuleGrade", "grade"]


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """An open alert about a subject that does not break that rule."""

    rule: str
    subject: str
    finding: str
    likeness: str
    """What the subject is like; ``unlabelled`` when the world does not speak of it."""
    story_zh: str
    story_en: str


@dataclass
class RuleGrade:
    """One rule: how many were planted and found, which were missed, which alerts were false."""

    rule: str
    planted: int = 0
    found: int = 0
    missed: list[Label] = field(default_factory=list)
    false_alarms: list[FalseAlarm] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of the alerts that are true; 1 when there are none."""
        alerts = self.found + len(self.false_alarms)
        return self.found / alerts if alerts else 1.0

    @property
    def recall(self) -> float:
        """Share of the planted violations that were found; 1 when none was planted."""
        return self.found / self.planted if self.planted else 1.0


@dataclass
class LikenessGrade:
    """One kind of lawful subject: how many there are, how many have an open alert."""

    subjects: int = 0
    alarmed: int = 0


@dataclass
class Grade:
    """The whole result. ``reviews`` are open review findings on subjects not to be reviewed."""

    rules: dict[str, RuleGrade]
    likenesses: dict[str, LikenessGrade]
    reviews: list[FalseAlarm]

    @property
    def planted(self) -> int:
        """Planted violations of all rules."""
        return sum(rule.planted for rule in self.rules.values())

    @property
    def found(self) -> int:
        """Planted violations that have an open violation alert."""
        return sum(rule.found for rule in self.rules.values())

    @property
    def false_alarms(self) -> list[FalseAlarm]:
        """False alarms of all rules, reviews of lawful subjects included."""
        return [alarm for rule in self.rules.values() for alarm in rule.false_alarms]

    @property
    def perfect(self) -> bool:
        """Whether everything planted was found and nothing else was alarmed."""
        return self.found == self.planted and not self.false_alarms

    def summary(self) -> str:
        """Return one line in Chinese and English."""
        wrong = len(self.false_alarms)
        return (
            f"违法 {self.planted} 起，查出 {self.found} 起，误报 {wrong} 起 · "
            f"violations {self.found}/{self.planted} found, {wrong} false "
            f"alarm{'' if wrong == 1 else 's'}"
        )


def grade(labels: Iterable[Label], alerts: Iterable[Mapping[str, Any]]) -> Grade:
    """Grade alerts (members ``rule``, ``subject``, ``state``, ``finding``) against the labels.

    Only open violation findings find anything; several of one rule and subject count once. Any
    open alert about a subject that is not labelled as breaking that rule is a false alarm; a
    review of a subject that breaks some rule is not.
    """
    planted: dict[tuple[str, str], Label] = {}
    about: dict[str, Label] = {}
    rules = {rule: RuleGrade(rule) for rule in RULES}
    likenesses: dict[str, LikenessGrade] = {}
    for label in labels:
        about.setdefault(label.subject, label)
        if label.rule is not None:
            planted[label.rule, label.subject] = label
        else:
            likenesses.setdefault(label.likeness or "", LikenessGrade()).subjects += 1
    opened = {
        (str(a["rule"]), str(a["subject"]), str(a["finding"]))
        for a in alerts
        if a["state"] == "open"
    }
    for (rule, subject), label in planted.items():
        row = rules.setdefault(rule, RuleGrade(rule))
        row.planted += 1
        if (rule, subject, "violation") in opened:
            row.found += 1
        else:
            row.missed.append(label)
    reviews = []
    for rule, subject, finding in sorted(opened):
        known = about.get(subject)
        if (rule, subject) in planted or (
            finding == "review" and known is not None and known.rule is not None
        ):
            continue
        alarm = _false_alarm(rule, subject, finding, known)
        rules.setdefault(rule, RuleGrade(rule)).false_alarms.append(alarm)
        if finding == "review":
            reviews.append(alarm)
    alarmed = {alarm.subject for row in rules.values() for alarm in row.false_alarms}
    for subject in alarmed:
        known = about.get(subject)
        if known is not None and known.rule is None:
            likenesses[known.likeness or ""].alarmed += 1
    return Grade(rules, likenesses, reviews)


def _false_alarm(rule: str, subject: str, finding: str, label: Label | None) -> FalseAlarm:
    if label is None:
        zh, en = "世界中没有此对象的标注", "the world has no label for this subject"
        return FalseAlarm(rule, subject, finding, "unlabelled", zh, en)
    likeness = label.likeness or f"breaks {label.rule}"
    return FalseAlarm(rule, subject, finding, likeness, label.story_zh, label.story_en)
