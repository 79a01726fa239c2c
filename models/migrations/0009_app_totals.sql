-- How many applications a team has in each region, for lists that tell it.

INSERT INTO counters (team_id, name, value) SELECT team_id, 'app.' || region, COUNT(*) FROM apps GROUP BY team_id, region;
