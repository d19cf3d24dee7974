-- Weeks of institutions of medical waste: what is told of in one is held against the beds on record.
-- phase: expand
--
-- A table of its own, not a kind of medical_day: an older worker would take a week for a plant's day.

CREATE TABLE medical_week (
    subject       text PRIMARY KEY,          -- week/<code>/<Monday>
    holder        text COLLATE "C" NOT NULL, -- credit code of the institution
    day           date NOT NULL,             -- its Monday
    origin_region text,
    marks         text[] NOT NULL,           -- what registry changes look for
    outcomes      json NOT NULL,
    memo          bytea NOT NULL,
    due           timestamptz,
    fires_at      timestamptz,               -- greatest(due, clock when armed + settle); null: none
    fired_at      timestamptz,               -- the clock that its rules have seen
    registry_seq  bigint NOT NULL,
    clock         timestamptz,
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
CREATE INDEX medical_week_marks ON medical_week USING gin (marks);
CREATE INDEX medical_week_due ON medical_week (due) WHERE due IS NOT NULL;
CREATE INDEX medical_week_fires ON medical_week (fires_at) WHERE fires_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON medical_week TO liandan_writer;
GRANT SELECT ON medical_week TO liandan_reader;

-- A label of medical_dirty may also be /week/<Monday>.

CREATE OR REPLACE VIEW console_verdict WITH (security_barrier) AS
SELECT a.id,
    coalesce(m.outcomes, s.outcomes::json, d.outcomes, j.outcomes, w.outcomes) AS outcomes,
    coalesce(m.clock, s.clock, d.clock, j.clock, w.clock) AS clock, m.verdict
FROM alert a
    LEFT JOIN manifest m ON a.scope = 'manifest' AND m.subject = a.subject
    LEFT JOIN shared_subject s ON a.scope = 'shared' AND s.subject = a.subject
    LEFT JOIN medical_day d ON a.scope = 'shared' AND d.subject = a.subject
    LEFT JOIN journey j ON a.scope = 'shared' AND j.subject = a.subject
    LEFT JOIN medical_week w ON a.scope = 'shared' AND w.subject = a.subject
WHERE a.finding <> 'notice'
    AND (coalesce(a.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
        OR coalesce(a.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]));
