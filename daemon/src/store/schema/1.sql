-- Numbers about the database itself: schema_version, min_reader, created_at_ms, generation.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The registry: one row per chat that has, or had, a session.
CREATE TABLE sessions (
    row                INTEGER PRIMARY KEY AUTOINCREMENT,
    chat               TEXT NOT NULL UNIQUE,
    name               TEXT NOT NULL,
    agent_session      TEXT,
    working_dir        TEXT NOT NULL,
    kind               TEXT NOT NULL,
    contact            TEXT NOT NULL,
    tier               TEXT NOT NULL,
    source             TEXT NOT NULL,
    model              TEXT,
    created_at_ms      INTEGER NOT NULL,
    updated_at_ms      INTEGER NOT NULL,
    last_message_at_ms INTEGER,
    was_active         INTEGER NOT NULL DEFAULT 0 CHECK (was_active IN (0, 1))
) STRICT;

-- What came in. A row is unfinished exactly as long as finished_at_ms is NULL.
CREATE TABLE inbox (
    row            INTEGER PRIMARY KEY AUTOINCREMENT,
    source         TEXT NOT NULL,
    key            TEXT NOT NULL,
    chat           TEXT NOT NULL,
    sender         TEXT NOT NULL,
    text           TEXT NOT NULL,
    attachments    TEXT NOT NULL,
    grp            TEXT,
    transcription  TEXT,
    reply_to       TEXT,
    voice          TEXT NOT NULL,
    sent_at_ms     INTEGER NOT NULL,
    seen_at_ms     INTEGER NOT NULL,
    accepted_at_ms INTEGER NOT NULL,
    routed_at_ms   INTEGER,
    session        INTEGER REFERENCES sessions (row),
    state          TEXT NOT NULL
        CHECK (state IN ('accepted', 'delivered', 'answered', 'refused', 'ignored', 'failed')),
    reason         TEXT,
    finished_at_ms INTEGER,
    UNIQUE (source, key),
    CHECK ((state IN ('accepted', 'delivered')) = (finished_at_ms IS NULL))
) STRICT;

CREATE INDEX inbox_unrouted ON inbox (routed_at_ms)
    WHERE routed_at_ms IS NULL AND finished_at_ms IS NULL;
CREATE INDEX inbox_unfinished ON inbox (session, row) WHERE finished_at_ms IS NULL;
CREATE INDEX inbox_oldest ON inbox (source, accepted_at_ms) WHERE finished_at_ms IS NULL;
CREATE INDEX inbox_failed ON inbox (finished_at_ms) WHERE state = 'failed';
CREATE INDEX inbox_chat ON inbox (chat, accepted_at_ms);
CREATE INDEX inbox_session ON inbox (session) WHERE session IS NOT NULL;

-- The last guard of a promise the code keeps: what is finished stays as it finished.
CREATE TRIGGER inbox_terminal BEFORE UPDATE OF state, finished_at_ms ON inbox
    WHEN old.finished_at_ms IS NOT NULL
BEGIN
    SELECT raise(ABORT, 'a finished row of the inbox never changes');
END;

-- How many rows are in each state, kept by triggers: status must not count a table that only grows.
CREATE TABLE tallies (
    source TEXT NOT NULL,
    state  TEXT NOT NULL,
    rows   INTEGER NOT NULL,
    PRIMARY KEY (source, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER inbox_tally_insert AFTER INSERT ON inbox
BEGIN
    INSERT INTO tallies VALUES (new.source, new.state, 1)
        ON CONFLICT (source, state) DO UPDATE SET rows = rows + 1;
END;

CREATE TRIGGER inbox_tally_update AFTER UPDATE OF state ON inbox WHEN old.state <> new.state
BEGIN
    UPDATE tallies SET rows = rows - 1 WHERE source = old.source AND state = old.state;
    INSERT INTO tallies VALUES (new.source, new.state, 1)
        ON CONFLICT (source, state) DO UPDATE SET rows = rows + 1;
END;

CREATE TRIGGER inbox_tally_delete AFTER DELETE ON inbox
BEGIN
    UPDATE tallies SET rows = rows - 1 WHERE source = old.source AND state = old.state;
END;

-- Every time a row was put before an agent. At most one attempt of a row is open. outbox_row is the
-- last row of the outbox then: what stands behind it may answer the attempt, whatever a clock says.
CREATE TABLE attempts (
    uuid          TEXT PRIMARY KEY,
    row           INTEGER NOT NULL REFERENCES inbox (row),
    agent_session TEXT NOT NULL,
    generation    INTEGER NOT NULL,
    begun_at_ms   INTEGER NOT NULL,
    outbox_row    INTEGER NOT NULL,
    closed_at_ms  INTEGER,
    outcome       TEXT,
    counted       INTEGER NOT NULL DEFAULT 0 CHECK (counted IN (0, 1)),
    CHECK ((closed_at_ms IS NULL) = (outcome IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_row ON attempts (row, outbox_row, counted);
CREATE UNIQUE INDEX attempts_open ON attempts (row) WHERE closed_at_ms IS NULL;

-- What goes out. Settled (finished_at_ms) is every state but queued and attempting.
CREATE TABLE outbox (
    row             INTEGER PRIMARY KEY AUTOINCREMENT,
    source          TEXT NOT NULL,
    chat            TEXT NOT NULL,
    text            TEXT NOT NULL,
    attachments     TEXT NOT NULL,
    key             TEXT NOT NULL,
    state           TEXT NOT NULL
        CHECK (state IN ('queued', 'attempting', 'sent', 'unknown', 'reconciled', 'failed')),
    reason          TEXT,
    created_at_ms   INTEGER NOT NULL,
    attempted_at_ms INTEGER,
    finished_at_ms  INTEGER,
    generation      INTEGER,
    UNIQUE (chat, key),
    CHECK ((state IN ('queued', 'attempting')) = (finished_at_ms IS NULL))
) STRICT;

CREATE INDEX outbox_unfinished ON outbox (source, state, row) WHERE finished_at_ms IS NULL;
CREATE INDEX outbox_attempting ON outbox (chat) WHERE state = 'attempting';
CREATE INDEX outbox_chat ON outbox (chat, created_at_ms);
CREATE INDEX outbox_sent ON outbox (chat, row);

-- How far each source has been read; written with the rows that were read.
CREATE TABLE cursors (
    source        TEXT PRIMARY KEY,
    value         TEXT NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
