package demo

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// manyDays is how many days orders are spread over.
const manyDays = 900

// mostStores bounds the stores, each of which has an index of its own on the
// disk.
const mostStores = 2000

// FillMany fills an empty desk with the sample team, two smaller ones and so
// many orders of all kinds, in all states, with what they made. Each is one of
// some hundred that are really placed, or a copy of one. db was opened with
// clock, and with Holds as its policy.
func FillMany(ctx context.Context, db *models.DB, clock *Clock, folder string, orders int64, m *models.Meter) ([]Account, error) {
	var accounts []Account
	err := db.FillWith(ctx, func(ctx context.Context) (err error) {
		y := &many{year: &year{db: db, clock: clock, folder: folder}, orders: orders}
		if err := y.place(ctx, m); err != nil {
			return err
		}
		accounts, err = y.accounts(ctx)
		return err
	})
	return accounts, err
}

type holding struct{}

// Holds is a policy that holds only the orders that FillMany wants held.
func Holds(ctx context.Context, _ models.Actor, _ *models.Order) (hold bool, rule string) {
	hold, _ = ctx.Value(holding{}).(bool)
	return hold, "none"
}

// many is the desk while it is filled.
type many struct {
	*year
	orders int64
	teams  [][]models.Actor // the people of each
	emails []Account
	files  []string // sources of package versions, by team
	took   int64    // orders that are certain to be placed
}

// a deed is something that people of a team do in a morning: one order or a few.
type deed struct {
	team    int
	orders  int64
	share   float64       // see models.Specimen
	since   time.Duration // see models.Specimen
	store   bool          // makes a store
	at      time.Time
	happens func(ctx context.Context, d *deeds) error
}

// deeds is who does a deed, and the mark of its names.
type deeds struct {
	*many
	who, approver, admin models.Actor
	mark                 string
	n                    int // differs from deed to deed
	orders               int64
	note, centre         string
}

// teamsOf are the teams, and the domain of the addresses of their people.
var teamsOf = []struct{ name, domain string }{
	{teamName, "starlight.example"},
	{"海鸥物流 Seagull Logistics", "seagull.example"},
	{"Northwind Retail 北风零售", "northwind.example"},
}

func (y *many) place(ctx context.Context, m *models.Meter) error {
	defer y.clock.reset()
	today := models.SystemClock()
	first := today.AddDate(0, 0, -manyDays)
	y.clock.to(morning(first, 0))
	for i := range teamsOf {
		if err := y.found(ctx, i); err != nil {
			return fmt.Errorf("sample team: %w", err)
		}
	}
	all := y.deeds(first.AddDate(0, 0, 1), today.AddDate(0, 0, -1))
	specimens := make([]*models.Specimen, 0, len(all))
	for i, d := range all {
		y.clock.to(d.at)
		s, err := y.do(ctx, d, i)
		if err != nil {
			return fmt.Errorf("sample of %s: %w", d.at.Format(time.DateOnly), err)
		}
		specimens = append(specimens, s)
	}
	y.clock.reset()
	return y.db.Multiply(ctx, models.Multiplication{
		Specimens: specimens, Orders: y.orders, From: first.AddDate(0, 0, 1), To: today.AddDate(0, 0, -1), Meter: m,
	})
}

// morning is a moment before the hours in which copies begin: n minutes after 8.
func morning(day time.Time, n int) time.Time {
	day = day.In(pricing.Zone)
	return time.Date(day.Year(), day.Month(), day.Day(), 8, n, 0, 0, pricing.Zone).UTC()
}

// found makes a team with its people, and the files that its package versions
// are made of.
func (y *many) found(ctx context.Context, i int) error {
	y.people = nil
	t := teamsOf[i]
	if i == 0 {
		if err := y.team(ctx, models.Operator()); err != nil {
			return err
		}
	} else if err := y.small(ctx, t.name, t.domain); err != nil {
		return err
	}
	y.teams = append(y.teams, y.people)
	for _, p := range people {
		name, _, _ := strings.Cut(p.email, "@")
		y.emails = append(y.emails, Account{Role: string(p.role), Email: name + "@" + t.domain})
	}
	if y.took+1 > y.orders {
		y.files = append(y.files, "")
		return nil
	}
	y.took++
	name := "artifacts-" + strings.TrimSuffix(t.domain, ".example")
	// In a region of which nobody buys storage plans: what is drawn from a plan
	// is not copied.
	o, err := y.year.place(ctx, admin, ccData, "", bucket(name, "cn-zhangjiakou", "发布产物 Release artifacts", "ci", 0))
	if err != nil {
		return err
	}
	for key, text := range map[string][]byte{"good.jar": jar("com.example.Main", "1.0.0"), "broken.zip": []byte("PK\x03\x04 cut off")} {
		in := models.ObjectInput{BucketID: o.Lines[0].ResourceID, Key: "release/" + key, ContentType: "application/zip"}
		if _, err := y.db.PutObject(ctx, y.people[admin], in, bytes.NewReader(text)); err != nil {
			return err
		}
	}
	y.files = append(y.files, "oss://"+name+"/release/")
	return nil
}

// small makes a team whose people have the names of the sample team's.
func (y *many) small(ctx context.Context, name, domain string) error {
	by := models.Operator()
	team, err := y.db.CreateTeam(ctx, by, models.TeamInput{Name: name})
	if err != nil {
		return err
	}
	by.TeamID = team.ID
	for _, p := range people {
		local, _, _ := strings.Cut(p.email, "@")
		user, err := y.db.AddMember(ctx, by, models.UserInput{Name: p.name, Email: local + "@" + domain}, p.role)
		if err != nil {
			return err
		}
		y.people = append(y.people, models.Actor{UserID: user.ID, UserName: user.Name, TeamID: team.ID, Role: p.role, Face: models.ByForm,
			Address: "127.0.0.1", Agent: "demo", RequestID: "demo"})
	}
	return nil
}

// accounts gives the people passwords.
func (y *many) accounts(ctx context.Context) ([]Account, error) {
	for i := range y.emails {
		a := &y.emails[i]
		a.Password = y.db.GeneratePassword()
		if err := y.db.ResetPassword(ctx, models.Operator(), a.Email, a.Password); err != nil {
			return nil, fmt.Errorf("password of %s: %w", a.Email, err)
		}
	}
	return y.emails, nil
}

// do does a deed and makes it a specimen.
func (y *many) do(ctx context.Context, d deed, n int) (*models.Specimen, error) {
	s := &models.Specimen{RequestID: y.db.NewRequestID(), Mark: fmt.Sprintf("zq%0*d", models.MarkLength-2, n), Share: d.share, Since: d.since}
	team := slices.Clone(y.teams[d.team])
	for i := range team {
		team[i].RequestID = s.RequestID
	}
	from := origins[n%len(origins)]
	ds := &deeds{many: y, who: team[[]int{requester, requester, approver, requester, admin}[n%5]], approver: team[approver], admin: team[admin],
		mark: s.Mark, n: n, orders: d.orders, note: notes[n%len(notes)], centre: centres[n%len(centres)]}
	ds.who.Face, ds.who.Address, ds.who.Agent = from.face, from.address, from.agent
	y.people = team
	return s, y.db.Observe(ctx, s, func() error { return d.happens(ctx, ds) })
}

// deeds are what happens, in the order of time, from one day to another.
func (y *many) deeds(from, to time.Time) []deed {
	var all []deed
	left := y.orders - y.took
	for i := 0; i < 300 && left > 0; i++ {
		d := pattern[i%len(pattern)]
		d.team = []int{0, 0, 0, 1, 0, 0, 0, 2, 0, 0}[i/len(pattern)%10]
		if d.orders > left {
			continue
		}
		left -= d.orders
		all = append(all, d)
	}
	y.capStores(all)
	for i := range all {
		d := &all[i]
		begin := from
		if d.since > 0 {
			begin = to.Add(-d.since)
		}
		d.at = begin.Add(time.Duration(float64(to.Sub(begin)) * float64(i) / float64(len(all))))
	}
	slices.SortStableFunc(all, func(a, b deed) int { return a.at.Compare(b.at) })
	n := 0
	for i := range all {
		if i > 0 && !sameDay(all[i].at, all[i-1].at) {
			n = 0
		}
		all[i].at = morning(all[i].at, n) // each within a minute
		n++
	}
	return all
}

func sameDay(a, b time.Time) bool {
	return a.In(pricing.Zone).Format(time.DateOnly) == b.In(pricing.Zone).Format(time.DateOnly)
}

// capStores lowers the share of stores so that there are about mostStores.
func (y *many) capStores(all []deed) {
	var shares, stores float64
	for _, d := range all {
		shares += d.share * float64(d.orders)
		if d.store {
			stores += d.share
		}
	}
	if most := mostStores * shares / float64(y.orders); stores > most {
		for i := range all {
			if all[i].store {
				all[i].share *= most / stores
			}
		}
	}
}
