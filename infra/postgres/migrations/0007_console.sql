-- The console: accounts, sessions, cases, and what an officer may see.
-- phase: expand
--
-- The role liandan_console is granted no table. It reads through views and writes through functions
-- that ask who holds the session token of the current transaction (liandan.session, set by
-- console_enter): 256 random bits that cannot be guessed by whoever can run SQL as this role. A
-- forgotten WHERE, or an injected one, shows what that officer may see anyway; without a session
-- the views are empty. No row-level security: the judges' and the archiver's paths pay nothing.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'liandan_console') THEN
        RAISE EXCEPTION 'the role liandan_console is missing: run `liandan migrate --superuser …` once';
    END IF;
END $$;

-- People -------------------------------------------------------------------------------------------

CREATE TABLE console_account (
    login               text PRIMARY KEY CHECK (login ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    hash                text NOT NULL,               -- argon2id, with its parameters
    regions             text[] NOT NULL,             -- beginnings of region codes; {''}: the whole nation
    role                text NOT NULL CHECK (role IN ('officer', 'registry', 'admin')),
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    password_changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at         timestamptz,
    CHECK (cardinality(regions) > 0
        AND array_to_string(regions, ',', '!') ~ '^(\d\d|\d{4}|\d{6})?(,(\d\d|\d{4}|\d{6})?)*$')
);

CREATE TABLE console_session (
    token        bytea PRIMARY KEY CHECK (length(token) = 32), -- SHA-256; the token itself is kept nowhere
    login        text NOT NULL REFERENCES console_account (login),
    csrf         bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    idle_for     interval NOT NULL,                  -- unused for so long: over
    expires_at   timestamptz NOT NULL,               -- over in any case
    ended_at     timestamptz,
    draft        jsonb                               -- what was typed when the session before ended
);
CREATE INDEX console_session_expiry ON console_session (expires_at);

-- Cases: what people do about an alert ---------------------------------------------------------------
-- No foreign key to alert: what is judged can be computed again, with the same ids; this cannot.

CREATE TABLE alert_case (
    alert_id   uuid PRIMARY KEY,
    state      text NOT NULL CHECK (state IN ('open', 'acknowledged', 'investigating', 'closed')),
    version    integer NOT NULL,                     -- rises with each event: the lost-update guard
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE case_event (
    alert_id   uuid NOT NULL REFERENCES alert_case (alert_id),
    version    integer NOT NULL,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    login      text NOT NULL,
    name       text NOT NULL,                        -- as the person was called then
    action     text NOT NULL CHECK (action IN ('acknowledged', 'noted')),
    note       text NOT NULL CHECK (length(note) <= 2000),
    revision   integer NOT NULL,                     -- of the alert, as it was seen
    form_token text NOT NULL,                        -- one a form shown: a second click does nothing
    PRIMARY KEY (alert_id, version),
    UNIQUE (alert_id, form_token)
);

-- Finding alerts ------------------------------------------------------------------------------------

ALTER TABLE alert
    ADD COLUMN severity_rank smallint NOT NULL GENERATED ALWAYS AS (
        CASE severity WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 ELSE 1 END
    ) STORED,
    ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (lower(
        left(subject, 200) || ' ' || coalesce(consignor, '') || ' ' || coalesce(receiver, '')
        || ' ' || left(coalesce(body ->> 'consignor_name', ''), 100)
        || ' ' || left(coalesce(body ->> 'receiver_name', ''), 100)
    )) STORED;

-- All that a list is filtered, counted and ordered by: it is read from the index alone.
CREATE INDEX alert_listed ON alert (state, severity_rank DESC, opened_at DESC, id DESC)
    INCLUDE (finding, severity, rule, origin_region, destination_region, act_at, search)
    WHERE finding <> 'notice';

-- Who asks ------------------------------------------------------------------------------------------

CREATE FUNCTION console_living(tokens text[])
RETURNS TABLE (number integer, login text, name text, role text, regions text[], csrf bytea, draft jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.number::integer, a.login, a.name, a.role, a.regions, s.csrf, s.draft
    FROM unnest(tokens) WITH ORDINALITY AS t (token, number)
    JOIN console_session s ON s.token = sha256(convert_to(t.token, 'UTF8'))
    JOIN console_account a USING (login)
    WHERE s.ended_at IS NULL AND a.disabled_at IS NULL AND s.created_at >= a.password_changed_at
        AND clock_timestamp() < least(s.expires_at, s.last_seen_at + s.idle_for)
$$;

-- Patterns of the regions that the current session may see; null without a session.
CREATE FUNCTION console_regions() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT ARRAY(SELECT r || '%' FROM unnest(regions) AS r)
    FROM console_living(ARRAY[current_setting('liandan.session', true)])
$$;

-- Opens the session for this transaction; no row: there is none, or it is over.
CREATE FUNCTION console_enter(token text)
RETURNS TABLE (login text, name text, role text, regions text[], csrf bytea, draft jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM set_config('liandan.session', token, true);
    UPDATE console_session s SET last_seen_at = clock_timestamp()
    WHERE s.token = sha256(convert_to(console_enter.token, 'UTF8'))
        AND s.last_seen_at < clock_timestamp() - least(interval '1 minute', s.idle_for / 4)
        AND EXISTS (SELECT FROM console_living(ARRAY[console_enter.token]));
    RETURN QUERY SELECT l.login, l.name, l.role, l.regions, l.csrf, l.draft
        FROM console_living(ARRAY[console_enter.token]) AS l;
END $$;

CREATE FUNCTION console_credentials(of text) RETURNS TABLE (login text, hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.login, a.hash FROM console_account a WHERE a.login = of AND a.disabled_at IS NULL
$$;

-- The same password under stronger parameters: it does not end sessions.
CREATE FUNCTION console_rehash(of text, before text, after text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE console_account SET hash = after WHERE login = of AND hash = before
$$;

CREATE FUNCTION console_open_session(
    of text, token_digest bytea, csrf bytea, idle interval, longest interval, draft jsonb
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM console_session WHERE expires_at < clock_timestamp() - interval '30 days';
    INSERT INTO console_session (token, login, csrf, idle_for, expires_at, draft)
    SELECT token_digest, a.login, csrf, idle, clock_timestamp() + longest, draft
    FROM console_account a WHERE a.login = of AND a.disabled_at IS NULL
$$;

CREATE FUNCTION console_end_session() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE console_session SET ended_at = clock_timestamp(), draft = NULL
    WHERE token = sha256(convert_to(current_setting('liandan.session', true), 'UTF8'))
        AND ended_at IS NULL
$$;

-- What may be seen ----------------------------------------------------------------------------------
-- An officer sees what starts or ends in a region of theirs. Notices are for units alone.
-- A view reads with its owner's rights; security_barrier keeps functions in a query's own
-- conditions from being shown rows that the view leaves out.

CREATE VIEW console_alert WITH (security_barrier) AS
SELECT a.id, a.scope, a.subject, a.rule, a.rule_version, a.discriminator, a.finding, a.state,
    a.severity, a.severity_rank, a.grams, a.revision, a.origin_region, a.destination_region,
    a.act_at, a.body, a.clock, a.opened_at, a.changed_at, a.search,
    coalesce(c.state, 'open') AS case_state, coalesce(c.version, 0) AS case_version
FROM alert a LEFT JOIN alert_case c ON c.alert_id = a.id
WHERE a.finding <> 'notice'
    AND (coalesce(a.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
        OR coalesce(a.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]));

CREATE VIEW console_alert_history WITH (security_barrier) AS
SELECT h.id, h.revision, h.state, h.body, h.written_at
FROM alert_history h JOIN alert a ON a.id = h.id
WHERE a.finding <> 'notice' AND h.body ->> 'finding' <> 'notice'
    AND (coalesce(a.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
        OR coalesce(a.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]));

CREATE VIEW console_case_event WITH (security_barrier) AS
SELECT e.alert_id, e.version, e.at, e.login, e.name, e.action, e.note, e.revision
FROM case_event e JOIN alert a ON a.id = e.alert_id
WHERE a.finding <> 'notice'
    AND (coalesce(a.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
        OR coalesce(a.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]));

-- The verdict behind an alert: all outcomes of its manifest, or of its limit.
CREATE VIEW console_verdict WITH (security_barrier) AS
SELECT a.id, coalesce(m.outcomes, s.outcomes::json) AS outcomes, coalesce(m.clock, s.clock) AS clock
FROM alert a
    LEFT JOIN manifest m ON a.scope = 'manifest' AND m.subject = a.subject
    LEFT JOIN shared_subject s ON a.scope = 'shared' AND s.subject = a.subject
WHERE a.finding <> 'notice'
    AND (coalesce(a.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
        OR coalesce(a.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]));

CREATE VIEW console_manifest WITH (security_barrier) AS
SELECT m.subject, m.consignor, m.receiver, m.carriers, m.aliases, m.origin_region,
    m.destination_region, m.events, m.state, m.act_at, m.outcomes, m.memo, m.registry_seq, m.clock,
    m.updated_at
FROM manifest m
WHERE coalesce(m.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
    OR coalesce(m.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]);

-- The number under which a manifest was filed, from that number or an alias. A function, for the index
-- of aliases cannot be used behind the barrier of a view.
CREATE FUNCTION console_manifest_of(number text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.subject FROM manifest m
    WHERE (m.subject = number OR (m.aliases @> ARRAY[number] AND m.aliases <> '{}'))
        AND (coalesce(m.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
            OR coalesce(m.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]))
    ORDER BY m.subject <> number, m.subject LIMIT 1
$$;

-- What a manifest draws from limits, and how these stand. A limit's evidence names manifests of
-- other provinces: it stays behind.
CREATE VIEW console_draw WITH (security_barrier) AS
SELECT d.manifest, d.limit_id, d.at, d.grams, d.uncertain, d.doubt, d.unweighed, d.state,
    (SELECT jsonb_agg(o - 'evidence') FROM jsonb_array_elements(s.outcomes) AS o) AS outcomes
FROM draw d JOIN manifest m ON m.subject = d.manifest
    LEFT JOIN shared_subject s ON s.subject = d.limit_id
WHERE coalesce(m.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
    OR coalesce(m.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]);

-- Where the feed stands; tells nothing of what is in it.
CREATE FUNCTION console_feed_head() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(max(feed_seq), 0) FROM feed
$$;

-- Rows of the feed for many sessions at once: each with the numbers (places in tokens, from 1) of
-- the sessions that may see it, and of those that saw an earlier revision and no longer may. A row
-- that none of them may see has its number only, so that the reader can move on.
CREATE FUNCTION console_feed(after bigint, upto bigint, most integer, tokens text[])
RETURNS TABLE (feed_seq bigint, at timestamptz, viewers integer[], losers integer[], alert_id uuid,
    revision integer, payload jsonb, opened_at timestamptz, case_state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH sessions AS MATERIALIZED (
        SELECT l.number, ARRAY(SELECT r || '%' FROM unnest(l.regions) AS r) AS patterns
        FROM console_living(tokens) AS l
    ), shown AS MATERIALIZED (
        SELECT f.feed_seq, f.at, f.alert_id, f.revision, f.payload,
            ARRAY(SELECT s.number FROM sessions s
                WHERE f.finding <> 'notice' AND (coalesce(f.origin_region, '') LIKE ANY (s.patterns)
                    OR coalesce(f.destination_region, '') LIKE ANY (s.patterns))) AS viewers,
            ARRAY(SELECT s.number FROM sessions s
                WHERE f.revision > 1
                    AND NOT (f.finding <> 'notice'
                        AND (coalesce(f.origin_region, '') LIKE ANY (s.patterns)
                            OR coalesce(f.destination_region, '') LIKE ANY (s.patterns)))
                    AND EXISTS (SELECT FROM feed p
                        WHERE p.alert_id = f.alert_id AND p.feed_seq < f.feed_seq
                            AND p.finding <> 'notice'
                            AND (coalesce(p.origin_region, '') LIKE ANY (s.patterns)
                                OR coalesce(p.destination_region, '') LIKE ANY (s.patterns)))
            ) AS losers
        FROM feed f
        WHERE f.feed_seq > after AND f.feed_seq <= upto ORDER BY f.feed_seq LIMIT most
    )
    SELECT v.feed_seq, v.at, v.viewers, v.losers,
        CASE WHEN v.viewers <> '{}' OR v.losers <> '{}' THEN v.alert_id END,
        CASE WHEN v.viewers <> '{}' THEN v.revision END,
        CASE WHEN v.viewers <> '{}' THEN v.payload END,
        CASE WHEN v.viewers <> '{}' THEN a.opened_at END,
        CASE WHEN v.viewers <> '{}' THEN coalesce(c.state, 'open') END
    FROM shown v LEFT JOIN alert a ON a.id = v.alert_id
        LEFT JOIN alert_case c ON c.alert_id = v.alert_id
    ORDER BY v.feed_seq
$$;

-- What may be done ----------------------------------------------------------------------------------
-- result: done | repeated (the same form before) | stale (somebody came first) | withdrawn |
-- unknown (no such alert for this session) | forbidden (by role)

CREATE FUNCTION console_acknowledge(
    alert uuid, seen_version integer, seen_revision integer, form text, said text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who      record;
    standing alert_case;
    seen     text;
BEGIN
    SELECT l.login, l.name, l.role INTO who
        FROM console_living(ARRAY[current_setting('liandan.session', true)]) AS l;
    SELECT a.state INTO seen FROM console_alert a WHERE a.id = alert;
    IF who.login IS NULL OR seen IS NULL THEN
        RETURN 'unknown';
    ELSIF who.role NOT IN ('officer', 'admin') THEN
        RETURN 'forbidden';
    END IF;
    INSERT INTO alert_case (alert_id, state, version) VALUES (alert, 'open', 0)
        ON CONFLICT (alert_id) DO NOTHING;
    SELECT * INTO standing FROM alert_case c WHERE c.alert_id = alert FOR UPDATE;
    IF EXISTS (SELECT FROM case_event e WHERE e.alert_id = alert AND e.form_token = form) THEN
        RETURN 'repeated';
    ELSIF standing.version <> seen_version THEN
        RETURN 'stale';
    ELSIF seen <> 'open' THEN
        RETURN 'withdrawn';
    END IF;
    UPDATE alert_case SET version = version + 1, changed_at = clock_timestamp(),
        state = CASE state WHEN 'open' THEN 'acknowledged' ELSE state END
        WHERE alert_id = alert;
    INSERT INTO case_event (alert_id, version, login, name, action, note, revision, form_token)
    VALUES (alert, standing.version + 1, who.login, who.name,
        CASE standing.state WHEN 'open' THEN 'acknowledged' ELSE 'noted' END,
        said, seen_revision, form);
    UPDATE console_session SET draft = NULL
        WHERE token = sha256(convert_to(current_setting('liandan.session', true), 'UTF8'));
    RETURN 'done';
END $$;

-- Who may what --------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION console_living(text[]), console_regions(), console_enter(text),
    console_credentials(text), console_rehash(text, text, text),
    console_open_session(text, bytea, bytea, interval, interval, jsonb), console_end_session(),
    console_manifest_of(text), console_feed_head(),
    console_feed(bigint, bigint, integer, text[]),
    console_acknowledge(uuid, integer, integer, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console_living(text[]), console_regions(), console_enter(text),
    console_credentials(text), console_rehash(text, text, text),
    console_open_session(text, bytea, bytea, interval, interval, jsonb), console_end_session(),
    console_manifest_of(text), console_feed_head(),
    console_feed(bigint, bigint, integer, text[]),
    console_acknowledge(uuid, integer, integer, text, text) TO liandan_console;
GRANT SELECT ON console_alert, console_alert_history, console_case_event, console_verdict,
    console_manifest, console_draw TO liandan_console;

GRANT SELECT, INSERT ON console_account TO liandan_registry;
GRANT UPDATE (name, hash, regions, role, password_changed_at, disabled_at) ON console_account
    TO liandan_registry;
GRANT SELECT (login, name, regions, role, created_at, password_changed_at, disabled_at)
    ON console_account TO liandan_reader;
GRANT SELECT ON alert_case, case_event TO liandan_reader;
