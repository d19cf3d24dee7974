-- A mark of a deadline that fired at its moment is judged before the others: an alert by silence is due within
-- seconds however many words wait.
-- phase: expand

ALTER TABLE medical_dirty ADD COLUMN fired boolean NOT NULL DEFAULT false;
ALTER TABLE vehicle_dirty ADD COLUMN fired boolean NOT NULL DEFAULT false;
CREATE INDEX medical_dirty_fired ON medical_dirty (id) WHERE fired;
CREATE INDEX vehicle_dirty_fired ON vehicle_dirty (id) WHERE fired;

-- Queues: rows live for seconds, and whoever looks for the oldest reads past the dead.
ALTER TABLE medical_dirty SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0);
ALTER TABLE vehicle_dirty SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0);
