package views

import (
	"context"
	"slices"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// tied builds the map of what hangs together with the thing of the page.
type tied struct {
	ctx  context.Context
	here string
	now  time.Time
	ui.MapProps
}

// node adds a thing that is not there yet.
func (m *tied) node(kind models.Kind, n ui.MapNode) {
	if slices.ContainsFunc(m.Nodes, func(x ui.MapNode) bool { return x.ID == n.ID }) {
		return
	}
	n.Kind, n.Here = ui.Look(m.ctx, kind), n.ID == m.here
	if n.Href == "" {
		n.Href = n.Kind.Thing(n.ID)
	}
	m.Nodes = append(m.Nodes, n)
}

func (m *tied) tie(from, to string) { m.Ties = append(m.Ties, [2]string{from, to}) }

// version adds a version with its application and its file.
func (m *tied) version(v models.PkgVersion) {
	m.node(models.KindApp, ui.MapNode{ID: v.AppID, Name: v.AppName})
	tone := ui.Tone("")
	if v.State == models.VersionFailed {
		tone = ui.Danger
	}
	m.node(models.KindPkgVersion, ui.MapNode{ID: v.ID, Name: v.Label, Title: v.AppName + " " + v.Label, Note: versionStateText(m.ctx, v.State), Tone: tone})
	m.tie(v.AppID, v.ID)
	if !v.External() {
		m.node(models.KindObject, ui.MapNode{ID: *v.ObjectID, Href: ObjectPath(v.BucketID, v.Key()), Name: v.FileName(), Title: v.Source, Note: i18n.Bytes(m.ctx, v.Size)})
		m.tie(v.ID, *v.ObjectID)
		m.tie(*v.ObjectID, v.BucketID)
	}
}

// plan adds a plan by where and how much it is, with what is left of it where that is
// measured, else with what it is and how it stands.
func (m *tied) plan(x models.Plan) {
	n := ui.MapNode{ID: x.ID, Title: expiringName(m.ctx, models.Expiring{Kind: models.KindPlan, ZH: x.Type.ZH, EN: x.Type.EN, Size: x.Specification})}
	what, where, _ := strings.Cut(n.Title, " · ")
	n.Name, n.Note = where, what+" · "+planState(m.ctx, x.State(m.now))
	if x.Storage && x.MeasuredAt != nil {
		n.Note = i18n.T(m.ctx, "plans.left", "Size", i18n.Bytes(m.ctx, x.Remaining()))
	}
	m.node(models.KindPlan, n)
}

// orders adds orders with what they made: before it, but for plans, which stand before
// theirs unless the page is that of an order.
func (m *tied) orders(t models.Ties) {
	plans := map[string]bool{}
	for _, x := range t.Plans {
		plans[x.ID] = true
	}
	for _, o := range t.Orders {
		n := number(o.Number)
		note := orderTotal(m.ctx, o)
		if o.State != models.OrderCompleted {
			note = orderStateWord(m.ctx, &o)
		}
		m.node(models.KindOrder, ui.MapNode{ID: n, Name: n, Note: note})
		for _, id := range t.Made[o.Number] {
			if plans[id] && n != m.here {
				m.tie(id, n)
			} else {
				m.tie(n, id)
			}
		}
	}
}

// tiesOf is the map of what hangs together with the thing of that id, whose page it is
// on; rest are where there are more things of a kind.
func tiesOf(ctx context.Context, t models.Ties, here string, now time.Time, rest map[models.Kind]string) ui.MapProps {
	m := tied{ctx: ctx, here: here, now: now, MapProps: ui.MapProps{Label: i18n.T(ctx, "ties.title")}}
	for _, v := range t.Versions {
		m.version(v)
	}
	for _, b := range t.Buckets {
		m.node(models.KindBucket, ui.MapNode{ID: b.ID, Name: b.Name, Note: i18n.Bytes(ctx, b.UsedBytes)})
		for _, plan := range t.Draws[b.ID] {
			m.tie(b.ID, plan)
		}
	}
	for _, x := range t.Plans {
		m.plan(x)
	}
	for _, s := range t.Stores {
		m.node(models.KindStore, ui.MapNode{ID: s.ID, Name: s.Name, Note: StoreStateText(ctx, s.State)})
	}
	m.orders(t)
	for kind, href := range rest {
		if t.More[kind] {
			m.More = append(m.More, ui.MapMore{Kind: ui.Look(ctx, kind), Text: i18n.T(ctx, "ties.more"), Href: href})
		}
	}
	return m.MapProps
}
