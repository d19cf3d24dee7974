-- Vehicles: positions of the last weeks, what manifests say of their vehicles, and the verdict on each journey.
-- phase: expand
--
-- The owner of a partition of vehicle.tracks appends positions and marks the vehicle; the owner of a manifest
-- does so with the vehicles that it names; any worker of vehicles judges one in one transaction, under an
-- advisory lock on its plate. All positions for ever are in the files of track_file.

CREATE TABLE track_piece (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plate      text COLLATE "C" NOT NULL,
    day        integer NOT NULL,                -- since 1970, UTC, by the terminal's clock
    unit       text COLLATE "C" NOT NULL,       -- credit code of who told
    cells      integer[] NOT NULL,              -- squares of a tenth of a degree: what fences look for
    positions  bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX track_piece_plate ON track_piece (plate, day);
CREATE INDEX track_piece_cells ON track_piece USING gin (cells);
CREATE INDEX track_piece_written ON track_piece (written_at);

CREATE TABLE vehicle_leg (
    plate    text COLLATE "C" NOT NULL,
    manifest text COLLATE "C" NOT NULL,
    carrier  text COLLATE "C" NOT NULL,
    begins   bigint NOT NULL,                   -- seconds since 1970: the first that is told of
    ends     bigint NOT NULL,                   -- when the load was given up, or 30 days later
    leg      bytea NOT NULL,
    PRIMARY KEY (plate, manifest)
);
CREATE INDEX vehicle_leg_manifest ON vehicle_leg (manifest);

-- Plain append, as dirty is: a vehicle, and the time that something new bears on (seconds since 1970).
CREATE TABLE vehicle_dirty (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plate  text COLLATE "C" NOT NULL,
    begins bigint NOT NULL,
    ends   bigint NOT NULL,
    leg    boolean NOT NULL                     -- a manifest's word changed, which may end others' journeys
);
CREATE INDEX vehicle_dirty_plate ON vehicle_dirty (plate);

-- Whose word on a vehicle's positions was counted when it was last judged, and up to when positions were
-- forgotten (seconds since 1970): what rests on those is judged no more.
CREATE TABLE vehicle_known (
    plate           text COLLATE "C" PRIMARY KEY,
    units           text[] NOT NULL DEFAULT '{}',
    forgotten_until bigint NOT NULL DEFAULT 0
);

CREATE TABLE journey (
    subject            text PRIMARY KEY,        -- trip/<plate>/<manifest>, plate/<plate>/<date>
    plate              text COLLATE "C" NOT NULL,
    begins             bigint NOT NULL,         -- from when to when positions bear on it
    ends               bigint NOT NULL,
    origin_region      text,
    destination_region text,
    marks              text[] NOT NULL,         -- what registry changes look for
    outcomes           json NOT NULL,
    memo               bytea NOT NULL,
    due                timestamptz,
    fires_at           timestamptz,             -- greatest(due, clock when armed + settle); null: none
    fired_at           timestamptz,             -- the clock that its rules have seen
    registry_seq       bigint NOT NULL,
    clock              timestamptz,
    updated_at         timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
CREATE INDEX journey_plate ON journey (plate, ends);
CREATE INDEX journey_marks ON journey USING gin (marks);
CREATE INDEX journey_fires ON journey (fires_at) WHERE fires_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON track_piece, vehicle_leg, vehicle_dirty, vehicle_known, journey
    TO liandan_writer;
GRANT SELECT ON track_piece, vehicle_leg, vehicle_dirty, vehicle_known, journey TO liandan_reader;

CREATE OR REPLACE VIEW console_verdict WITH (security_barrier) AS
SELECT a.id, coalesce(m.outcomes, s.outcomes::json, d.outcomes, j.outcomes) AS outcomes,
    coalesce(m.clock, s.clock, d.clock, j.clock) AS clock, m.verdict
FROM alert a
    LEFT JOIN manifest m ON a.scope = 'manifest' AND m.subject = a.subject
    LEFT JOIN shared_subject s ON a.scope = 'shared' AND s.subject = a.subject
    LEFT JOIN medical_day d ON a.scope = 'shared' AND d.subject = a.subject
    LEFT JOIN journey j ON a.scope = 'shared' AND j.subject = a.subject
WHERE a.finding <> 'notice'
    AND (coalesce(a.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
        OR coalesce(a.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]));
