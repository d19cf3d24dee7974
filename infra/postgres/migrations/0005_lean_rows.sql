-- Verdicts are written with every event and read rarely: json is stored as it comes, where jsonb is
-- parsed, sorted and laid out anew. One row a page at first, so that the next version of it finds
-- room beside it (HOT: no index is touched).
ALTER TABLE manifest ALTER COLUMN outcomes TYPE json;
ALTER TABLE verdict_history ALTER COLUMN outcomes TYPE json;
ALTER TABLE manifest SET (fillfactor = 25);
