-- From here on workers write packed rows (see 0014). Small enough now to lie two on a page at first,
-- each with room beside it for its next version (HOT: no index is touched).
-- phase: contract
-- oldest program: 0014
ALTER TABLE manifest SET (fillfactor = 50);
