-- Medical waste: what was said of packages, and the verdict on each day of an institution or plant.
-- phase: expand
--
-- The owner of a partition of medical.events writes what was said and marks whom it is about; any
-- worker judges an institution or plant in one transaction, under an advisory lock on its credit code.

CREATE TABLE medical_event (
    source      text NOT NULL,
    event_id    text NOT NULL,
    digest      text NOT NULL,
    received_us bigint NOT NULL,             -- of the earliest copy
    corrects    text,                        -- the id of the event that this one corrects
    raw         bytea NOT NULL,
    PRIMARY KEY (source, event_id, digest)
);
CREATE INDEX medical_event_corrects ON medical_event (source, corrects) WHERE corrects IS NOT NULL;

-- Which events speak of what. A label is a package; /pickup: a pick-up at the holder; /plant: what the
-- holder took in, treated or washed.
CREATE TABLE medical_word (
    holder   text COLLATE "C" NOT NULL,      -- credit code of the institution or plant
    label    text COLLATE "C" NOT NULL,
    source   text NOT NULL,
    event_id text NOT NULL,
    digest   text NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (holder, label, source, event_id, digest)
);
CREATE INDEX medical_word_at ON medical_word (holder, at) WHERE left(label, 1) = '/';
CREATE INDEX medical_word_event ON medical_word (source, event_id);

-- Plain append, as dirty is. A label may also be /day/<date> or /plant/<date>.
CREATE TABLE medical_dirty (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    holder text COLLATE "C" NOT NULL,
    label  text NOT NULL
);
CREATE INDEX medical_dirty_holder ON medical_dirty (holder);

CREATE TABLE medical_member (
    holder text COLLATE "C" NOT NULL,
    label  text COLLATE "C" NOT NULL,
    day    date NOT NULL,                    -- of the package's sealing; a label used again has two
    PRIMARY KEY (holder, label, day)
);
CREATE INDEX medical_member_day ON medical_member (holder, day);

CREATE TABLE medical_day (
    subject            text PRIMARY KEY,     -- medical/<code>/<date>, plant/<code>/<date>
    holder             text COLLATE "C" NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('medical', 'plant')),
    day                date NOT NULL,
    origin_region      text,
    destination_region text,
    marks              text[] NOT NULL,      -- what registry changes look for
    summary            jsonb NOT NULL,       -- packages, waiting, grams by class: for the county board
    outcomes           json NOT NULL,
    memo               bytea NOT NULL,
    open               boolean NOT NULL,     -- a deadline is to come, or something is found
    due                timestamptz,
    fires_at           timestamptz,          -- greatest(due, clock when armed + settle); null: none
    fired_at           timestamptz,          -- the clock that its rules have seen
    registry_seq       bigint NOT NULL,
    clock              timestamptz,
    updated_at         timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
CREATE INDEX medical_day_holder ON medical_day (holder, day);
CREATE INDEX medical_day_day ON medical_day (day);
CREATE INDEX medical_day_marks ON medical_day USING gin (marks);
CREATE INDEX medical_day_fires ON medical_day (fires_at) WHERE fires_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON medical_event, medical_word, medical_dirty, medical_member,
    medical_day TO liandan_writer;
GRANT SELECT ON medical_event, medical_word, medical_dirty, medical_member, medical_day
    TO liandan_reader;

-- What the console may see of it: alerts' verdicts, and the days of a session's regions for the board.
CREATE OR REPLACE VIEW console_verdict WITH (security_barrier) AS
SELECT a.id, coalesce(m.outcomes, s.outcomes::json, d.outcomes) AS outcomes,
    coalesce(m.clock, s.clock, d.clock) AS clock, m.verdict
FROM alert a
    LEFT JOIN manifest m ON a.scope = 'manifest' AND m.subject = a.subject
    LEFT JOIN shared_subject s ON a.scope = 'shared' AND s.subject = a.subject
    LEFT JOIN medical_day d ON a.scope = 'shared' AND d.subject = a.subject
WHERE a.finding <> 'notice'
    AND (coalesce(a.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
        OR coalesce(a.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]));

CREATE FUNCTION console_medical_days(since date)
RETURNS TABLE (kind text, holder text, day date, region text, summary jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT d.kind, d.holder, d.day, coalesce(d.origin_region, d.destination_region), d.summary
    FROM medical_day d
    WHERE d.day >= since
        AND coalesce(d.origin_region, d.destination_region, '')
            LIKE ANY ((SELECT console_regions())::text[])
$$;
REVOKE ALL ON FUNCTION console_medical_days(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console_medical_days(date) TO liandan_console;

-- The last day of which anything is known in a session's regions, not after ``until``.
CREATE FUNCTION console_medical_last(until date) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT max(d.day) FROM medical_day d
    WHERE d.day <= until AND coalesce(d.origin_region, d.destination_region, '')
        LIKE ANY ((SELECT console_regions())::text[])
$$;
REVOKE ALL ON FUNCTION console_medical_last(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console_medical_last(date) TO liandan_console;

-- The newest versions of institutions and plants; whose region is not the session's is left out there.
CREATE FUNCTION console_medical_records() RETURNS TABLE (body bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT n.body FROM (
        SELECT DISTINCT ON (r.kind, r.record_id) r.body
        FROM registry_record r JOIN registry_change c USING (change_set)
        WHERE r.kind IN ('institution', 'medical_plant')
        ORDER BY r.kind, r.record_id, c.seq DESC, r.ordinal DESC) n
    WHERE convert_from(n.body, 'UTF8')::json ->> 'region'
        LIKE ANY ((SELECT console_regions())::text[])
$$;
REVOKE ALL ON FUNCTION console_medical_records() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console_medical_records() TO liandan_console;
