//! The tables of the ledger, version by version (库表结构). A version is never edited once shipped:
//! a later one changes what an earlier one made.

use super::database::{Done, Failure};

/// What each version does to a SQLite file, the first from nothing.
pub(super) const SQLITE: [&str; 3] = [SQLITE_ONE, SQLITE_TWO, SQLITE_THREE];

/// The same for PostgreSQL, whose first version came when SQLite had its second.
#[cfg(feature = "postgres")]
pub(super) const POSTGRES: [&str; 2] = [POSTGRES_ONE, POSTGRES_TWO];

/// The versions that a database of version `version` still lacks.
///
/// # Errors
/// It is of a later version, or no ledger at all.
pub(super) fn still_to_come<'v>(
    versions: &'v [&'static str],
    version: i64,
    has_tables: bool,
) -> Done<impl Iterator<Item = &'static str> + use<'v>> {
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > versions.len() {
        let present = versions.len();
        return Err(Failure::new(format!(
            "this ledger is of version {version}; this program knows {present}"
        )));
    }
    if done == 0 && has_tables {
        return Err(Failure::new("this is a database, but no ledger"));
    }
    Ok(versions.iter().copied().skip(done))
}

const SQLITE_ONE: &str = "
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
";

/// What only some packs ask of an entry, and advances taken back from months.
const SQLITE_TWO: &str = "
ALTER TABLE entry ADD COLUMN more TEXT NOT NULL DEFAULT '';
ALTER TABLE hospital_month ADD COLUMN advance_offset INTEGER NOT NULL DEFAULT 0;
";

/// Lists posted again, entries of locked years, dues of cleared cases; runs, decisions and states.
const SQLITE_THREE: &str = "
ALTER TABLE entry ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN list TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN of_year TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN prior INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hospital_month ADD COLUMN prior_year INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clearing ADD COLUMN prior_year INTEGER NOT NULL DEFAULT 0;
DROP INDEX one_case;
CREATE UNIQUE INDEX one_case ON entry (hospital, case_id, discharge, turn) WHERE kind = 'case';
CREATE TABLE cleared_case (
    pool TEXT NOT NULL,
    year TEXT NOT NULL,
    hospital TEXT NOT NULL,
    case_id TEXT NOT NULL,
    discharge TEXT NOT NULL,
    standard INTEGER NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (pool, year, hospital, case_id, discharge)
) STRICT, WITHOUT ROWID;
CREATE TABLE run (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    pool TEXT NOT NULL,
    period TEXT NOT NULL,
    pack TEXT NOT NULL,
    pack_hash TEXT NOT NULL,
    input_hash TEXT NOT NULL,
    evidence TEXT NOT NULL,
    accepted TEXT NOT NULL,
    author TEXT NOT NULL,
    UNIQUE (id, author, accepted)
) STRICT;
CREATE TABLE decision (
    sequence INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    pool TEXT NOT NULL,
    period TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    value TEXT NOT NULL,
    author TEXT NOT NULL
) STRICT;
CREATE TABLE state (
    sequence INTEGER PRIMARY KEY,
    pool TEXT NOT NULL,
    period TEXT NOT NULL,
    hospital TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL
) STRICT;
CREATE TRIGGER cleared_case_is_kept BEFORE UPDATE ON cleared_case
BEGIN SELECT RAISE(ABORT, 'the due of a cleared case is never rewritten'); END;
CREATE TRIGGER cleared_case_stays BEFORE DELETE ON cleared_case
BEGIN SELECT RAISE(ABORT, 'the due of a cleared case is never deleted'); END;
CREATE TRIGGER run_is_kept BEFORE UPDATE ON run
BEGIN SELECT RAISE(ABORT, 'a run is never rewritten'); END;
CREATE TRIGGER run_stays BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'a run is never deleted'); END;
CREATE TRIGGER decision_is_kept BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'a decision is never rewritten'); END;
CREATE TRIGGER decision_stays BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'a decision is never deleted'); END;
CREATE TRIGGER state_is_kept BEFORE UPDATE ON state
BEGIN SELECT RAISE(ABORT, 'a state is never rewritten'); END;
CREATE TRIGGER state_stays BEFORE DELETE ON state
BEGIN SELECT RAISE(ABORT, 'a state is never deleted'); END;
";

#[cfg(feature = "postgres")]
const POSTGRES_ONE: &str = "
CREATE TABLE closed_month (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pool TEXT COLLATE \"C\" NOT NULL,
    month TEXT COLLATE \"C\" NOT NULL,
    pack TEXT NOT NULL,
    pack_hash TEXT NOT NULL,
    input_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    author TEXT NOT NULL,
    UNIQUE (pool, month)
);
CREATE TABLE entry (
    id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('case', 'reversal', 'difference')),
    pool TEXT COLLATE \"C\" NOT NULL,
    month TEXT COLLATE \"C\" NOT NULL,
    hospital TEXT COLLATE \"C\" NOT NULL,
    case_id TEXT COLLATE \"C\" NOT NULL,
    discharge TEXT COLLATE \"C\" NOT NULL,
    level TEXT NOT NULL,
    grp TEXT NOT NULL,
    case_kind TEXT NOT NULL,
    payment TEXT NOT NULL,
    units TEXT NOT NULL,
    ratio TEXT NOT NULL,
    cost BIGINT NOT NULL,
    claim BIGINT NOT NULL,
    nonfund BIGINT NOT NULL,
    booked BIGINT NOT NULL,
    refers BIGINT REFERENCES entry (id),
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    more TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX one_case ON entry (hospital, case_id, discharge) WHERE kind = 'case';
CREATE UNIQUE INDEX one_reversal ON entry (refers) WHERE kind = 'reversal';
CREATE INDEX entry_month ON entry (pool, month, hospital, case_id, discharge, id);
CREATE TABLE hospital_month (
    pool TEXT COLLATE \"C\" NOT NULL,
    month TEXT COLLATE \"C\" NOT NULL,
    hospital TEXT COLLATE \"C\" NOT NULL,
    cases BIGINT NOT NULL,
    booked BIGINT NOT NULL,
    deposit BIGINT NOT NULL,
    deductions BIGINT NOT NULL,
    cash BIGINT NOT NULL,
    advance_offset BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (pool, month, hospital)
);
CREATE TABLE advance (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pool TEXT COLLATE \"C\" NOT NULL,
    hospital TEXT COLLATE \"C\" NOT NULL,
    amount BIGINT NOT NULL,
    day TEXT COLLATE \"C\" NOT NULL,
    author TEXT NOT NULL
);
CREATE TABLE clearing (
    pool TEXT COLLATE \"C\" NOT NULL,
    year TEXT COLLATE \"C\" NOT NULL,
    hospital TEXT COLLATE \"C\" NOT NULL,
    due BIGINT NOT NULL,
    booked BIGINT NOT NULL,
    withheld BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    forfeited BIGINT NOT NULL,
    advance BIGINT NOT NULL,
    clearing BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PREPARED', 'LOCKED')),
    author TEXT NOT NULL,
    PRIMARY KEY (pool, year, hospital)
);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$;
CREATE FUNCTION refuse_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added a JOIN dianzhi_ledger.closed_month c ON c.pool = a.pool AND c.month = a.month) THEN
        RAISE EXCEPTION 'a closed month takes no entry';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entry_is_kept BEFORE UPDATE ON entry
FOR EACH ROW EXECUTE FUNCTION refuse('an entry is never rewritten');
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
FOR EACH ROW EXECUTE FUNCTION refuse('an entry is never deleted');
CREATE TRIGGER month_takes_no_more AFTER INSERT ON entry REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed();
CREATE TRIGGER month_is_kept BEFORE UPDATE ON closed_month
FOR EACH ROW EXECUTE FUNCTION refuse('a closed month is never rewritten');
CREATE TRIGGER month_stays BEFORE DELETE ON closed_month
FOR EACH ROW EXECUTE FUNCTION refuse('a closed month is never deleted');
CREATE TRIGGER hospital_month_is_kept BEFORE UPDATE ON hospital_month
FOR EACH ROW EXECUTE FUNCTION refuse('a closed month is never rewritten');
CREATE TRIGGER hospital_month_stays BEFORE DELETE ON hospital_month
FOR EACH ROW EXECUTE FUNCTION refuse('a closed month is never deleted');
CREATE TRIGGER lock_is_kept BEFORE UPDATE ON clearing
FOR EACH ROW WHEN (OLD.state = 'LOCKED') EXECUTE FUNCTION refuse('a locked clearing is never rewritten');
CREATE TRIGGER lock_stays BEFORE DELETE ON clearing
FOR EACH ROW WHEN (OLD.state = 'LOCKED') EXECUTE FUNCTION refuse('a locked clearing is never deleted');
CREATE TRIGGER entries_are_not_emptied BEFORE TRUNCATE ON entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse('an entry is never deleted');
CREATE TRIGGER months_are_not_emptied BEFORE TRUNCATE ON closed_month
FOR EACH STATEMENT EXECUTE FUNCTION refuse('a closed month is never deleted');
";

/// As the third version of a file.
#[cfg(feature = "postgres")]
const POSTGRES_TWO: &str = "
ALTER TABLE entry ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN list TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN of_year TEXT COLLATE \"C\" NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN prior BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hospital_month ADD COLUMN prior_year BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clearing ADD COLUMN prior_year BIGINT NOT NULL DEFAULT 0;
DROP INDEX one_case;
CREATE UNIQUE INDEX one_case ON entry (hospital, case_id, discharge, turn) WHERE kind = 'case';
CREATE TABLE cleared_case (
    pool TEXT COLLATE \"C\" NOT NULL,
    year TEXT COLLATE \"C\" NOT NULL,
    hospital TEXT COLLATE \"C\" NOT NULL,
    case_id TEXT COLLATE \"C\" NOT NULL,
    discharge TEXT COLLATE \"C\" NOT NULL,
    standard BIGINT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (pool, year, hospital, case_id, discharge)
);
CREATE TABLE run (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE \"C\" NOT NULL,
    pool TEXT COLLATE \"C\" NOT NULL,
    period TEXT COLLATE \"C\" NOT NULL,
    pack TEXT NOT NULL,
    pack_hash TEXT NOT NULL,
    input_hash TEXT NOT NULL,
    evidence TEXT NOT NULL,
    accepted TEXT NOT NULL,
    author TEXT NOT NULL,
    UNIQUE (id, author, accepted)
);
CREATE TABLE decision (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run TEXT COLLATE \"C\" NOT NULL,
    pool TEXT COLLATE \"C\" NOT NULL,
    period TEXT COLLATE \"C\" NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    value TEXT NOT NULL,
    author TEXT NOT NULL
);
CREATE TABLE state (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pool TEXT COLLATE \"C\" NOT NULL,
    period TEXT COLLATE \"C\" NOT NULL,
    hospital TEXT COLLATE \"C\" NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL
);
CREATE TRIGGER cleared_case_is_kept BEFORE UPDATE OR DELETE ON cleared_case
FOR EACH ROW EXECUTE FUNCTION refuse('the due of a cleared case is never rewritten');
CREATE TRIGGER run_is_kept BEFORE UPDATE OR DELETE ON run
FOR EACH ROW EXECUTE FUNCTION refuse('a run is never rewritten');
CREATE TRIGGER decision_is_kept BEFORE UPDATE OR DELETE ON decision
FOR EACH ROW EXECUTE FUNCTION refuse('a decision is never rewritten');
CREATE TRIGGER state_is_kept BEFORE UPDATE OR DELETE ON state
FOR EACH ROW EXECUTE FUNCTION refuse('a state is never rewritten');
";
