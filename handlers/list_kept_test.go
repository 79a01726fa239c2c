package handlers_test

import (
	"net/http"
	"testing"
	"time"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// keptLists are the lists whose rows are kept as drawn, with what changes a row's
// columns, each to a value that is seen, and the words that it takes from
// elsewhere.
var keptLists = map[string][]string{
	"/orders?free=true": {
		"UPDATE orders SET type = 'Renew'", "UPDATE orders SET state = 'failed'", "UPDATE orders SET title = 'x' || title", "UPDATE orders SET kinds = 'plan,bucket'",
		"UPDATE orders SET line_count = line_count + 1", "UPDATE orders SET currency = 'USD'", "UPDATE orders SET total_minor = 123456", "UPDATE orders SET total_minor = 0",
		"UPDATE orders SET free = true", "UPDATE orders SET requester_name = '<b>'", "UPDATE orders SET created_at = '2020-01-02 03:04:05+00:00'",
		"UPDATE orders SET title = 'FPT_ossbag_absolute_Storage_china_common', type = 'New', kinds = 'plan', line_count = 1",
		"UPDATE package_types SET en = 'Other', zh = '其他'", "UPDATE package_types SET en = 'Third', zh = '第三'",
	},
	"/plans": {
		"UPDATE plans SET package_type = 'FPT_ossbag_periodMonthlyAcc_NetworkOut_china_common'", "UPDATE plans SET specification = 1000", "UPDATE plans SET effective_at = '2026-01-02 03:04:05+00:00'",
		"UPDATE plans SET ends_at = '2027-01-02 03:04:05+00:00'", "UPDATE plans SET package_type = 'FPT_ossbag_absolute_Storage_china_common', used = 5000000000, measured_at = '2026-11-21 03:04:05+00:00'",
		"UPDATE plans SET used = 6000000000", "UPDATE plans SET exhausted_at = '2026-11-21 03:04:05+00:00'", "UPDATE plans SET currency = 'USD'", "UPDATE plans SET paid_minor = 123456",
		"UPDATE plans SET note = '<b>'", "UPDATE plans SET held = true, effective_at = '2026-12-02 03:04:05+00:00'",
		"UPDATE plans SET held = false, exhausted_at = NULL",
		"UPDATE package_types SET en = 'Other', zh = '其他'", "UPDATE package_types SET en = 'Third', zh = '第三'",
	},
}

func TestRowsThatAreKeptShowEachChangeAtOnce(t *testing.T) {
	t.Parallel()
	for path, changes := range keptLists {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			o := modelstest.Choose(t, models.Options{Clock: modelstest.NewClock().Now, Operations: api.Documented().Limits()})
			site := openForgetful(t, o)
			place(t, site, paidOrder())
			english, chinese := site.SignIn(t, models.Admin), site.SignIn(t, models.Viewer)
			chinese.Header.Set("Accept-Language", "zh")
			english.Get(t, path)
			was := english.Get(t, path).Body
			same := func(what string) (now string) {
				t.Helper()
				for _, c := range []*webtest.Client{english, chinese, english} {
					kept := c.Get(t, path)
					fresh := c.Do(t, http.MethodGet, path, nil, http.Header{"Forget": {"rows"}})
					if kept.Status != 200 || kept.Body != fresh.Body {
						t.Errorf("%s: with rows that are kept the page has %q, and without %q", what, kept.Text("tbody"), fresh.Text("tbody"))
					}
					now = kept.Body
				}
				return now
			}
			for _, change := range changes {
				modelstest.Exec(t, o, change)
				now := same(change)
				if now == was {
					t.Errorf("%s changes nothing that is seen", change)
				}
				was = now
			}
			for _, zone := range []string{"America/New_York", "Asia/Tokyo"} {
				modelstest.Exec(t, o, "UPDATE users SET zone = ?", zone)
				same(zone)
			}
			for _, d := range []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour, 10 * 24 * time.Hour, 400 * 24 * time.Hour, -400 * 24 * time.Hour} {
				modelstest.Exec(t, o, "UPDATE teams SET clock_offset_ms = clock_offset_ms + ?", d.Milliseconds())
				same(d.String())
			}
		})
	}
}

// openForgetful is open with a server that has kept no rows where a request says
// so.
func openForgetful(t *testing.T, o models.Options) *webtest.Site {
	t.Helper()
	db := modelstest.OpenWith(t, o)
	routes := func() http.Handler {
		h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db}, UploadLimit: 1 << 20})
		if err != nil {
			t.Fatalf("routes: %v", err)
		}
		return h
	}
	remembering := routes()
	return webtest.New(t, db, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Forget") != "" {
			routes().ServeHTTP(w, r)
			return
		}
		remembering.ServeHTTP(w, r)
	}))
}
