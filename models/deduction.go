package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"quartermaster/models/list"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// itemStorage is the item of a package type that is drawn down by what buckets
// hold. The desk measures no other.
const itemStorage = "storage"

// Deduction is what one bucket drew from a plan on one day: the bytes of it
// that the plan covers, as the day's last measurement found them.
type Deduction struct {
	PlanID     string `gorm:"primaryKey"`
	Day        int64  `gorm:"primaryKey;autoIncrement:false"` // yyyymmdd, UTC+8
	BucketID   string `gorm:"primaryKey"`
	TeamID     string
	BucketName string
	Region     string
	Quantity   int64 // bytes
	MeasuredAt time.Time

	// Gone tells that the bucket no longer exists.
	Gone bool `gorm:"-"`
}

// TableName is where deductions are kept.
func (Deduction) TableName() string { return "plan_deductions" }

// Date is the day of the deduction.
func (d Deduction) Date() time.Time { return dateOf(d.Day) }

// dateOf is when a day begins that dayOf wrote.
func dateOf(day int64) time.Time {
	return time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 0, 0, 0, 0, pricing.Zone)
}

// dayOf is the day of a moment, yyyymmdd.
func dayOf(t time.Time) int64 {
	t = t.In(pricing.Zone)
	return int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day())
}

// measurePlans is the job that measures a team's plans.
var measurePlans = ofTeam("measure", (*DB).MeasurePlans)

// ofTeam is unseen work of one step that a server does for a team.
func ofTeam(step string, do func(db *DB, ctx context.Context, by Actor) error) Work {
	return Work{Unseen: true, Steps: []WorkStep{{step, func(ctx context.Context, db *DB, job *Job) error {
		by, err := db.ServerActor(ctx, job)
		if err != nil {
			return err
		}
		return do(db, ctx, by)
	}}}}
}

// PromiseMeasures promises to measure the plans of every team that has storage
// plans running, once for each day of the team's time. Calling it again, or
// from several processes at once, promises nothing more.
func (db *DB) PromiseMeasures(ctx context.Context) error {
	return db.promiseDaily(ctx, MeasurePlansJob, "measure", "SELECT 1 FROM plans WHERE plans.team_id = teams.id AND plans.storage AND plans.ends_at > ? AND NOT plans.held", db.Now())
}

// promiseDaily promises a job of every team for which a statement finds something, once
// for each day of the team's time.
func (db *DB) promiseDaily(ctx context.Context, kind JobKind, named, found string, args ...any) error {
	var teams []struct {
		ID            string
		ClockOffsetMs int64
	}
	if err := db.Scan(ctx, &teams, "SELECT id, clock_offset_ms FROM teams WHERE EXISTS ("+found+")", args...); err != nil {
		return err
	}
	for _, t := range teams {
		by := Actor{TeamID: t.ID, Face: ByServer, ClockOffset: msDuration(t.ClockOffsetMs)}
		if err := db.queueOnce(ctx, by, kind, fmt.Sprintf("%s/%s/%d", named, t.ID, dayOf(db.TeamNow(by)))); err != nil {
			return err
		}
	}
	return nil
}

// promiseMeasure has the plans of the actor's team measured after the caller's
// transaction, in which p came or went. A measurement looks at all of them, so
// one that has not begun serves.
func (db *DB) promiseMeasure(ctx context.Context, by Actor, p *Plan) error {
	// The lock prevents it from starting before this transaction is visible.
	waiting := "SELECT 1 FROM jobs WHERE team_id = ? AND state = ? AND kind = ? LIMIT 1"
	if db.gorm.Name() == "postgres" {
		waiting += " FOR UPDATE"
	}
	none, err := db.none(ctx, waiting, by.TeamID, JobQueued, MeasurePlansJob)
	if err != nil {
		return fmt.Errorf("look for a measurement: %w", err)
	}
	if none {
		_, err = db.queue(ctx, by, MeasurePlansJob, p.ID, p.ID, nil)
	}
	return err
}

// MeasurePlans draws the team's storage plans down by what its buckets hold
// now, and records which bucket drew how much. A second measurement on the same
// day of the team's time replaces the first.
func (db *DB) MeasurePlans(ctx context.Context, by Actor) error {
	if err := by.may(Administer); err != nil {
		return err
	}
	by.UserID, by.UserName, by.Face = "", "", ByServer // no person did this
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		return tx.measure(ctx, by)
	})
}

func (db *DB) measure(ctx context.Context, by Actor) error {
	now := db.TeamNow(by)
	plans, err := db.drawnPlans(ctx, by, now)
	if err != nil || len(plans) == 0 {
		return err
	}
	buckets, err := query.Of[Bucket](db.gorm).Select("id, name, region, used_bytes").
		Where("team_id = ? AND used_bytes > 0", by.TeamID).Order("name").Find(ctx)
	if err != nil {
		return fmt.Errorf("read what buckets hold: %w", err)
	}
	covers, err := db.covers(ctx)
	if err != nil {
		return err
	}
	day := dayOf(now)
	if _, err := query.Of[Deduction](db.gorm).Where("team_id = ? AND day = ?", by.TeamID, day).Delete(ctx); err != nil {
		return fmt.Errorf("measure day again: %w", err)
	}
	inTurn(plans, covers)
	var all []Deduction
	for i := range plans {
		p := &plans[i]
		left := p.Total()
		for j := range buckets {
			b := &buckets[j]
			n := min(left, b.UsedBytes)
			if n == 0 || !slices.Contains(covers[p.Region], b.Region) {
				continue
			}
			left -= n
			b.UsedBytes -= n
			all = append(all, Deduction{PlanID: p.ID, Day: day, BucketID: b.ID, TeamID: by.TeamID, BucketName: b.Name,
				Region: b.Region, Quantity: n, MeasuredAt: now})
		}
		if err := db.drawn(ctx, by, p, p.Total()-left, now); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	if err := query.Of[Deduction](db.gorm).CreateAll(ctx, all); err != nil {
		return fmt.Errorf("record deductions: %w", err)
	}
	return nil
}

// inTurn sorts storage plans as buckets draw from them. Each byte is deducted once:
// from a plan of the bucket's own region before one that covers several regions,
// and then from the one that ends sooner.
func inTurn(plans []Plan, covers map[string][]string) {
	slices.SortFunc(plans, func(a, b Plan) int {
		return cmp.Or(cmp.Compare(len(covers[a.Region]), len(covers[b.Region])), a.EndsAt.Compare(b.EndsAt), cmp.Compare(a.ID, b.ID))
	})
}

// runningStorage are those of the plans that are the team's, are for storage and
// run now.
func runningStorage(plans query.Rows[Plan], by Actor, now time.Time) query.Rows[Plan] {
	return plans.Where("team_id = ? AND storage AND effective_at <= ? AND ends_at > ? AND NOT held", by.TeamID, now, now)
}

// drawnFrom are the team's running plans that some of its buckets drew from when they
// were last measured, in their turn, and by each bucket which.
func (db *DB) drawnFrom(ctx context.Context, by Actor, buckets []string) (plans []Plan, draws map[string][]string, err error) {
	plans, err = runningStorage(query.Of[Plan](db.gorm).Preload("Type", nil), by, db.TeamNow(by)).Where("measured_at IS NOT NULL").Find(ctx)
	if err != nil || len(plans) == 0 {
		return nil, nil, translate(err)
	}
	ids, days := make([]string, len(plans)), make([]int64, len(plans))
	for i, p := range plans {
		ids[i], days[i] = p.ID, dayOf(*p.MeasuredAt)
	}
	all, err := query.Of[Deduction](db.gorm).Where("plan_id IN ? AND day IN ? AND bucket_id IN ?", ids, days, buckets).Find(ctx)
	if err != nil {
		return nil, nil, translate(err)
	}
	covers, err := db.covers(ctx)
	inTurn(plans, covers)
	draws = map[string][]string{}
	plans = slices.DeleteFunc(plans, func(p Plan) bool {
		none := true
		for _, d := range all {
			if d.PlanID == p.ID && d.Day == dayOf(*p.MeasuredAt) {
				draws[d.BucketID], none = append(draws[d.BucketID], p.ID), false
			}
		}
		return none
	})
	return plans, draws, err
}

// drawnPlans are the team's storage plans that run now, noted as measured. On
// PostgreSQL they stay locked to the end of the transaction, so that
// measurements take turns.
func (db *DB) drawnPlans(ctx context.Context, by Actor, now time.Time) ([]Plan, error) {
	running := runningStorage(query.Of[Plan](db.gorm, clause.Locking{Strength: "UPDATE"}), by, now)
	plans, err := running.Order("ends_at, id").Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("read plans to measure: %w", err)
	}
	if err := running.UpdateColumn(ctx, "measured_at", now); err != nil {
		return nil, fmt.Errorf("note that plans are measured: %w", err)
	}
	return plans, nil
}

// covers are the regions whose buckets draw from a plan of each region: the
// region itself, or those it stands for.
func (db *DB) covers(ctx context.Context) (map[string][]string, error) {
	regions, err := db.ListRegions(ctx, KindPlan)
	covers := make(map[string][]string, len(regions))
	for _, r := range regions {
		covers[r.ID] = r.Covers
		if len(r.Covers) == 0 {
			covers[r.ID] = []string{r.ID}
		}
	}
	return covers, err
}

// drawn writes down what a measurement drew from a plan when that has changed,
// and says so in the record when it fills the plan or no longer does.
func (db *DB) drawn(ctx context.Context, by Actor, p *Plan, used int64, now time.Time) error {
	full, was := used >= p.Total(), p.ExhaustedAt != nil
	if used == p.Used && full == was {
		return nil
	}
	p.Used, p.UpdatedAt = used, now
	action := ""
	switch {
	case full && !was:
		p.ExhaustedAt, action = &now, "plan.exhausted"
	case !full && was:
		p.ExhaustedAt, action = nil, "plan.resumed"
	}
	p.settle(now)
	err := db.gorm.WithContext(ctx).Model(p).Select("Used", "ExhaustedAt", "Settled", "SettledUntil", "UpdatedAt").Updates(p).Error
	if err != nil {
		return fmt.Errorf("write what a plan bears: %w", err)
	}
	if action == "" {
		return nil
	}
	return db.Record(ctx, by, Event{Action: action, Kind: KindPlan, SubjectID: p.ID, SubjectName: p.ID, Region: p.Region},
		map[string]any{"used": used, "total": p.Total()})
}

// Deductions is the list of what drew from a plan, the latest day first.
var Deductions = &List[Deduction]{
	Right: See,
	Below: func(ctx context.Context, db *DB, by Actor, plan string) error {
		_, err := db.FindPlan(ctx, by, plan)
		return err
	},
	Desc: list.Desc[Deduction]{
		Table: "plan_deductions", Key: "bucket_id", Scope: "plan_id", Tells: []string{"plan_id", "day", "bucket_id"},
		Columns: []string{"plan_id", "day", "bucket_id", "team_id", "bucket_name", "region", "quantity", "measured_at"},
		Into: func(d *Deduction, to []any) []any {
			return append(to, &d.PlanID, &d.Day, &d.BucketID, &d.TeamID, &d.BucketName, &d.Region, &d.Quantity, &d.MeasuredAt)
		},
		Sorts: []list.Sort{{Name: "day", Columns: []string{"day", "bucket_id"}}, small("bucket", "bucket_name", "day", "bucket_id"), small("region", "region", "day", "bucket_id"),
			small("quantity", "quantity", "day", "bucket_id")},
		Indexes: []list.Index{{Name: "sqlite_autoindex_plan_deductions_1", Sort: "day"}},
	},
	Fill: func(ctx context.Context, db *DB, by Actor, rows []Deduction) error {
		ids := make([]string, len(rows))
		for i, d := range rows {
			ids[i] = d.BucketID
		}
		exists, err := db.existing(ctx, by, map[Kind][]string{KindBucket: ids})
		for i, d := range rows {
			rows[i].Gone = !exists[d.BucketID]
		}
		return err
	},
}
