-- Up Migration
-- One row an image. Keys sort by bytes (COLLATE "C"), as S3 lists them, so that the two sides can be merged.
CREATE TABLE images (
  id            uuid PRIMARY KEY,
  key           text COLLATE "C" NOT NULL UNIQUE,
  title         text NOT NULL DEFAULT '',
  original_name text NOT NULL,
  content_type  text NOT NULL,
  size_bytes    bigint,
  sha256        text,
  status        text NOT NULL CHECK (status IN ('pending', 'stored')),
  uploaded_at   timestamptz NOT NULL DEFAULT now(),
  -- P6: what readers see is whole: a stored image knows its size and checksum.
  CHECK (status = 'pending' OR (size_bytes IS NOT NULL AND sha256 IS NOT NULL))
);
-- The gallery's order, newest first, for keyset pages.
CREATE INDEX images_newest_first ON images (uploaded_at DESC, id DESC) WHERE status = 'stored';
CREATE INDEX images_pending ON images (uploaded_at) WHERE status = 'pending';

-- Objects whose row is gone and that must go too: written in the transaction that deletes the row (P6).
CREATE TABLE outbox (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  action          text NOT NULL CHECK (action IN ('delete-object')),
  key             text COLLATE "C" NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  attempts        integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_error      text
);
CREATE INDEX outbox_due ON outbox (next_attempt_at);
CREATE INDEX outbox_key ON outbox (key);
