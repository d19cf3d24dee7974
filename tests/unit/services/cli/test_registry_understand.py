"""``liandan registry understand`` in this process: what it says, writes and refuses to write."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli.main import app
from services.registry.record_file import FileForm, read_file
from tests.unit.services.registry.notices.books import book, packed, parts_of, sheet_xml
from tests.unit.services.registry.notices.notice import FIRM, KNOWN

SHEETS = Path("tests/unit/services/registry/notices/sheets").absolute()
HEAD = [
    "许可证编号",
    "单位名称",
    "行政区划",
    "经营方式",
    "危险废物类别",
    "核准经营规模（吨/年）",
    "有效期限",
]
ROW = [
    "示例1号",
    "示例电子有限公司",
    "320500",
    "处置",
    "HW08",
    "3万吨/年",
    "2026年3月1日至2031年2月28日",
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ["name,uscc,region", *(f"{u.name},{u.uscc},{u.region or ''}" for u in KNOWN)]
    Path("units.csv").write_text("\n".join(lines))


def understand(*words: str | Path, kind: str = "licences") -> Result:
    return CliRunner().invoke(app, ["registry", "understand", *map(str, words), "--as", kind])


def sheet(name: str, *rows: list[str]) -> str:
    Path(name).write_bytes(book([HEAD, *rows]))
    return name


def test_a_sheet_that_is_understood_becomes_records_for_import() -> None:
    done = understand(
        sheet("a.xlsx", ROW), "--units", "units.csv", "--issuer", "示例省厅", "--out", "o.ndjson"
    )
    assert done.exit_code == 0, done.output
    assert "1 lines understood, 0 not" in done.stdout
    assert "“3万吨/年”即 30000 吨" in done.stdout
    (change,) = read_file(Path("o.ndjson").read_bytes(), FileForm.NDJSON)
    assert json.loads(change.body)["holder"] == FIRM
    assert json.loads(change.body)["issuer"] == "示例省厅"


def test_one_line_that_is_not_understood_and_nothing_is_written() -> None:
    unsure = [*ROW[:4], "废铅酸蓄电池", *ROW[5:]]
    unsure[0] = "示例2号"
    name = sheet("a.xlsx", ROW, unsure)
    words = (name, "--units", "units.csv", "--out", "o.ndjson", "--report", "r.ndjson")
    done = understand(*words)
    assert done.exit_code == 1
    assert not Path("o.ndjson").exists()
    assert "“废铅酸蓄电池”" in done.stderr
    assert "a name without a code" in done.stderr
    assert "nothing was written" in done.stderr
    told = [json.loads(line) for line in Path("r.ndjson").read_text().splitlines()]
    assert [(t["line"], t["outcome"]) for t in told] == [(2, "understood"), (3, "refused")]
    assert told[1]["problems"][0]["code"] == "scope_not_sure"
    rest = understand(*words, "--understood-only")
    assert rest.exit_code == 0
    assert len(Path("o.ndjson").read_text().splitlines()) == 1


def test_the_published_lines_import_but_for_those_that_do_not_say_all() -> None:
    words = (SHEETS / "published_approvals.csv", "--units", SHEETS / "published_units.csv")
    assert understand(*words, kind="approvals").exit_code == 1
    done = understand(*words, "--understood-only", "--out", "o.ndjson", kind="approvals")
    assert done.exit_code == 0, done.output
    assert "18 lines understood, 4 not, 0 held back, 0 skipped; 6 records" in done.stdout
    assert len(read_file(Path("o.ndjson").read_bytes(), FileForm.NDJSON)) == 6


def test_units_without_a_code_are_written_to_be_filled_in() -> None:
    name = sheet("a.xlsx", ROW)
    done = understand(name, "--unknown-units", "fill.csv")
    assert done.exit_code == 1
    assert "unit_unknown" in done.stderr
    filled = Path("fill.csv").read_text("utf-8-sig").splitlines()
    assert filled == ["name,uscc,region", "示例电子有限公司,,"]
    Path("fill.csv").write_text(f"name,uscc,region\n示例电子有限公司,{FIRM},\n")
    assert understand(name, "--units", "fill.csv").exit_code == 0
    Path("fill.csv").write_text("name,uscc,region\n示例电子有限公司,91110000X,99\n")
    wrong = understand(name, "--units", "fill.csv")
    assert wrong.exit_code == 1
    assert "credit_code_form" in wrong.stderr


def test_bad_input_is_a_sentence_never_a_traceback() -> None:
    Path("garbage.xlsx").write_bytes(b"PK\x03\x04 garbage")
    Path("two.xlsx").write_bytes(
        packed(parts_of({"甲": sheet_xml([HEAD]), "乙": sheet_xml([HEAD])}))
    )
    Path("empty.csv").write_bytes(b"")
    Path("binary.csv").write_bytes(bytes(range(256)) * 10)
    for name, code in (
        ("garbage.xlsx", "sheet_malformed"), ("two.xlsx", "sheet_not_said"),
        ("empty.csv", "header_not_found"), ("binary.csv", "not_a_sheet"),
    ):  # fmt: skip
        done = understand(name)
        assert done.exit_code == 1, name
        assert code in done.stderr
        assert "Traceback" not in done.output
    assert understand("none.xlsx").exit_code == 2
    assert understand(sheet("a.xlsx", ROW), "--given", "colour").exit_code == 2
    assert "field_unknown" in understand("a.xlsx", "--given", "colour=red").stderr
    assert understand("a.xlsx", kind="bans").exit_code == 2
