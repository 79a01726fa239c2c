package views

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// AccessKeyPlace is where access keys are kept: the path of their list.
type AccessKeyPlace string

// The places of access keys.
const (
	TeamKeys AccessKeyPlace = "/team/keys"
	SiteKeys AccessKeyPlace = "/site/keys"
)

// path is the address of a key, or of something below it.
func (p AccessKeyPlace) path(id string, below ...string) string {
	return strings.Join(append([]string{string(p), id}, below...), "/")
}

// words are those of a key that differ between the places.
func (p AccessKeyPlace) words(ctx context.Context, key string) string {
	if p == SiteKeys {
		return i18n.T(ctx, "keys.site."+key)
	}
	return i18n.T(ctx, "keys.team."+key)
}

func (p AccessKeyPlace) crumbs(ctx context.Context) []ui.Crumb {
	return []ui.Crumb{{Label: p.words(ctx, "title"), Href: string(p)}}
}

var keyTones = map[models.KeyState]ui.Tone{
	models.KeyActive: ui.OK, models.KeyDisabled: ui.Neutral, models.KeyExpired: ui.Warn, models.KeyOrphaned: ui.Warn,
}

// keyLimit says what a key may call.
func keyLimit(ctx context.Context, k models.AccessKey, all int) string {
	switch {
	case len(k.Grants) > 0:
		return i18n.T(ctx, "keys.granted")
	case len(k.Operations) == 0:
		return i18n.T(ctx, "keys.all-operations")
	case len(k.Operations) == 1:
		return k.Operations[0]
	}
	return i18n.T(ctx, "keys.some-operations", "Count", len(k.Operations), "All", all)
}

// operationOptions are all operations, under the names of their products.
func operationOptions(ctx context.Context, all []models.Operation) []ui.Option {
	options := make([]ui.Option, len(all))
	for i, o := range all {
		options[i] = ui.Option{Value: o.Name, Label: o.Name, Group: i18n.T(ctx, "keys.product."+string(o.Product))}
		if o.Writes {
			options[i].Note = i18n.T(ctx, "keys.writes")
		}
	}
	return options
}

// AccessKeyUser is somebody whom a key may act as.
type AccessKeyUser struct {
	ID, Name string
	Role     models.Role // "" for a site admin
}

func userOptions(ctx context.Context, users []AccessKeyUser) []ui.Option {
	options := make([]ui.Option, len(users))
	for i, u := range users {
		options[i] = ui.Option{Value: u.ID, Label: u.Name}
		if u.Role != "" {
			options[i].Label = i18n.T(ctx, "keys.user-role", "Name", u.Name, "Role", i18n.T(ctx, "role."+string(u.Role)))
		}
	}
	return options
}

// termOptions are how long a key may work, in days; 0 is for good.
func termOptions(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, days := range []int{30, 90, 180, 365} {
		options = append(options, ui.Option{Value: fmt.Sprint(days), Label: i18n.T(ctx, "keys.days", "Count", days)})
	}
	return append(options, ui.Option{Value: "0", Label: i18n.T(ctx, "keys.no-end")})
}

// hourOptions are how long a token may work.
func hourOptions(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, hours := range []int{1, 24, 7 * 24, 30 * 24, 90 * 24, 365 * 24} {
		label := i18n.T(ctx, "keys.hours", "Count", hours)
		if hours > 24 {
			label = i18n.T(ctx, "keys.days", "Count", hours/24)
		}
		options = append(options, ui.Option{Value: fmt.Sprint(hours), Label: label})
	}
	return options
}

// keyEnd says when a key stops working.
func keyEnd(ctx context.Context, k models.AccessKey) string {
	if k.ExpiresAt == nil {
		return i18n.T(ctx, "keys.never-ends")
	}
	return i18n.Date(ctx, *k.ExpiresAt)
}

// joined are the parts that are not empty, with dots between.
func joined(parts ...string) string {
	var some []string
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return strings.Join(some, " · ")
}

// aliyunEnv and huaweiEnv are the lines by which the vendors' SDKs find a key,
// with the address of this site as a remark: the SDKs take it in code.
func aliyunEnv(ctx context.Context, id, secret, site string) string {
	u, err := url.Parse(site)
	if err != nil {
		u = &url.URL{}
	}
	lines := "export ALIBABA_CLOUD_ACCESS_KEY_ID=" + id + "\nexport ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + secret +
		"\n# " + i18n.T(ctx, "keys.env.endpoint", "Endpoint", u.Host) + "\n# " + i18n.T(ctx, "keys.env.scheme", "Scheme", u.Scheme)
	if u.Port() != "" {
		lines += "\n# " + i18n.T(ctx, "keys.env.port", "Host", u.Hostname(), "Port", u.Port())
	}
	return lines
}

func huaweiEnv(ctx context.Context, id, secret, site string) string {
	return "export HUAWEICLOUD_SDK_AK=" + id + "\nexport HUAWEICLOUD_SDK_SK=" + secret +
		"\n# " + i18n.T(ctx, "keys.env.endpoint", "Endpoint", site)
}

// ossEnv are those by which the vendor's clients of OSS find a key.
func ossEnv(ctx context.Context, id, secret, site string) string {
	return "export OSS_ACCESS_KEY_ID=" + id + "\nexport OSS_ACCESS_KEY_SECRET=" + secret +
		"\n# " + i18n.T(ctx, "keys.env.endpoint", "Endpoint", site) + "\n# " + i18n.T(ctx, "keys.env.path")
}

// keyFacts are what is known of a key.
func (p AccessKeyShowProps) facts(ctx context.Context) []ui.Row {
	k := p.Key
	rows := []ui.Row{
		{Label: i18n.T(ctx, "keys.id"), Value: k.ID, Copy: true},
		{Label: i18n.T(ctx, "field.key_user"), Value: joined(k.UserName, roleWord(ctx, k.Role))},
		{Label: i18n.T(ctx, "keys.limit"), Body: keyOperations(*k)},
		{Label: i18n.T(ctx, "keys.end"), Body: keyEndTime(*k)},
		{Label: i18n.T(ctx, "keys.created"), Value: joined(k.CreatorName, i18n.DateTime(ctx, k.CreatedAt))},
	}
	for _, g := range k.Grants {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "keys.grant"), Value: g.String(), Mono: true})
	}
	if k.UsedAt == nil {
		return append(rows, ui.Row{Label: i18n.T(ctx, "keys.used"), Value: i18n.T(ctx, "keys.unused")})
	}
	return append(rows,
		ui.Row{Label: i18n.T(ctx, "keys.used"), Body: ui.DateTime(*k.UsedAt, i18n.Relative(ctx, *k.UsedAt, p.Now))},
		ui.Row{Label: i18n.T(ctx, "keys.used-for"), Value: k.UsedFor, Mono: true},
		ui.Row{Label: i18n.T(ctx, "keys.used-from"), Value: k.UsedFrom, Mono: true},
		ui.Row{Label: i18n.T(ctx, "keys.used-with"), Value: k.UsedAgent})
}

func roleWord(ctx context.Context, r models.Role) string {
	if r == "" {
		return ""
	}
	return i18n.T(ctx, "role."+string(r))
}

// lost is what is lost with the key.
func (p AccessKeyShowProps) lost(ctx context.Context) []string {
	lost := []string{i18n.T(ctx, "keys.remove.key", "ID", p.Key.ID)}
	if n := len(p.Tokens); n > 0 {
		lost = append(lost, i18n.T(ctx, "keys.remove.tokens", "Count", n))
	}
	return append(lost, i18n.T(ctx, "keys.remove.calls"))
}

// callTime is when a call came, to the second.
func callTime(ctx context.Context, c models.Call) string {
	return c.At.In(i18n.Zone(ctx)).Format("2006-01-02 15:04:05 ") + i18n.ZoneName(ctx, c.At)
}

// callTook is how long a call took, to the millisecond.
func callTook(ctx context.Context, c models.Call) string {
	return i18n.Duration(ctx, max(time.Duration(c.TookMicros)*time.Microsecond, time.Millisecond))
}

// The lists of access keys and of their calls, of teams and of the site.
var (
	accessKeys = map[AccessKeyPlace]*ListView[models.AccessKey]{TeamKeys: keyList(TeamKeys, "keys.team."), SiteKeys: keyList(SiteKeys, "keys.site.")}
	calls      = map[AccessKeyPlace]*ListView[models.Call]{TeamKeys: callList(TeamKeys), SiteKeys: callList(SiteKeys)}
)

// Keys is the list of the place's keys.
func (p AccessKeyPlace) Keys() *ListView[models.AccessKey] { return accessKeys[p] }

// Calls is the list of the last calls of one of the place's keys.
func (p AccessKeyPlace) Calls() *ListView[models.Call] { return calls[p] }

func keyList(place AccessKeyPlace, words string) *ListView[models.AccessKey] {
	return &ListView[models.AccessKey]{
		ID: "key-list", Path: string(place), List: models.AccessKeys, Label: words + "title", ByServer: true,
		Columns: []ListColumn[models.AccessKey]{
			{Words: "field.key_name", Sort: "name", Name: true, Text: func(_ *ui.Cells, k *models.AccessKey) string { return k.Name }, Draw: func(c *ui.Cells, k *models.AccessKey) {
				c.Link(place.path(k.ID), k.Name)
				c.Open("span", "class", "line-note")
				c.Code(k.ID)
				c.Close("span")
			}},
			filed("keys.id", func(_ *ui.Cells, k *models.AccessKey) string { return k.ID }),
			{Words: "field.key_user", Sort: "user", Text: func(_ *ui.Cells, k *models.AccessKey) string { return k.UserName }, Draw: func(c *ui.Cells, k *models.AccessKey) {
				c.Text(k.UserName)
				c.Note(roleWord(c.Ctx, k.Role))
			}},
			emailed(func(k *models.AccessKey) string { return k.UserID }),
			{Words: "keys.limit", Sort: "limit", Draw: func(c *ui.Cells, k *models.AccessKey) { c.Text(keyLimit(c.Ctx, *k, len(c.Words["operations"]))) },
				Text: func(_ *ui.Cells, k *models.AccessKey) string { return strings.Join(k.Operations, " ") }},
			{Words: "keys.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, k *models.AccessKey) string { return keyState(c.Ctx, k.State(c.Now())) },
				Draw: func(c *ui.Cells, k *models.AccessKey) {
					state := k.State(c.Now())
					c.Badge(keyTones[state], keyState(c.Ctx, state))
				}},
			sorted("ends", plain("keys.end", "", func(c *ui.Cells, k *models.AccessKey) string { return keyEnd(c.Ctx, *k) })),
			{Words: "keys.used", Sort: "used", Class: "wide", Draw: drawKeyUse, Text: func(c *ui.Cells, k *models.AccessKey) string {
				if k.UsedAt == nil {
					return ""
				}
				return i18n.DateTime(c.Ctx, *k.UsedAt)
			}},
			filed("keys.used-for", func(_ *ui.Cells, k *models.AccessKey) string { return k.UsedFor }),
			filed("keys.used-from", func(_ *ui.Cells, k *models.AccessKey) string { return k.UsedFrom }),
			filed("keys.used-with", func(_ *ui.Cells, k *models.AccessKey) string { return k.UsedAgent }),
			filed("keys.created", func(c *ui.Cells, k *models.AccessKey) string {
				return joined(k.CreatorName, i18n.DateTime(c.Ctx, k.CreatedAt))
			}),
		},
		Head: func(ctx context.Context, _ ListAt) layout.PageProps {
			return layout.PageProps{Title: place.words(ctx, "title"), Subtitle: place.words(ctx, "subtitle"), Actions: newKeyLink(place)}
		},
		Empty: func(ctx context.Context, _ ListAt) ui.EmptyProps {
			return ui.EmptyProps{Icon: "key-round", Title: place.words(ctx, "none"), Text: place.words(ctx, "none-text"), Action: newKeyLink(place)}
		},
	}
}

func keyState(ctx context.Context, s models.KeyState) string {
	return i18n.T(ctx, "keys.state."+string(s))
}

// drawKeyUse draws when, for what, from where and with what a key was last used.
func drawKeyUse(c *ui.Cells, k *models.AccessKey) {
	if k.UsedAt == nil {
		c.In("span", "muted", i18n.T(c.Ctx, "keys.unused"))
		return
	}
	c.Moment(*k.UsedAt, c.Relative(*k.UsedAt))
	c.Note(joined(k.UsedFor, k.UsedFrom))
	drawAgent(c, k.UsedAgent, k.UsedAgent)
}

// drawAgent draws text with what a program calls itself, which may be long.
func drawAgent(c *ui.Cells, agent, text string) {
	if text != "" {
		c.Text(" ")
		c.Open("p", "class", "line-note key-agent", "title", agent)
		c.Text(text)
		c.Close("p")
	}
}

func callList(place AccessKeyPlace) *ListView[models.Call] {
	return &ListView[models.Call]{
		ID: "call-list", Path: place.path(":id"), Files: place.path(":id", "calls"), List: models.Calls, Label: "keys.calls.table", ByServer: true, Watched: true,
		Columns: []ListColumn[models.Call]{
			{Words: "keys.calls.operation", Sort: "operation", Name: true, Text: func(_ *ui.Cells, x *models.Call) string { return x.Operation }, Draw: func(c *ui.Cells, x *models.Call) {
				if c.Words["operations"][x.Operation] != "" {
					c.Link("/api/"+x.Operation, x.Operation)
				} else {
					c.Text(firstOf(x.Operation, "—"))
				}
				if place == SiteKeys && x.TeamID != "" {
					c.Note(i18n.T(c.Ctx, "keys.calls.team", "ID", x.TeamID))
				}
			}},
			{Words: "keys.calls.result", Sort: "result", Bare: true, Text: func(c *ui.Cells, x *models.Call) string { return callResult(c.Ctx, x) },
				Draw: func(c *ui.Cells, x *models.Call) {
					tone := ui.OK
					if x.Failed() {
						tone = ui.Danger
					}
					c.Badge(tone, callResult(c.Ctx, x))
				}},
			{Words: "keys.calls.at", Sort: "at", Text: func(c *ui.Cells, x *models.Call) string { return callTime(c.Ctx, *x) },
				Draw: func(c *ui.Cells, x *models.Call) { c.Moment(x.At, callTime(c.Ctx, *x)) }},
			{Words: "keys.calls.took", Sort: "took", Class: "num", Draw: func(c *ui.Cells, x *models.Call) {
				c.Text(callTook(c.Ctx, *x))
				c.Note("HTTP " + number(int64(x.Status)))
			}},
			filed("keys.calls.took", func(c *ui.Cells, x *models.Call) string { return callTook(c.Ctx, *x) }),
			filed("keys.calls.status", func(_ *ui.Cells, x *models.Call) string { return number(int64(x.Status)) }),
			{Words: "keys.calls.request", Sort: "request", Class: "wide", Spare: 58, Text: func(_ *ui.Cells, x *models.Call) string { return x.RequestID }, Draw: func(c *ui.Cells, x *models.Call) {
				c.Code(x.RequestID)
				drawAgent(c, x.Agent, joined(x.Address, x.Agent))
			}},
			filed("keys.used-from", func(_ *ui.Cells, x *models.Call) string { return x.Address }),
			filed("keys.used-with", func(_ *ui.Cells, x *models.Call) string { return x.Agent }),
		},
		Filters: []ListFilter{{Name: "failed", Values: "keys.calls.failed.", Off: "keys.calls.all", Icon: "eye", As: Switch}},
		Empty: func(ctx context.Context, _ ListAt) ui.EmptyProps {
			return ui.EmptyProps{Icon: "history", Title: i18n.T(ctx, "keys.calls.none"), Text: i18n.T(ctx, "keys.calls.none-text")}
		},
	}
}

// callResult is the code of a call that failed, or that it was done.
func callResult(ctx context.Context, c *models.Call) string {
	if c.Failed() {
		return c.Code
	}
	return i18n.T(ctx, "activity.result.done")
}

// cut says that the first day is not whole.
func (p AccessKeyShowProps) cut(ctx context.Context) string {
	if !p.Cut {
		return ""
	}
	return i18n.T(ctx, "keys.by-day.cut", "Day", i18n.DayMonth(ctx, p.Days[0].Day))
}

// callChart draws the calls of an access key by day, with those that failed.
func callChart(ctx context.Context, days []models.CallDay, id string) ui.ChartProps {
	done := ui.Series{Kind: ui.KindLook{Hue: "blue"}, Label: i18n.T(ctx, "keys.by-day.done")}
	failed := ui.Series{Kind: ui.KindLook{Hue: "danger"}, Label: i18n.T(ctx, "keys.by-day.failed")}
	chart := ui.ChartProps{ID: id, Label: i18n.T(ctx, "keys.by-day"), Corner: i18n.T(ctx, "keys.by-day.day"), Total: i18n.T(ctx, "keys.by-day.all"),
		Format: func(v float64) string { return i18n.Number(ctx, int64(v)) }}
	for i, d := range days {
		label := ui.ChartLabel{Long: i18n.DayMonth(ctx, d.Day)}
		if (len(days)-1-i)%7 == 0 { // a name a week fits
			label.Short = label.Long
		}
		chart.Labels = append(chart.Labels, label)
		done.Values, failed.Values = append(done.Values, float64(d.Calls-d.Failed)), append(failed.Values, float64(d.Failed))
	}
	chart.Series = []ui.Series{done, failed}
	return chart
}
