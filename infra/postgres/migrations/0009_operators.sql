-- What operators must be able to see and to settle: who refused to go on, what waits for an answer.
-- phase: expand

-- A consumer that found another log than the one it had read stops, and its process with it: the
-- mark tells while nothing of it is left that could.
ALTER TABLE consumer_offset ADD COLUMN stopped_at timestamptz; -- null: it may go on

-- A quarantined record waits until a person has answered it; the answer alters no byte of it.
ALTER TABLE quarantine
    ADD COLUMN answered_at timestamptz,
    ADD COLUMN answer      text CHECK (length(answer) <= 500);
CREATE INDEX quarantine_unanswered ON quarantine (created_at) WHERE answered_at IS NULL;

GRANT SELECT ON quarantine TO liandan_registry;
GRANT UPDATE (answered_at, answer) ON quarantine TO liandan_registry;
