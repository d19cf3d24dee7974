-- Vehicles' positions are archived in Parquet files; of each file one row, its digest a leaf of the record.
-- phase: expand
--
-- Written by the archiver in the transaction that moves its positions in vehicle.tracks: a file without a
-- row was never archived, whatever it holds.

CREATE TABLE track_file (
    topic         text NOT NULL,
    name          text COLLATE "C" NOT NULL,     -- below the directory of tracks
    sha256        bytea NOT NULL CHECK (octet_length(sha256) = 32),
    rows          bigint NOT NULL CHECK (rows > 0),
    bytes         bigint NOT NULL,
    partitions    integer[] NOT NULL,
    first_offsets bigint[] NOT NULL,             -- in the order of partitions
    last_offsets  bigint[] NOT NULL,
    appended_from timestamptz NOT NULL,
    appended_to   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, name)
);
CREATE INDEX track_file_appended ON track_file (topic, appended_from);

GRANT SELECT, INSERT ON track_file TO liandan_writer;
GRANT SELECT ON track_file TO liandan_reader;
