-- For a file that is thrown away if anything goes wrong: no journal, no waiting for the disk.
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -49152;
