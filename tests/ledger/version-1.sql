-- A ledger as the first version made it: its tables, one closed month, its hash.
CREATE TABLE closed_month (
    id INTEGER PRIMARY KEY,
    pool TEXT NOT NULL,
    month TEXT NOT NULL,
    pack TEXT NOT NULL,
    pack_hash TEXT NOT NULL,
    input_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    author TEXT NOT NULL,
    UNIQUE (pool, month)
) STRICT;
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('case', 'reversal', 'difference')),
    pool TEXT NOT NULL,
    month TEXT NOT NULL,
    hospital TEXT NOT NULL,
    case_id TEXT NOT NULL,
    discharge TEXT NOT NULL,
    level TEXT NOT NULL,
    grp TEXT NOT NULL,
    case_kind TEXT NOT NULL,
    payment TEXT NOT NULL,
    units TEXT NOT NULL,
    ratio TEXT NOT NULL,
    cost INTEGER NOT NULL,
    claim INTEGER NOT NULL,
    nonfund INTEGER NOT NULL,
    booked INTEGER NOT NULL,
    refers INTEGER REFERENCES entry (id),
    reason TEXT NOT NULL,
    author TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_case ON entry (hospital, case_id, discharge) WHERE kind = 'case';
CREATE UNIQUE INDEX one_reversal ON entry (refers) WHERE kind = 'reversal';
CREATE INDEX entry_month ON entry (pool, month, hospital, case_id, discharge, id);
CREATE TABLE hospital_month (
    pool TEXT NOT NULL,
    month TEXT NOT NULL,
    hospital TEXT NOT NULL,
    cases INTEGER NOT NULL,
    booked INTEGER NOT NULL,
    deposit INTEGER NOT NULL,
    deductions INTEGER NOT NULL,
    cash INTEGER NOT NULL,
    PRIMARY KEY (pool, month, hospital)
) STRICT;
CREATE TABLE advance (
    id INTEGER PRIMARY KEY,
    pool TEXT NOT NULL,
    hospital TEXT NOT NULL,
    amount INTEGER NOT NULL,
    day TEXT NOT NULL,
    author TEXT NOT NULL
) STRICT;
CREATE TABLE clearing (
    pool TEXT NOT NULL,
    year TEXT NOT NULL,
    hospital TEXT NOT NULL,
    due INTEGER NOT NULL,
    booked INTEGER NOT NULL,
    withheld INTEGER NOT NULL,
    returned INTEGER NOT NULL,
    forfeited INTEGER NOT NULL,
    advance INTEGER NOT NULL,
    clearing INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PREPARED', 'LOCKED')),
    author TEXT NOT NULL,
    PRIMARY KEY (pool, year, hospital)
) STRICT;
CREATE TRIGGER entry_is_kept BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never rewritten'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;
CREATE TRIGGER month_takes_no_more BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM closed_month c WHERE c.pool = NEW.pool AND c.month = NEW.month)
BEGIN SELECT RAISE(ABORT, 'a closed month takes no entry'); END;
CREATE TRIGGER month_is_kept BEFORE UPDATE ON closed_month
BEGIN SELECT RAISE(ABORT, 'a closed month is never rewritten'); END;
CREATE TRIGGER month_stays BEFORE DELETE ON closed_month
BEGIN SELECT RAISE(ABORT, 'a closed month is never deleted'); END;
CREATE TRIGGER hospital_month_is_kept BEFORE UPDATE ON hospital_month
BEGIN SELECT RAISE(ABORT, 'a closed month is never rewritten'); END;
CREATE TRIGGER hospital_month_stays BEFORE DELETE ON hospital_month
BEGIN SELECT RAISE(ABORT, 'a closed month is never deleted'); END;
CREATE TRIGGER lock_is_kept BEFORE UPDATE ON clearing WHEN OLD.state = 'LOCKED'
BEGIN SELECT RAISE(ABORT, 'a locked clearing is never rewritten'); END;
CREATE TRIGGER lock_stays BEFORE DELETE ON clearing WHEN OLD.state = 'LOCKED'
BEGIN SELECT RAISE(ABORT, 'a locked clearing is never deleted'); END;
INSERT INTO entry VALUES (1, 'case', 'p', '2026-01', 'H1', 'C1', '2026-01-15', '3', 'G', 'normal', 'points', '1500000000000', '18/25', 10100, 10000, 100, 10000, NULL, '', 'Li');
INSERT INTO hospital_month VALUES ('p', '2026-01', 'H1', 1, 10000, 500, 0, 9500);
INSERT INTO closed_month (pool, month, pack, pack_hash, input_hash, hash, author) VALUES ('p', '2026-01', 'pack', '0', 'a', 'd3281f25adad71ee67b9f5e134e867a2b5946a5c8f05eca5e9eb6faf6f0f98a7', 'Li');
PRAGMA user_version = 1;
