package models

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"quartermaster/models/query"
)

// sumOf is a sum of the same type on both engines.
func sumOf(column string) string { return "CAST(COALESCE(SUM(" + column + "), 0) AS bigint)" }

// rowLooks are the looks at rows that other rows must agree with.
func (db *DB) rowLooks() []look {
	return append(slices.Concat(countLooks(db.things()), orderLooks(db.ordered()), jobLooks()), searchLook())
}

// countLooks compare counters with the rows that they count.
func countLooks(things string) []look {
	return []look{
		bySQL("buckets whose size is counted wrong", `SELECT b.id, b.team_id, b.name, b.used_bytes AS have, `+sumOf("o.size")+` AS want
			FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id GROUP BY b.id HAVING b.used_bytes <> `+sumOf("o.size"),
			"{name} says {have} bytes and holds {want}",
			`UPDATE buckets SET used_bytes = (SELECT `+sumOf("size")+` FROM objects WHERE bucket_id = @id) WHERE id = @id`),
		bySQL("buckets whose objects are counted wrong", `SELECT b.id, b.team_id, b.name, b.object_count AS have, COUNT(o.id) AS want
			FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id GROUP BY b.id HAVING b.object_count <> COUNT(o.id)`,
			"{name} says {have} objects and has {want}",
			`UPDATE buckets SET object_count = (SELECT COUNT(*) FROM objects WHERE bucket_id = @id) WHERE id = @id`),
		bySQL("buckets whose unfinished uploads are counted wrong", `SELECT b.id, b.team_id, b.name, b.reserved_bytes AS have, `+sumOf("p.size")+` AS want
			FROM buckets b LEFT JOIN multiparts m ON m.bucket_id = b.id LEFT JOIN parts p ON p.owner = m.id GROUP BY b.id HAVING b.reserved_bytes <> `+sumOf("p.size"),
			"{name} says {have} bytes of parts and holds {want}",
			`UPDATE buckets SET reserved_bytes = (SELECT `+sumOf("p.size")+` FROM multiparts m JOIN parts p ON p.owner = m.id WHERE m.bucket_id = @id) WHERE id = @id`),
		bySQL("objects whose parts are not all there", `SELECT o.id, o.team_id, o.key AS name, `+sumOf("p.size")+` AS have, o.size AS want
			FROM objects o LEFT JOIN parts p ON p.owner = o.id WHERE o.blob = '' GROUP BY o.id HAVING COUNT(p.number) = 0 OR o.size <> `+sumOf("p.size"),
			"{name} {id} has {have} of {want} bytes", ""),
		bySQL("parts of nothing", `SELECT p.owner AS id, '' AS team_id, '' AS name, COUNT(*) AS have, 0 AS want FROM parts p
			WHERE NOT EXISTS (SELECT 1 FROM objects o WHERE o.id = p.owner AND o.blob = '') AND NOT EXISTS (SELECT 1 FROM multiparts m WHERE m.id = p.owner) GROUP BY p.owner`,
			"{id} has {have} parts and is no object and no upload", `DELETE FROM parts WHERE owner = @id`),
		bySQL("applications whose versions are counted wrong", `SELECT a.id, a.team_id, a.name, a.version_count AS have, COUNT(v.id) AS want
			FROM apps a LEFT JOIN pkg_versions v ON v.app_id = a.id GROUP BY a.id HAVING a.version_count <> COUNT(v.id)`,
			"{name} says {have} versions and has {want}",
			`UPDATE apps SET version_count = (SELECT COUNT(*) FROM pkg_versions WHERE app_id = @id) WHERE id = @id`),
		bySQL("teams whose compute units are counted wrong", `SELECT t.id, t.id AS team_id, t.name, t.cu_used AS have, `+usedCU+` AS want
			FROM teams t WHERE t.cu_used <> `+usedCU,
			"{name} counts {have} and its stores have {want}",
			`UPDATE teams SET cu_used = @want WHERE id = @id`),
		bySQL("totals of teams that are counted wrong", `WITH want (team_id, name, value) AS (`+things+totals+`)
			SELECT COALESCE(c.team_id, want.team_id) AS team_id, COALESCE(c.name, want.name) AS name,
				COALESCE(c.value, 0) AS have, COALESCE(want.value, 0) AS want
			FROM counters c FULL JOIN want ON want.team_id = c.team_id AND want.name = c.name
			WHERE COALESCE(c.value, 0) <> COALESCE(want.value, 0)`,
			"{name} says {have} and there are {want}",
			`INSERT INTO counters (team_id, name, value) VALUES (@team, @name, @want)
			ON CONFLICT (team_id, name) DO UPDATE SET value = excluded.value`),
		bySQL("months that do not add up to what there is", `WITH had (team_id, name, value) AS (
				SELECT team_id, kind, `+sumOf("created - deleted")+` FROM months GROUP BY team_id, kind),
			want (team_id, name, value) AS (SELECT team_id, name, `+sumOf("value")+` FROM (`+things+`
				UNION ALL SELECT l.team_id, l.kind, -COUNT(*) FROM order_lines l JOIN orders o ON o.number = l.order_number
					WHERE o.state = 'pending' AND o.type = 'New' AND l.resource_id <> '' GROUP BY l.team_id, l.kind) AS each_kind
				GROUP BY team_id, name)
			SELECT COALESCE(had.team_id, want.team_id) AS team_id, COALESCE(had.name, want.name) AS name,
				COALESCE(had.value, 0) AS have, COALESCE(want.value, 0) AS want
			FROM had FULL JOIN want ON want.team_id = had.team_id AND want.name = had.name
			WHERE COALESCE(had.value, 0) <> COALESCE(want.value, 0)`,
			"{name}: the months leave {have} and there are {want}", ""),
		bySQL("months that do not add up to what was spent", `WITH had (team_id, name, value) AS (
				SELECT team_id, kind, `+sumOf("spend_minor")+` FROM months GROUP BY team_id, kind),
			want (team_id, name, value) AS (
				SELECT l.team_id, l.kind, `+sumOf("l.amount_minor")+` FROM order_lines l JOIN orders o ON o.number = l.order_number
				WHERE o.state IN ('approved', 'fulfilling', 'completed') OR o.state = 'failed' AND o.refused IN ('', 'null')
				GROUP BY l.team_id, l.kind)
			SELECT COALESCE(had.team_id, want.team_id) AS team_id, COALESCE(had.name, want.name) AS name,
				COALESCE(had.value, 0) AS have, COALESCE(want.value, 0) AS want
			FROM had FULL JOIN want ON want.team_id = had.team_id AND want.name = had.name
			WHERE COALESCE(had.value, 0) <> COALESCE(want.value, 0)`,
			"{name}: the months say {have} and the orders {want}", ""),
		bySQL("months whose orders are counted wrong", `WITH want AS (`+spends+`)
			SELECT COALESCE(s.team_id, want.team_id) AS team_id, CAST(COALESCE(s.month, want.month) AS text) AS name,
				COALESCE(s.spend_minor, 0) AS have, COALESCE(want.spend_minor, 0) AS want
			FROM spends s FULL JOIN want ON want.team_id = s.team_id AND want.month = s.month AND want.cost_centre = s.cost_centre AND want.region = s.region
				AND want.kinds = s.kinds AND want.currency = s.currency
			WHERE COALESCE(s.spend_minor, 0) <> COALESCE(want.spend_minor, 0) OR COALESCE(s.orders, 0) <> COALESCE(want.orders, 0)`,
			"{name}: says {have} and the orders {want}", ""),
		bySQL("stores by the hour that are counted wrong", `WITH had (team_id, value) AS (SELECT team_id, `+sumOf("stores")+` FROM run_months GROUP BY team_id),
			want (team_id, value) AS (SELECT s.team_id, COUNT(*) FROM stores s JOIN order_lines l ON l.order_number = s.sized_by AND l.resource_id = s.id
				WHERE l.hourly_micro > 0 AND l.state = 'completed' GROUP BY s.team_id)
			SELECT COALESCE(had.team_id, want.team_id) AS team_id, '' AS name, COALESCE(had.value, 0) AS have, COALESCE(want.value, 0) AS want
			FROM had FULL JOIN want ON want.team_id = had.team_id WHERE COALESCE(had.value, 0) <> COALESCE(want.value, 0)`,
			"{have} are counted and there are {want}", ""),
	}
}

// spends are the spends of all teams, as their orders have them.
const spends = `SELECT team_id, number / 1000000000 AS month, cost_centre, region, kinds, pay_currency AS currency,
	COUNT(*) AS orders, CAST(SUM(pay_minor) AS bigint) AS spend_minor FROM orders
	WHERE total_minor <> 0 AND state IN ('approved', 'fulfilling', 'completed') GROUP BY team_id, number / 1000000000, cost_centre, region, kinds, pay_currency`

// usedCU is how many compute units the stores of team t take of its quota.
const usedCU = `CAST(COALESCE((SELECT SUM(CASE WHEN target > num THEN target ELSE num END) FROM stores WHERE team_id = t.id AND reserved), 0) AS bigint)`

// things counts the resources of each team by kind.
func (db *DB) things() string {
	var each []string
	for _, k := range db.ordered() {
		each = append(each, "SELECT team_id, '"+string(k.Kind)+"' AS name, COUNT(*) AS value FROM "+k.Table+" GROUP BY team_id")
	}
	return strings.Join(each, " UNION ALL ")
}

// totals are the other things that counters count.
const totals = `
		UNION ALL SELECT team_id, 'order', COUNT(*) FROM orders GROUP BY team_id
		UNION ALL SELECT team_id, 'order.paid', COUNT(*) FROM orders WHERE NOT free GROUP BY team_id
		UNION ALL SELECT team_id, 'app.' || region, COUNT(*) FROM apps GROUP BY team_id, region
		UNION ALL SELECT team_id, 'plan.' || product_code, COUNT(*) FROM plans GROUP BY team_id, product_code
		UNION ALL SELECT team_id, 'bytes', CAST(SUM(size) AS bigint) FROM objects GROUP BY team_id`

// orderLooks are the looks at orders, their numbers, lines and resources.
func orderLooks(kinds []KindFacts) []look {
	const numbered = `(SELECT number / 10000000 AS day, number % 10000000 AS place FROM orders)`
	looks := []look{
		withoutGaps(bySQL("order numbers that are missing", `SELECT CAST(before + 1 AS text) AS id, '' AS team_id, '' AS name,
				day * 10000000 + before + 1 AS have, day * 10000000 + place - 1 AS want FROM (
				SELECT day, place, LAG(place, 1, 0) OVER (PARTITION BY day ORDER BY place) AS before FROM `+numbered+` AS n
			) AS pairs WHERE place <> before + 1
			UNION ALL SELECT CAST(d.last AS text), '', '', d.day * 10000000 + COALESCE(MAX(n.place), 0) + 1, d.day * 10000000 + d.last
				FROM order_days d LEFT JOIN `+numbered+` AS n ON n.day = d.day GROUP BY d.day, d.last HAVING COALESCE(MAX(n.place), 0) < d.last`,
			"{have} to {want}", "")),
		bySQL("days whose next order number is taken already", `SELECT CAST(n.day AS text) AS id, '' AS team_id, '' AS name,
				COALESCE(d.last, 0) AS have, MAX(n.place) AS want
				FROM `+numbered+` AS n LEFT JOIN order_days d ON d.day = n.day GROUP BY n.day, d.last HAVING MAX(n.place) > COALESCE(d.last, 0)`,
			"{id}: the next is after {have}, and {want} are taken",
			`INSERT INTO order_days (day, last) VALUES (CAST(@id AS bigint), @want) ON CONFLICT (day) DO UPDATE SET last = excluded.last`),
		bySQL("orders whose lines are not all there", `SELECT CAST(o.number AS text) AS id, o.team_id, o.title AS name, o.line_count AS want, COUNT(l.position) AS have
			FROM orders o LEFT JOIN order_lines l ON l.order_number = o.number GROUP BY o.number HAVING o.line_count <> COUNT(l.position)`,
			"{id} has {have} of {want} lines", ""),
		bySQL("orders whose total is not that of their lines", `SELECT CAST(o.number AS text) AS id, o.team_id, o.title AS name, o.total_minor - o.tax_minor AS have, `+sumOf("l.amount_minor")+` AS want
			FROM orders o JOIN order_lines l ON l.order_number = o.number GROUP BY o.number HAVING o.total_minor - o.tax_minor <> `+sumOf("l.amount_minor"),
			"{id} says {have} and its lines {want}", ""),
		bySQL("orders that wait for nobody", `SELECT CAST(o.number AS text) AS id, o.team_id, o.title AS name, COUNT(a.id) AS have, 1 AS want
			FROM orders o LEFT JOIN approvals a ON a.order_number = o.number AND a.state = 'open' WHERE o.state = 'pending' GROUP BY o.number, o.team_id, o.title HAVING COUNT(a.id) <> 1
			UNION ALL SELECT CAST(o.number AS text), o.team_id, o.title, COUNT(*), 0 FROM approvals a JOIN orders o ON o.number = a.order_number
				WHERE a.state IN ('open', 'waiting') AND o.state <> 'pending' GROUP BY o.number, o.team_id, o.title`,
			"{id} has {have} open approvals, not {want}", ""),
		bySQL("attachments of orders that are not there", `SELECT id, team_id, name, order_number AS have, 0 AS want FROM attachments a
			WHERE order_number <> 0 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.number = a.order_number AND o.team_id = a.team_id)`,
			"{name} {id}: order {have}", ""),
		bySQL("budgets that do not add up to their orders", `WITH had AS (SELECT budget_id || ' ' || period AS id, team_id, reserved_minor AS reserved, spent_minor AS spent FROM budget_periods),
			want AS (SELECT budget_id || ' ' || period AS id, team_id,
				CAST(SUM(CASE WHEN state = 'reserved' THEN amount_minor ELSE 0 END) AS bigint) AS reserved,
				CAST(SUM(CASE WHEN state = 'spent' THEN amount_minor ELSE 0 END) AS bigint) AS spent FROM budget_entries GROUP BY budget_id, period, team_id)
			SELECT COALESCE(had.id, want.id) AS id, COALESCE(had.team_id, want.team_id) AS team_id, '' AS name,
				COALESCE(had.reserved, 0) + COALESCE(had.spent, 0) AS have, COALESCE(want.reserved, 0) + COALESCE(want.spent, 0) AS want
			FROM had FULL JOIN want ON want.id = had.id
			WHERE COALESCE(had.reserved, 0) <> COALESCE(want.reserved, 0) OR COALESCE(had.spent, 0) <> COALESCE(want.spent, 0)`,
			"{id}: {have} taken and the orders say {want}", ""),
		bySQL("orders in another state than their lines", `SELECT CAST(o.number AS text) AS id, o.team_id, o.state AS name, COUNT(*) AS have, 0 AS want
			FROM orders o JOIN order_lines l ON l.order_number = o.number
			WHERE o.state = 'approved' OR o.state = 'completed' AND l.state <> 'completed'
				OR o.state = 'fulfilling' AND NOT EXISTS (SELECT 1 FROM order_lines f WHERE f.order_number = o.number AND f.state = 'fulfilling')
			GROUP BY o.number, o.team_id, o.state`,
			"{id} is {name}", ""),
	}
	for _, row := range kinds {
		k := row.Kind
		looks = append(looks,
			bySQL("completed orders without what they made ("+string(k)+")", `SELECT CAST(l.order_number AS text) AS id, l.team_id, l.resource_name AS name, l.position AS have, 0 AS want
				FROM order_lines l JOIN orders o ON o.number = l.order_number
				WHERE l.kind = ? AND l.state = 'completed' AND o.type = 'New'
				AND NOT EXISTS (SELECT 1 FROM `+row.Table+` r WHERE r.id = l.resource_id)
				AND NOT EXISTS (SELECT 1 FROM events e WHERE e.team_id = l.team_id AND e.subject_id = l.resource_id AND e.kind <> 'order' AND e.action = ?)`,
				"{id}: {name} is not there, and nobody deleted it", "", k, string(k)+".deleted"),
			bySQL("things without the order that made them ("+string(k)+")", `SELECT r.id, r.team_id, r.`+row.Search.Name+` AS name, r.order_number AS have, 0 AS want
				FROM `+row.Table+` r WHERE NOT EXISTS (SELECT 1 FROM order_lines l
				WHERE l.order_number = r.order_number AND l.resource_id = r.id AND l.team_id = r.team_id)`,
				"{name}: order {have} has no line for it", ""))
	}
	return append(looks, bySQL("package versions with another checksum than their object", `SELECT v.id, v.team_id, v.label AS name, v.size AS have, o.size AS want
		FROM pkg_versions v JOIN objects o ON o.id = v.object_id WHERE v.state = 'READY' AND (v.sha256 <> o.sha256 OR v.size <> o.size)`,
		"{name} {id}", ""))
}

// withoutGaps leaves numbers out of a look that the record says were given by a
// lost database.
func withoutGaps(l look) look {
	find := l.find
	l.find = func(ctx context.Context, db *DB, ids map[string]bool) ([]fault, error) {
		found, err := find(ctx, db, ids)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		events, err := query.Of[Event](db.gorm).Where("action IN ?", []string{"order.gap", "site.accepted"}).Find(ctx)
		for _, e := range events {
			var gap struct{ From, To int64 }
			if err := json.Unmarshal([]byte(e.Detail), &gap); err != nil {
				return nil, fmt.Errorf("read gap: %w", err)
			}
			found = slices.DeleteFunc(found, func(f fault) bool { return f.row.Have > gap.From && f.row.Want <= gap.To })
		}
		return found, err
	}
	return l
}

// jobLooks find resources that wait for a job that does not exist.
func jobLooks() []look {
	const (
		ended = `(j.id IS NULL OR j.state IN ('completed', 'failed'))`
		// The demo shows resources in passing states that have to stay there.
		notDemo = ` AND NOT EXISTS (SELECT 1 FROM settings WHERE name = ?)`
	)
	return []look{
		bySQL("stores that wait for a job that has ended", `SELECT s.id, s.team_id, s.name || ' ' || s.state AS name, 0 AS have, 0 AS want
			FROM stores s LEFT JOIN jobs j ON j.id = s.job_id
			WHERE s.state IN ('CREATING', 'DROPPING', 'SCALING', 'SCALING_IN') AND `+ended+notDemo, "{name}", "", demoSince),
		bySQL("package versions that wait for a job that has ended", `SELECT v.id, v.team_id, v.label AS name, 0 AS have, 0 AS want
			FROM pkg_versions v LEFT JOIN jobs j ON j.id = v.job_id WHERE v.state = 'CHECKING' AND `+ended+notDemo, "{name} {id}", "", demoSince),
		bySQL("jobs that wait for an order that was decided", `SELECT j.id, j.team_id, j.subject_name AS name, s.order_number AS have, 0 AS want
			FROM jobs j JOIN stores s ON s.job_id = j.id JOIN orders o ON o.number = s.order_number
			WHERE j.state = 'held' AND o.state <> 'pending'`, "{name}: order {have}", ""),
		bySQL("lines of orders that wait for something that has ended", `SELECT CAST(l.order_number AS text) AS id, l.team_id, l.name, l.position AS have, 0 AS want
			FROM order_lines l WHERE l.state = 'fulfilling'
			AND NOT EXISTS (SELECT 1 FROM stores s WHERE s.id = l.resource_id AND s.state IN ('CREATING', 'SCALING', 'SCALING_IN'))
			AND NOT EXISTS (SELECT 1 FROM pkg_versions v WHERE v.id = l.resource_id AND v.state = 'CHECKING')`, "{id}: {name}", ""),
	}
}
