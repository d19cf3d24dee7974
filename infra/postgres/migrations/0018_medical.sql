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
CREATE INDEX medical_day_marks ON medical_day USING gin (marks);
CREATE INDEX medical_day_fires ON medical_day (fires_at) WHERE fires_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON medical_event, medical_word, medical_dirty, medical_member,
    medical_day TO liandan_writer;
GRANT SELECT ON medical_event, medical_word, medical_dirty, medical_member, medical_day
    TO liandan_reader;
