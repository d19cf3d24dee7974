-- Manifest rows stay whole: a row over 2 kB would have its events compressed (pglz) and moved to the
-- TOAST table anew by every update, at several times the cost of writing it. Up to a page they stay
-- inline now, with room beside them for the next version (HOT: no index is touched).
ALTER TABLE manifest SET (toast_tuple_target = 8160, fillfactor = 50);
