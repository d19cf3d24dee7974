-- What the courier hands on: the feed, signed webhooks, messages to people.

-- The feed -----------------------------------------------------------------------------------------
-- Ids of the outbox are given when rows are written, not when they commit: who pages by "id > last"
-- misses the late ones. One courier alone numbers the rows it can see, without gaps; whoever reads
-- "feed_seq > last" misses none.

ALTER TABLE outbox ADD COLUMN feed_seq bigint;       -- null: not numbered yet
CREATE INDEX outbox_unfed ON outbox (id) WHERE feed_seq IS NULL;

CREATE TABLE feed (
    feed_seq           bigint PRIMARY KEY,
    alert_id           uuid NOT NULL,
    revision           integer NOT NULL,
    state              text NOT NULL,
    severity           text NOT NULL,
    finding            text NOT NULL,
    rule               text NOT NULL,
    origin_region      text,
    destination_region text,
    at                 timestamptz NOT NULL,         -- when the judge wrote this revision
    payload            jsonb NOT NULL,               -- the alert as it stood then
    UNIQUE (alert_id, revision)
);

-- Webhooks -----------------------------------------------------------------------------------------

CREATE TABLE webhook_endpoint (
    id            text PRIMARY KEY,
    url           text NOT NULL,
    secret        text NOT NULL,                     -- whsec_…: signs, so it cannot be a digest
    note          text NOT NULL DEFAULT '',
    regions       text[] NOT NULL,                   -- beginnings of region codes; none: all
    severities    text[] NOT NULL,                   -- none: all
    findings      text[] NOT NULL,                   -- none: all
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    removed_at    timestamptz,
    failures      integer NOT NULL DEFAULT 0,        -- in a row
    failing_since timestamptz,
    disabled_at   timestamptz,                       -- after days of failure; a replay takes it back
    due_at        timestamptz NOT NULL DEFAULT clock_timestamp(), -- a pause, or the lease of a courier
    CHECK (length(url) <= 2000 AND length(note) <= 200)
);

CREATE TABLE webhook_delivery (
    endpoint     text NOT NULL REFERENCES webhook_endpoint (id),
    feed_seq     bigint NOT NULL REFERENCES feed (feed_seq),
    attempts     integer NOT NULL DEFAULT 0,
    queued_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivered_at timestamptz,
    given_up_at  timestamptz,
    PRIMARY KEY (endpoint, feed_seq)
);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (endpoint, feed_seq)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;

CREATE TABLE webhook_attempt (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint text NOT NULL,
    feed_seq bigint NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    status   integer,                                -- null: no answer
    error    text NOT NULL DEFAULT '',
    seconds  real NOT NULL
);
CREATE INDEX webhook_attempt_endpoint ON webhook_attempt (endpoint, id);

-- People -------------------------------------------------------------------------------------------

CREATE TABLE courier_channel (
    name       text PRIMARY KEY,
    told_seq   bigint NOT NULL,                      -- up to here what is urgent was told
    digest_seq bigint NOT NULL,                      -- up to here the rest was
    digest_at  timestamptz NOT NULL,
    failures   integer NOT NULL DEFAULT 0,
    due_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Who may what -------------------------------------------------------------------------------------

GRANT SELECT ON feed, webhook_delivery, webhook_attempt, courier_channel TO liandan_reader;
GRANT SELECT (id, url, note, regions, severities, findings, created_at, removed_at, failures,
    failing_since, disabled_at, due_at) ON webhook_endpoint TO liandan_reader;

GRANT SELECT, INSERT ON feed TO liandan_writer;
GRANT SELECT, INSERT, UPDATE ON webhook_delivery, courier_channel TO liandan_writer;
GRANT SELECT, INSERT, DELETE ON webhook_attempt TO liandan_writer;
GRANT SELECT ON webhook_endpoint TO liandan_writer;
GRANT UPDATE (failures, failing_since, disabled_at, due_at) ON webhook_endpoint TO liandan_writer;

GRANT SELECT ON feed, webhook_attempt TO liandan_registry;
GRANT SELECT, INSERT, UPDATE ON webhook_delivery TO liandan_registry;
GRANT SELECT (id, url, note, regions, severities, findings, created_at, removed_at, failures,
    failing_since, disabled_at, due_at), INSERT ON webhook_endpoint TO liandan_registry;
GRANT UPDATE (removed_at, failures, failing_since, disabled_at, due_at) ON webhook_endpoint
    TO liandan_registry;
