"""Explanations, one file a family: what a finding's conditions and cures are. Built only for findings."""

from streams.judging.rules.explained.approvals import approval_explained
from streams.judging.rules.explained.bans import ban_explained
from streams.judging.rules.explained.cargo import cargo_explained
from streams.judging.rules.explained.carriers import (
    certificate_explained,
    permit_explained,
    plate_explained,
)
from streams.judging.rules.explained.licence_scopes import scope_explained
from streams.judging.rules.explained.licences import suspension_explained, unlicensed_explained
from streams.judging.rules.explained.limits import Passed, Threshold, limit_explained
from streams.judging.rules.explained.reports import (
    VERBS_ZH,
    conflict_explained,
    stranger_explained,
)

__all__ = [
    "VERBS_ZH",
    "Passed",
    "Threshold",
    "approval_explained",
    "ban_explained",
    "cargo_explained",
    "certificate_explained",
    "conflict_explained",
    "limit_explained",
    "permit_explained",
    "plate_explained",
    "scope_explained",
    "stranger_explained",
    "suspension_explained",
    "unlicensed_explained",
]
