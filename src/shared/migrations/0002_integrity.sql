-- Up Migration
-- The reconciler's memory: its runs and their reports, what it has seen and since when, what it did and how to undo it.
CREATE TABLE integrity_runs (
  id          uuid PRIMARY KEY,
  mode        text NOT NULL CHECK (mode IN ('check', 'preview', 'repair')),
  started_at  timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  status      text CHECK (status IN ('Healthy', 'Degraded', 'Incomplete', 'Suspicious')),
  report      jsonb
);
CREATE INDEX integrity_runs_newest_first ON integrity_runs (started_at DESC);

-- P9: nothing is removed that no earlier run has seen.
CREATE TABLE integrity_findings (
  key           text COLLATE "C" NOT NULL,
  class         text NOT NULL,
  first_run     uuid NOT NULL,
  first_seen_at timestamptz NOT NULL,
  last_run      uuid NOT NULL,
  PRIMARY KEY (key, class)
);

-- The journal of repairs: written before the act (state 'started'), so that a run that dies is finished by the next.
CREATE TABLE integrity_actions (
  id         uuid PRIMARY KEY,
  run_id     uuid NOT NULL,
  action     text NOT NULL,
  key        text COLLATE "C" NOT NULL,
  state      text NOT NULL CHECK (state IN ('started', 'done', 'failed', 'undone')),
  undo       jsonb,
  error      text,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at   timestamptz,
  expires_at timestamptz NOT NULL
);
CREATE INDEX integrity_actions_newest_first ON integrity_actions (started_at DESC);
CREATE INDEX integrity_actions_open ON integrity_actions (run_id) WHERE state = 'started';
