-- Whether a team's scripts may order plans at all.

ALTER TABLE teams ADD COLUMN plan_api boolean NOT NULL DEFAULT true;
