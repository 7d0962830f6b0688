-- Up Migration
-- What is known of an image's pixels once it was decoded; null for images from before, and where the file does not say.
ALTER TABLE images
  ADD COLUMN width       integer CHECK (width > 0),
  ADD COLUMN height      integer CHECK (height > 0),
  ADD COLUMN orientation smallint CHECK (orientation BETWEEN 1 AND 8),
  ADD COLUMN frames      integer CHECK (frames > 0),
  ADD COLUMN placeholder text;
