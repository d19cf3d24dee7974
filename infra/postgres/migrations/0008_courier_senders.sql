-- What the courier's senders need: secrets that rotate, what people were told, rows set aside.
-- phase: expand

-- Webhooks -----------------------------------------------------------------------------------------
-- A secret reads whsec_… (in clear, where no key is set) or key:<fingerprint>:<nonce>: then it is
-- derived from the courier's key, which is not in the database.

ALTER TABLE webhook_endpoint
    ADD COLUMN previous_secret text,                 -- signs too until previous_until
    ADD COLUMN previous_until  timestamptz;

ALTER TABLE webhook_delivery ADD COLUMN refusals integer NOT NULL DEFAULT 0; -- of this one message
CREATE INDEX webhook_delivery_feed ON webhook_delivery (feed_seq);           -- for pruning the feed

-- The registry role writes secrets and cannot read them.
CREATE FUNCTION rotate_webhook_secret(endpoint text, fresh text, until timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE webhook_endpoint SET previous_secret = secret, previous_until = until, secret = fresh
    WHERE id = endpoint AND removed_at IS NULL;
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION rotate_webhook_secret(text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rotate_webhook_secret(text, text, timestamptz) TO liandan_registry;

-- Outbox rows that are no alerts --------------------------------------------------------------------

CREATE TABLE outbox_set_aside (
    id           bigint PRIMARY KEY,                 -- as it was in the outbox
    key          text NOT NULL,
    topic        text NOT NULL,
    payload      jsonb NOT NULL,
    created_at   timestamptz NOT NULL,
    reason       text NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- People -------------------------------------------------------------------------------------------

ALTER TABLE courier_channel ADD COLUMN paused_at timestamptz;

CREATE TABLE courier_told (
    channel  text NOT NULL,
    alert_id uuid NOT NULL,
    severity text NOT NULL,                          -- as it was told
    state    text NOT NULL,                          -- as it was told
    told_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (channel, alert_id)
);
CREATE INDEX courier_told_withdrawn ON courier_told (told_at) WHERE state = 'withdrawn';

CREATE TABLE courier_message (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind    text NOT NULL,                           -- urgent | digest | test
    alerts  integer NOT NULL,                        -- that it tells of, named or counted
    outcome text NOT NULL,
    error   text NOT NULL DEFAULT ''
);
CREATE INDEX courier_message_channel ON courier_message (channel, id);

-- Who may what -------------------------------------------------------------------------------------

GRANT SELECT ON outbox_set_aside, courier_told, courier_message TO liandan_reader;
GRANT SELECT (previous_until) ON webhook_endpoint TO liandan_reader, liandan_registry;

GRANT DELETE ON outbox, feed, webhook_delivery TO liandan_writer;
GRANT SELECT, INSERT ON outbox_set_aside TO liandan_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON courier_told TO liandan_writer;
GRANT SELECT, INSERT, DELETE ON courier_message TO liandan_writer;

GRANT SELECT ON courier_channel, courier_message TO liandan_registry;
GRANT UPDATE (paused_at, due_at) ON courier_channel TO liandan_registry;
