-- The thin line: registry, facts and verdicts, alerts, the legal record, offsets, API keys.
-- Run as liandan_migrator, who owns everything; the other roles get what each needs at the end.

-- Registry ---------------------------------------------------------------------------------------
-- A change set inserts its records first and takes the head row LAST, so that no verdict judged at
-- seq n can commit after n + 1: judges hold the head FOR SHARE until they commit.

CREATE TABLE registry_head (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq         bigint NOT NULL,
    recorded_at timestamptz NOT NULL
);
INSERT INTO registry_head (seq, recorded_at) VALUES (0, '1990-01-01T00:00:00Z');

-- Judges share the head until they commit; one after another they would share it for ever, and row
-- locks do not queue: new sharers pass a waiting writer. Advisory locks queue, so they come first.
CREATE FUNCTION hold_registry_head() RETURNS TABLE (seq bigint, recorded_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('registry_head'));
    RETURN QUERY SELECT h.seq, h.recorded_at FROM registry_head h FOR SHARE;
END $$;

CREATE FUNCTION advance_registry_head() RETURNS TABLE (seq bigint, recorded_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('registry_head'));
    RETURN QUERY UPDATE registry_head h SET seq = h.seq + 1,
        recorded_at = greatest(clock_timestamp(), h.recorded_at + interval '1 microsecond')
        RETURNING h.seq, h.recorded_at;
END $$;

CREATE TABLE registry_change (
    seq         bigint PRIMARY KEY,
    change_set  uuid NOT NULL UNIQUE,
    recorded_at timestamptz NOT NULL UNIQUE,
    actor       text NOT NULL,
    records     integer NOT NULL
);

CREATE TABLE registry_record (
    change_set  uuid NOT NULL,
    ordinal     integer NOT NULL,
    kind        text NOT NULL,
    record_id   text NOT NULL,
    body        bytea NOT NULL,              -- the JSON object as it was given
    touch_units text[] NOT NULL,             -- credit codes whose manifests it bears on
    touch_marks text[] NOT NULL,             -- marks of manifests likewise: waste codes, categories, filers
    touch_limits text[] NOT NULL,            -- limits (approval lines) that it defines
    PRIMARY KEY (change_set, ordinal)
);
CREATE INDEX registry_record_versions ON registry_record (kind, record_id);

CREATE TABLE registry_pager (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint NOT NULL                      -- changes up to this one have been turned into rejudge orders
);
INSERT INTO registry_pager (seq) VALUES (0);

CREATE TABLE rejudge (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partition integer NOT NULL,
    subject   text NOT NULL,
    seq       bigint NOT NULL
);
CREATE INDEX rejudge_of_owner ON rejudge (partition, id);

-- Offsets ----------------------------------------------------------------------------------------

CREATE TABLE consumer_offset (
    consumer    text NOT NULL,
    topic       text NOT NULL,
    partition   integer NOT NULL,
    cluster_id  text NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    digest      bytea,                       -- SHA-256 of record next_offset - 1; null before the first
    epoch       bigint NOT NULL,             -- rises with each owner; an older owner is fenced
    clock       timestamptz,                 -- the partition's clock, monotone
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, topic, partition)
) WITH (fillfactor = 50);

-- Facts and verdicts of manifest scope -----------------------------------------------------------

CREATE TABLE manifest (
    subject            text PRIMARY KEY,
    partition          integer NOT NULL,
    consignor          text,
    receiver           text,
    carriers           text[] NOT NULL,
    marks              text[] NOT NULL,      -- waste codes, their categories, unit/<who filed for another>
    aliases            text[] NOT NULL,
    origin_region      text,
    destination_region text,
    events             bytea NOT NULL,       -- the set of its events: msgpack [[received_at us, raw, offset], …]
    state              text NOT NULL,
    act_at             timestamptz,          -- when it moved
    outcomes           jsonb NOT NULL,       -- the current verdict: one outcome per rule
    memo               bytea NOT NULL,       -- what the owner must remember of verdicts, alerts, draws
    registry_seq       bigint NOT NULL,
    clock              timestamptz,
    updated_at         timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
CREATE INDEX manifest_consignor ON manifest (consignor);
CREATE INDEX manifest_receiver ON manifest (receiver);
CREATE INDEX manifest_marks ON manifest USING gin (marks);
CREATE INDEX manifest_aliases ON manifest USING gin (aliases);

CREATE TABLE verdict_history (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject      text NOT NULL,
    registry_seq bigint NOT NULL,
    clock        timestamptz,
    judged_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcomes     jsonb NOT NULL              -- only those that changed
);
CREATE INDEX verdict_history_subject ON verdict_history (subject, id);

-- Shared subjects --------------------------------------------------------------------------------

CREATE TABLE draw (
    limit_id  text COLLATE "C" NOT NULL,   -- so that the key finds all limits that begin alike
    manifest  text NOT NULL,
    at        timestamptz NOT NULL,
    grams     bigint NOT NULL CHECK (grams >= 0),
    state     text NOT NULL CHECK (state IN ('reserved', 'settled', 'doubtful', 'released')),
    PRIMARY KEY (limit_id, manifest)
);

-- Plain append, never ON CONFLICT: a flag that is already up would swallow a wake-up.
CREATE TABLE dirty (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX dirty_subject ON dirty (subject);

CREATE TABLE shared_subject (
    subject      text PRIMARY KEY,
    outcomes     jsonb NOT NULL,
    memo         bytea NOT NULL,
    registry_seq bigint NOT NULL,
    clock        timestamptz,
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Time -------------------------------------------------------------------------------------------

CREATE TABLE deadline (
    partition integer NOT NULL,
    subject   text NOT NULL,
    key       text NOT NULL,
    due       timestamptz NOT NULL,
    armed_at  timestamptz NOT NULL,
    fires_at  timestamptz NOT NULL,          -- greatest(due, armed_at + settle)
    PRIMARY KEY (partition, subject, key)
);
CREATE INDEX deadline_next ON deadline (partition, fires_at);

-- Alerts -----------------------------------------------------------------------------------------

CREATE TABLE alert (
    id                 uuid PRIMARY KEY,
    scope              text NOT NULL CHECK (scope IN ('manifest', 'shared')),
    subject            text NOT NULL,
    rule               text NOT NULL,
    rule_version       integer NOT NULL,
    discriminator      text NOT NULL,
    finding            text NOT NULL CHECK (finding IN ('violation', 'review', 'notice')),
    state              text NOT NULL CHECK (state IN ('open', 'withdrawn')),
    severity           text NOT NULL,
    grams              bigint NOT NULL,
    revision           integer NOT NULL,     -- rises only when the digest changes
    digest             text NOT NULL,
    origin_region      text,
    destination_region text,
    consignor          text,
    receiver           text,
    act_at             timestamptz,
    received_at        timestamptz,          -- of the newest event behind this revision, by the gateway
    body               jsonb NOT NULL,
    registry_seq       bigint NOT NULL,
    clock              timestamptz,
    opened_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX alert_subject ON alert (subject);
CREATE INDEX alert_changed ON alert (changed_at);
CREATE INDEX alert_open ON alert (severity, origin_region) WHERE state = 'open';

CREATE TABLE alert_history (
    id         uuid NOT NULL,
    revision   integer NOT NULL,
    state      text NOT NULL,
    body       jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (id, revision)
);

CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key        text NOT NULL UNIQUE,         -- alert id + revision
    topic      text NOT NULL,
    payload    jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at    timestamptz
);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;

-- Quarantine: what could not be understood or contradicts history, with its bytes and place --------

CREATE TABLE quarantine (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer     text NOT NULL,
    topic        text NOT NULL,
    partition    integer NOT NULL,
    kafka_offset bigint NOT NULL,
    reason       text NOT NULL,
    detail       jsonb NOT NULL,
    source       text,
    event_id     text,
    subject      text,
    raw          bytea NOT NULL,
    received_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (consumer, topic, partition, kafka_offset, reason)
);
CREATE INDEX quarantine_source ON quarantine (source, event_id);

-- The legal record -------------------------------------------------------------------------------
-- Partitioned by the server's receive time, never by a client's clock.

CREATE TABLE event_log (
    received_at  timestamptz NOT NULL,
    topic        text NOT NULL,
    partition    integer NOT NULL,
    kafka_offset bigint NOT NULL,
    appended_at  timestamptz NOT NULL,
    source       text,
    event_id     text,
    type         text,
    subject      text,
    event_time   timestamptz,
    digest       bytea NOT NULL,             -- SHA-256 of raw
    receipt_id   uuid,
    key_id       text,
    headers      jsonb NOT NULL,
    raw          bytea NOT NULL,
    origin_region      text,
    destination_region text,
    archived_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (received_at, topic, partition, kafka_offset)
) PARTITION BY RANGE (received_at);
CREATE INDEX event_log_subject ON event_log (subject);
CREATE INDEX event_log_receipt ON event_log (receipt_id);

CREATE FUNCTION ensure_event_log_partition(month_of timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', month_of AT TIME ZONE 'UTC')::date;
    name  text := 'event_log_' || to_char(first, 'YYYYMM');
BEGIN
    IF to_regclass('public.' || name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('event_log_partition'));
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF event_log FOR VALUES FROM (%L) TO (%L)',
        name, first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC');
END $$;
REVOKE ALL ON FUNCTION ensure_event_log_partition(timestamptz) FROM PUBLIC;

CREATE TABLE event_dedupe (
    source      text NOT NULL,
    event_id    text NOT NULL,
    digest      bytea NOT NULL,
    receipt_id  uuid NOT NULL,
    received_at timestamptz NOT NULL,        -- the earliest copy's
    subject     text,
    copies      bigint NOT NULL,
    conflict    boolean NOT NULL DEFAULT false, -- the same id stands with other bytes too
    origin_region      text,
    destination_region text,
    PRIMARY KEY (source, event_id, digest)
) PARTITION BY HASH (source, event_id);
CREATE TABLE event_dedupe_0 PARTITION OF event_dedupe FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE event_dedupe_1 PARTITION OF event_dedupe FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE event_dedupe_2 PARTITION OF event_dedupe FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE event_dedupe_3 PARTITION OF event_dedupe FOR VALUES WITH (MODULUS 4, REMAINDER 3);
CREATE INDEX event_dedupe_receipt ON event_dedupe (receipt_id);

-- API keys: only the SHA-256 of each 256-bit secret is kept ---------------------------------------

CREATE TABLE api_key (
    key_id     text PRIMARY KEY,
    secret     bytea NOT NULL UNIQUE CHECK (length(secret) = 32),
    uscc       text NOT NULL,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at timestamptz
);

-- Who may what -----------------------------------------------------------------------------------

GRANT SELECT ON registry_head, registry_change, registry_record, registry_pager, manifest,
    verdict_history, draw, dirty, shared_subject, deadline, rejudge, alert, alert_history, outbox,
    quarantine, event_log, event_dedupe, consumer_offset, api_key TO liandan_reader;

-- UPDATE on the head is what SELECT … FOR SHARE asks for; judges never write it.
GRANT SELECT, UPDATE ON registry_head TO liandan_writer;
GRANT SELECT ON registry_change, registry_record TO liandan_writer;
GRANT SELECT, UPDATE ON registry_pager TO liandan_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON rejudge, dirty, deadline, draw, manifest, shared_subject
    TO liandan_writer;
GRANT SELECT, INSERT, UPDATE ON consumer_offset, alert, outbox, event_dedupe TO liandan_writer;
GRANT SELECT, INSERT ON verdict_history, alert_history, quarantine, event_log TO liandan_writer;
GRANT EXECUTE ON FUNCTION ensure_event_log_partition(timestamptz) TO liandan_writer;

GRANT SELECT, UPDATE ON registry_head TO liandan_registry;
GRANT SELECT, INSERT ON registry_change, registry_record TO liandan_registry;
GRANT SELECT, INSERT ON api_key TO liandan_registry;
GRANT UPDATE (revoked_at) ON api_key TO liandan_registry;
