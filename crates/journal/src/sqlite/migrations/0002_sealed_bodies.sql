-- The key of the vault that sealed a body; null if the body is as it was received.
ALTER TABLE receipts ADD COLUMN sealed_with BLOB CHECK (length(sealed_with) = 16);
