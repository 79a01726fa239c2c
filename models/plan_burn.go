package models

import (
	"context"
	"slices"
	"strings"
	"time"
)

const (
	// mostBurns is how many columns the term of a plan is drawn in at most: a month by day.
	mostBurns = 32
	// burnPace is the fewest days between two figures that tell a pace.
	burnPace = 7
)

// Burn is how a plan is used up over its term, by days of UTC+8.
type Burn struct {
	// Days are the last of each column that the term is divided into, Width how many
	// one has; the last may have fewer.
	Days  []time.Time
	Width int
	// Points are the first columns, as far as the plan was measured.
	Points []BurnPoint
	// From is the first point of which something was deducted.
	From int
	// Out is the day on which nothing is left, where the use from there on goes on
	// alike and that is before the term ends.
	Out *time.Time
}

// BurnPoint is what a plan had left on a day: its size without what was deducted then,
// or on the last day before on which something was.
type BurnPoint struct {
	Day  time.Time
	Left int64
}

// Begin is the first day of the term.
func (b *Burn) Begin() time.Time { return b.Days[0].AddDate(0, 0, 1-b.Width) }

// burn is how a plan is used up, nil while nothing was deducted from it. Of each
// column it reads the last day on which something was.
func (db *DB) burn(ctx context.Context, p *Plan, now time.Time) (*Burn, error) {
	if p.MeasuredAt == nil {
		return nil, nil
	}
	first, last, measured := midnight(p.EffectiveAt), midnight(p.EndsAt.Add(-time.Nanosecond)), midnight(*p.MeasuredAt)
	if measured.Before(first) { // by another clock of the team
		return nil, nil
	}
	b := &Burn{Width: (daysBetween(first, last) + mostBurns) / mostBurns, From: -1}
	var spans []string
	var args []any
	for from := first; !from.After(last); from = from.AddDate(0, 0, b.Width) {
		to := from.AddDate(0, 0, b.Width-1)
		b.Days = append(b.Days, earliest(to, last))
		if !from.After(measured) {
			spans, args = append(spans, "(CAST(? AS bigint), CAST(? AS bigint))"), append(args, dayOf(from), dayOf(to))
			b.Points = append(b.Points, BurnPoint{earliest(to, last, measured), p.Total()})
		}
	}
	var rows []Deduction
	err := db.Scan(ctx, &rows, "WITH spans (first, last) AS (VALUES "+strings.Join(spans, ", ")+`)
		SELECT day, `+sumOf("quantity")+` AS quantity FROM plan_deductions WHERE plan_id = ? AND day IN
		(SELECT (SELECT MAX(day) FROM plan_deductions WHERE plan_id = ? AND day BETWEEN first AND last) FROM spans)
		GROUP BY day ORDER BY day`, append(args, p.ID, p.ID)...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	for _, d := range rows {
		i := daysBetween(first, d.Date()) / b.Width
		b.Points[i].Day = d.Date()
		for j := i; j < len(b.Points); j++ { // a day without a measurement leaves the plan as it was
			b.Points[j].Left = max(0, p.Total()-d.Quantity)
		}
		if b.From < 0 {
			b.From = i
		}
	}
	if p.Used == 0 { // the last measurement found nothing
		for i := daysBetween(first, rows[len(rows)-1].Date())/b.Width + 1; i < len(b.Points); i++ {
			b.Points[i].Left = p.Total()
		}
	}
	from, to := b.Points[b.From], b.Points[len(b.Points)-1]
	days, used := int64(daysBetween(from.Day, to.Day)), from.Left-to.Left
	if p.State(now) == PlanActive && days >= burnPace && used > 0 {
		if out := to.Day.AddDate(0, 0, int((to.Left/used)*days+(to.Left%used*days+used-1)/used)); out.Before(last) {
			b.Out = &out
		}
	}
	return b, nil
}

func earliest(times ...time.Time) time.Time { return slices.MinFunc(times, time.Time.Compare) }

// daysBetween counts the days from one midnight of UTC+8 to another.
func daysBetween(from, to time.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }
