"""Old and new programs run on one database: what a migration may do in its phase is checked."""

from pathlib import Path

import pytest

from infra.postgres.migration import FIRST_WITH_PHASE, MigrationError, read_migrations
from infra.postgres.phase import objections
from infra.runtime.schema import application_name, program_schema, schema_of

ADDS = """
-- DROP TABLE in a comment is nothing; so is 'DROP TABLE' in a literal
CREATE TABLE visit (id bigint PRIMARY KEY, note text NOT NULL DEFAULT 'DROP; UPDATE');
ALTER TABLE visit ADD CONSTRAINT short CHECK (length(note) < 9), ALTER COLUMN note SET NOT NULL;
CREATE UNIQUE INDEX visit_note ON visit (note);
CREATE INDEX alert_rule ON alert (rule) WHERE state = 'open';
ALTER TABLE alert ADD COLUMN seen boolean NOT NULL DEFAULT false, ADD COLUMN by text,
    ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY, ALTER COLUMN rule DROP NOT NULL;
CREATE FUNCTION touch() RETURNS void LANGUAGE plpgsql AS $body$
BEGIN UPDATE alert SET rule = rule; DELETE FROM alert; DROP TABLE alert; END $body$;
REVOKE ALL ON FUNCTION touch() FROM PUBLIC;
GRANT SELECT, UPDATE, DELETE ON visit TO liandan_reader;
CREATE TABLE child (id bigint REFERENCES visit (id) ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO visit VALUES (1) ON CONFLICT (id) DO UPDATE SET note = '';
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles) THEN RAISE EXCEPTION 'DELETE FROM; DROP'; END IF;
END $$;
ALTER TABLE alert ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON alert FOR UPDATE USING (true);
"""

TAKES_AWAY = [
    "DROP TABLE alert",
    "drop index if exists alert_subject",
    "TRUNCATE alert",
    "ALTER TABLE alert DROP COLUMN rule",
    "ALTER TABLE public.alert ADD COLUMN a int, DROP CONSTRAINT alert_pkey",
    "ALTER TABLE IF EXISTS ONLY alert RENAME COLUMN rule TO regulation",
    "ALTER TABLE alert RENAME TO warning",
    "ALTER INDEX alert_subject RENAME TO other",
    "ALTER TABLE alert ALTER COLUMN rule TYPE varchar(3)",
    "ALTER TABLE alert\n  ALTER rule\n  SET DATA TYPE int USING 1",
    "ALTER TABLE alert ALTER COLUMN origin_region SET NOT NULL",
    "ALTER TABLE alert ALTER COLUMN opened_at DROP DEFAULT",
    "ALTER TABLE alert ADD COLUMN seen boolean NOT NULL",
    "ALTER TABLE alert ADD CONSTRAINT short CHECK (length(rule) < 3)",
    "ALTER TABLE alert ADD UNIQUE (rule)",
    "CREATE UNIQUE INDEX one ON alert (rule)",
    "REVOKE SELECT ON alert FROM liandan_reader",
    "DO $$ BEGIN DROP TABLE alert; END $$",
]

CHANGES_ROWS = [
    "UPDATE alert SET rule = ''",
    "DELETE FROM alert",
    "WITH old AS (DELETE FROM alert RETURNING 1) SELECT count(*) FROM old",
    "DO $$ BEGIN IF true THEN DELETE FROM alert; END IF; END $$",
    "do $x$ begin execute 'DROP TABLE alert'; end $x$",
]


def test_what_only_adds_may_expand() -> None:
    assert objections(ADDS, "expand") == []


@pytest.mark.parametrize("sql", TAKES_AWAY)
def test_what_takes_away_may_only_contract(sql: str) -> None:
    for phase in ("expand", "migrate"):
        (told,) = objections(f"SELECT 1; {sql};", phase)  # type: ignore[arg-type]
        assert told.endswith("belongs into phase contract")
    assert objections(sql, "contract") == []


@pytest.mark.parametrize("sql", CHANGES_ROWS)
def test_what_changes_rows_may_not_expand(sql: str) -> None:
    (told,) = objections(sql, "expand")
    assert told.endswith("belongs into phase migrate")
    assert objections(sql, "migrate") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("CREATE TABLE a ();", "must have a line `-- phase: expand`"),
        ("-- phase: widen\n", "must have a line"),
        ("SELECT 1;\n-- phase: expand\n", "must have a line"),
        ("-- phase: expand\nDROP TABLE alert;", "says phase expand, but DROP belongs"),
        ("-- phase: contract\nDROP TABLE alert;", "-- oldest program: NNNN"),
        ("-- phase: expand\n-- oldest program: 0003\n", "-- oldest program: NNNN"),
        ("-- phase: contract\n-- oldest program: 0007\n", "earlier number"),
    ],
)
def test_a_file_says_its_phase_and_keeps_to_it(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / f"{FIRST_WITH_PHASE:04d}_new.sql").write_text(text)
    with pytest.raises(MigrationError, match=told):
        read_migrations(tmp_path)


def test_a_file_with_its_phase_is_read(tmp_path: Path) -> None:
    (tmp_path / "0008_less.sql").write_text(
        "-- What it is for.\n-- phase: contract\n-- oldest program: 0007\nDROP TABLE alert;"
    )
    (found,) = read_migrations(tmp_path)
    assert (found.version, found.phase, found.oldest_program) == (8, "contract", 7)


def test_the_projects_own_migrations_keep_to_their_phases() -> None:
    numbers = [m.version for m in read_migrations() if m.phase != "contract"]
    assert max(numbers) == program_schema()


def test_a_session_tells_the_schema_number_of_its_program() -> None:
    assert schema_of(application_name("worker-1")) == program_schema()
    assert application_name("worker-1").endswith(" worker-1")
    assert len(application_name("名" * 99).encode()) <= 63
    assert [schema_of(name) for name in ("liandan-archiver", "psql", "", None)] == [None] * 4
