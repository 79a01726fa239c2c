-- What a team's stores that are charged by the hour cost, by the month in which they
-- came or went: how many more there are, how much more an hour, and how much of it
-- does not count, times the minutes of the month before.
CREATE TABLE run_months (
  team_id {key} NOT NULL REFERENCES teams (id),
  month bigint NOT NULL,
  currency {key} NOT NULL,
  stores bigint NOT NULL,
  hourly_micro bigint NOT NULL,
  late bigint NOT NULL,
  PRIMARY KEY (team_id, month, currency)
);
