-- Verdicts may be stored packed (zstd with a dictionary): a twelfth of their text. Everybody reads
-- both forms; the packed one is written from 0015 on, when no program runs that cannot read it.
-- phase: expand
ALTER TABLE manifest ADD COLUMN verdict bytea, ALTER COLUMN outcomes DROP NOT NULL;
ALTER TABLE verdict_history ADD COLUMN verdict bytea, ALTER COLUMN outcomes DROP NOT NULL;

CREATE OR REPLACE VIEW console_verdict WITH (security_barrier) AS
SELECT a.id, coalesce(m.outcomes, s.outcomes::json) AS outcomes, coalesce(m.clock, s.clock) AS clock,
    m.verdict
FROM alert a
    LEFT JOIN manifest m ON a.scope = 'manifest' AND m.subject = a.subject
    LEFT JOIN shared_subject s ON a.scope = 'shared' AND s.subject = a.subject
WHERE a.finding <> 'notice'
    AND (coalesce(a.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
        OR coalesce(a.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]));

CREATE OR REPLACE VIEW console_manifest WITH (security_barrier) AS
SELECT m.subject, m.consignor, m.receiver, m.carriers, m.aliases, m.origin_region,
    m.destination_region, m.events, m.state, m.act_at, m.outcomes, m.memo, m.registry_seq, m.clock,
    m.updated_at, m.verdict
FROM manifest m
WHERE coalesce(m.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
    OR coalesce(m.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]);
