package views

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/views/i18n"
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

func apiOrderOptions(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, mode := range []string{models.RefuseAPIOrders, models.HoldAPIOrders} {
		options = append(options, ui.Option{Value: mode, Label: i18n.T(ctx, "keys.api-orders."+mode), Note: i18n.T(ctx, "keys.api-orders."+mode+"-note")})
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

// toggle leads to the calls that failed, or back to all.
func (p AccessKeyShowProps) toggle(ctx context.Context) ui.ButtonProps {
	b := ui.ButtonProps{Icon: "eye", Style: ui.Quiet, Small: true}
	if p.Failed {
		b.Text, b.Href = i18n.T(ctx, "keys.calls.all"), p.URL.With("failed", "")+"#calls"
	} else {
		b.Text, b.Href = i18n.T(ctx, "keys.calls.failed"), p.URL.With("failed", "true")+"#calls"
	}
	return b
}

// callTime is when a call came, to the second.
func callTime(ctx context.Context, c models.Call) string {
	return c.At.In(i18n.Zone(ctx)).Format("2006-01-02 15:04:05 ") + i18n.ZoneName(ctx, c.At)
}

// callTook is how long a call took, to the millisecond.
func callTook(ctx context.Context, c models.Call) string {
	return i18n.Duration(ctx, max(time.Duration(c.TookMicros)*time.Microsecond, time.Millisecond))
}
