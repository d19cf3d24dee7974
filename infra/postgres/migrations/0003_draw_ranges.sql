-- A draw is a range: from grams - uncertain, which is certain, to grams. It takes the place of the
-- state 'doubtful', which was a range from nothing. Pieces without a weight come on top.
ALTER TABLE draw
    ADD COLUMN uncertain bigint NOT NULL DEFAULT 0,
    ADD COLUMN doubt text,                   -- why it is a range
    ADD COLUMN unweighed boolean NOT NULL DEFAULT false;

-- Before the rows change: their limits are judged again, in the words of this version.
INSERT INTO dirty (subject) SELECT DISTINCT limit_id FROM draw WHERE state = 'doubtful';

ALTER TABLE draw DROP CONSTRAINT draw_state_check;
UPDATE draw SET uncertain = grams, doubt = 'voided_after_arrival', state = 'settled'
WHERE state = 'doubtful';
ALTER TABLE draw
    ADD CONSTRAINT draw_state_check CHECK (state IN ('reserved', 'settled', 'released')),
    ADD CONSTRAINT draw_range CHECK (uncertain BETWEEN 0 AND grams),
    ADD CONSTRAINT draw_doubt CHECK (
        CASE WHEN uncertain = 0 THEN doubt IS NULL
        ELSE doubt IN ('voided_after_arrival', 'corrected_after_arrival', 'conflicting_reports')
            AND doubt IS NOT NULL END);

-- Their owners judge these again: what was corrected or contradicted may draw a range now.
INSERT INTO rejudge (partition, subject, seq)
SELECT m.partition, m.subject, h.seq FROM manifest m, registry_head h
WHERE EXISTS (SELECT FROM draw d WHERE d.manifest = m.subject AND d.state <> 'released')
    AND (position('liandan.manifest.corrected'::bytea IN m.events) > 0
        OR EXISTS (SELECT FROM quarantine q WHERE q.subject = m.subject AND q.reason = 'conflict'));
