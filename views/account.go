package views

import (
	"context"
	"strings"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// zones are the time zones that the account page offers, from west to east. The
// words are in the catalogue under "zone.<name>".
var zones = []string{
	"Pacific/Honolulu", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York",
	"America/Sao_Paulo", "UTC", "Europe/London", "Europe/Paris", "Europe/Berlin", "Africa/Johannesburg",
	"Europe/Moscow", "Asia/Dubai", "Asia/Kolkata", "Asia/Bangkok", "Asia/Jakarta", "Asia/Shanghai",
	"Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Asia/Seoul", "Australia/Sydney", "Pacific/Auckland",
}

func zoneOptions(ctx context.Context) []ui.Option {
	options := []ui.Option{{Label: i18n.T(ctx, "zone.auto")}}
	for _, z := range zones {
		options = append(options, ui.Option{Value: z, Label: i18n.T(ctx, "zone."+z)})
	}
	return options
}

func languageOptions(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Label: i18n.T(ctx, "language.auto")},
		{Value: "zh", Label: "中文"},
		{Value: "en", Label: "English"},
	}
}

func themeOptions(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Label: i18n.T(ctx, "ui.theme.system")},
		{Value: "light", Label: i18n.T(ctx, "ui.theme.light")},
		{Value: "dark", Label: i18n.T(ctx, "ui.theme.dark")},
	}
}

// browsers and systems are the common names of what a User-Agent describes. The
// first that fits is taken, so those that pretend to be others come before
// them.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"MicroMessenger", "WeChat"}, {"QQBrowser", "QQ Browser"},
		{"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}}
	systems = [][2]string{{"HarmonyOS", "HarmonyOS"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"},
		{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}}
)

// browserName is what a person would call the browser behind a User-Agent.
func browserName(ctx context.Context, agent string) string {
	browser, system := named(agent, browsers), named(agent, systems)
	switch {
	case browser == "":
		return i18n.T(ctx, "account.unknown-browser")
	case system == "":
		return browser
	}
	return i18n.T(ctx, "account.browser-on", "Browser", browser, "System", system)
}

func named(agent string, names [][2]string) string {
	for _, n := range names {
		if strings.Contains(agent, n[0]) {
			return n[1]
		}
	}
	return ""
}

func roleOptions(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(models.Roles))
	for i, r := range models.Roles {
		options[i] = ui.Option{Value: string(r), Label: i18n.T(ctx, "role."+string(r))}
	}
	return options
}

// passwordRoom is how much a field for a password takes: 256 characters in as
// many pieces as a keyboard may write them. A field that cut it would let nobody
// notice.
const passwordRoom = "1024"
