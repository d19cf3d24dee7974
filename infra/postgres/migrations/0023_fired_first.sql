-- A mark of a deadline that has fired is judged before the others: an alert by silence is due within seconds
-- of its moment however many words wait.
-- phase: expand

ALTER TABLE medical_dirty ADD COLUMN fired boolean NOT NULL DEFAULT false;
ALTER TABLE vehicle_dirty ADD COLUMN fired boolean NOT NULL DEFAULT false;
CREATE INDEX medical_dirty_fired ON medical_dirty (id) WHERE fired;
CREATE INDEX vehicle_dirty_fired ON vehicle_dirty (id) WHERE fired;
