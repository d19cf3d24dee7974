-- phase: expand
-- A load that falls under several documents and does not say which it uses may draw on either. Programs
-- before this one know no such doubt: they read it as conflicting reports, which is for review as well.

ALTER TABLE draw ADD COLUMN several boolean NOT NULL DEFAULT false;
