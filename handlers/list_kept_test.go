package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// keptLists are the lists, whose rows are kept as drawn where that is known to be
// right, with what changes a row's columns, each to a value that is seen, and the
// words that it takes from elsewhere. :key, :plan and :bucket are those that rows
// are below.
var keptLists = map[string][]string{
	"/orders?free=true": {
		"UPDATE orders SET type = 'Renew'", "UPDATE orders SET state = 'failed'", "UPDATE orders SET title = 'x' || title", "UPDATE orders SET kinds = 'plan,bucket'",
		"UPDATE orders SET line_count = line_count + 1", "UPDATE orders SET pay_currency = 'USD'", "UPDATE orders SET pay_minor = 123456", "UPDATE orders SET pay_minor = 0",
		"UPDATE orders SET free = true", "UPDATE orders SET requester_name = '<b>'", "UPDATE orders SET created_at = '2020-01-02 03:04:05+00:00'",
		"UPDATE orders SET title = 'FPT_ossbag_absolute_Storage_china_common', type = 'New', kinds = 'plan', line_count = 1",
		"UPDATE package_types SET en = 'Other', zh = '其他'", "UPDATE package_types SET en = 'Third', zh = '第三'",
	},
	"/orders?columns=order.po-number,order.state,order.reason": {
		"UPDATE orders SET po_number = '<b>'", "UPDATE orders SET note = '<i>'", "UPDATE orders SET state = 'failed'",
	},
	"/plans": {
		"UPDATE plans SET package_type = 'FPT_ossbag_periodMonthlyAcc_NetworkOut_china_common'", "UPDATE plans SET specification = 1000", "UPDATE plans SET effective_at = '2026-01-02 03:04:05+00:00'",
		"UPDATE plans SET ends_at = '2027-01-02 03:04:05+00:00'", "UPDATE plans SET package_type = 'FPT_ossbag_absolute_Storage_china_common', used = 5000000000, measured_at = '2026-11-21 03:04:05+00:00'",
		"UPDATE plans SET used = 6000000000", "UPDATE plans SET exhausted_at = '2026-11-21 03:04:05+00:00'", "UPDATE plans SET currency = 'USD'", "UPDATE plans SET paid_minor = 123456",
		"UPDATE plans SET note = '<b>'", "UPDATE plans SET held = true, effective_at = '2026-12-02 03:04:05+00:00'",
		"UPDATE plans SET held = false, exhausted_at = NULL",
		"UPDATE package_types SET en = 'Other', zh = '其他'", "UPDATE package_types SET en = 'Third', zh = '第三'",
	},
	"/buckets": {
		"UPDATE buckets SET name = 'other'", "UPDATE buckets SET id = 'b'", "UPDATE buckets SET description = '<b>'", "UPDATE buckets SET tags = '[\"a\",\"b\"]'", "UPDATE buckets SET region = 'cn-beijing'",
		"UPDATE buckets SET used_bytes = 5000000000", "UPDATE buckets SET size_limit = 6000000000", "UPDATE buckets SET size_limit = 0", "UPDATE buckets SET object_count = 12",
		"UPDATE buckets SET creator_name = '<i>'", "UPDATE buckets SET created_at = '2020-01-02 03:04:05+00:00'",
		"UPDATE regions SET en = 'Other', zh = '其他'", "DELETE FROM regions",
	},
	"/stores": {
		"UPDATE stores SET state = 'RUNNING'", "UPDATE stores SET id = 's'", "UPDATE stores SET name = 'other'", "UPDATE stores SET description = '<b>'", "UPDATE stores SET zones = '[\"cn-north-7c\",\"cn-north-7a\"]'",
		"UPDATE stores SET cu = 'large'", "UPDATE stores SET num = 3", "UPDATE stores SET charge_mode = 'prePaid', period_type = 'month', period_num = 2", "UPDATE stores SET period_num = 3",
		"UPDATE stores SET period_type = 'year'", "UPDATE stores SET ends_at = '2027-01-02 03:04:05+00:00'", "UPDATE stores SET creator_name = '<i>'", "UPDATE stores SET created_at = '2020-01-02 03:04:05+00:00'",
		"UPDATE regions SET zones = '[{\"id\": \"cn-north-7c\", \"zh\": \"其他\", \"en\": \"Other\"}]'", "UPDATE regions SET en = 'Other', zh = '其他'", "UPDATE stores SET region = 'elsewhere'",
	},
	"/apps": {
		"UPDATE apps SET name = 'other'", "UPDATE apps SET description = '<b>'", "UPDATE apps SET region = 'cn-beijing'", "UPDATE apps SET category = 'tool'", "UPDATE apps SET version_count = 12",
		"UPDATE apps SET creator_name = '<i>'", "UPDATE apps SET created_at = '2020-01-02 03:04:05+00:00'",
		"UPDATE regions SET en = 'Other', zh = '其他'",
	},
	"/pkg-versions": {
		`INSERT INTO pkg_versions (id, team_id, app_id, app_name, label, description, source, state, order_number, created_by, creator_name, created_at, updated_at)
			SELECT 'v', team_id, id, name, '1.0', '', 'obs://a/b.zip', 'UNVERIFIED', 0, '', 'x', created_at, created_at FROM apps`,
		"UPDATE pkg_versions SET id = 'w'", "UPDATE pkg_versions SET app_name = 'other'", "UPDATE pkg_versions SET label = '<b>'", "UPDATE pkg_versions SET description = '<i>'", "UPDATE pkg_versions SET source = 'obs://c/d.zip'",
		`INSERT INTO objects (id, team_id, bucket_id, key, size, content_type, sha256, md5, blob, created_by, creator_name, created_at)
			SELECT 'o', team_id, id, 'k', 1, '', '', '', '', '', '', created_at FROM buckets`,
		"UPDATE pkg_versions SET state = 'READY', object_id = 'o'", "UPDATE pkg_versions SET size = 5000", "UPDATE pkg_versions SET state = 'FAILED'", "UPDATE pkg_versions SET state = 'CHECKING'", "UPDATE pkg_versions SET state = 'READY'",
		"UPDATE pkg_versions SET creator_name = '<i>'", "UPDATE pkg_versions SET created_at = '2020-01-02 03:04:05+00:00'",
	},
	"/activity": {
		`INSERT INTO events (id, at, user_id, user_name, action, result, kind, subject_id, subject_name, detail, face, address, agent, key_id, team_id, region, order_number, request_id)
			SELECT 'z', at, '', '<b>', 'bucket.deleted', 'done', 'bucket', 'x', 'other', '', 'api', '192.0.2.7', 'curl', '', team_id, region, 0, 'r' FROM events WHERE kind = 'bucket' LIMIT 1`,
		"UPDATE buckets SET id = 'b'",
	},
	"/team/keys": {
		"UPDATE access_keys SET name = '<b>'", "UPDATE access_keys SET operations = '[\"ListStores\"]'", "UPDATE access_keys SET operations = '[\"ListStores\",\"ShowStore\"]'",
		"UPDATE access_keys SET expires_at = '2027-01-02 03:04:05+00:00'", "UPDATE access_keys SET disabled = true", "UPDATE access_keys SET used_at = '2026-11-21 03:04:05+00:00'",
		"UPDATE access_keys SET used_for = 'ListStores'", "UPDATE access_keys SET used_from = '192.0.2.7'", "UPDATE access_keys SET used_agent = '<i>'", "UPDATE access_keys SET disabled = false",
		"UPDATE memberships SET role = 'approver' WHERE user_id IN (SELECT user_id FROM access_keys)", "UPDATE users SET name = 'Other' WHERE id IN (SELECT user_id FROM access_keys)",
	},
	"/team/keys/:key": {
		"UPDATE api_calls SET operation = 'ListStores'", "UPDATE api_calls SET status = 404", "UPDATE api_calls SET code = '<b>'", "UPDATE api_calls SET took_micros = 123456",
		"UPDATE api_calls SET request_id = 'other'", "UPDATE api_calls SET address = '192.0.2.7'", "UPDATE api_calls SET agent = '<i>'", "UPDATE api_calls SET at = '2020-01-02 03:04:05+00:00'",
	},
	"/plans/:plan": {
		`INSERT INTO plan_deductions (plan_id, day, bucket_id, team_id, bucket_name, region, quantity, measured_at)
			SELECT id, 20260101, 'gone', team_id, 'b', 'cn-hangzhou', 1, created_at FROM plans`,
		"UPDATE plan_deductions SET day = 20260102", "UPDATE plan_deductions SET bucket_name = '<b>'", "UPDATE plan_deductions SET region = 'cn-beijing'", "UPDATE plan_deductions SET quantity = 5000000000",
		"UPDATE plan_deductions SET bucket_id = (SELECT id FROM buckets)", "UPDATE regions SET en = 'Other', zh = '其他'",
	},
	"/team": {
		"UPDATE users SET name = '<b>' WHERE id IN (:others)", "UPDATE users SET email = 'x' || email WHERE id IN (:others)", "UPDATE users SET password_hash = 'x' WHERE id IN (:others)",
		"UPDATE users SET disabled = true WHERE id IN (:others)", "UPDATE memberships SET role = 'approver' WHERE user_id IN (:others)", "UPDATE memberships SET created_at = '2020-01-02 03:04:05+00:00'",
		"UPDATE memberships SET user_name = '0' WHERE role = 'viewer'",
	},
	"/buckets/:bucket": {
		`INSERT INTO objects (id, team_id, bucket_id, key, size, content_type, sha256, md5, blob, created_by, creator_name, created_at)
			SELECT 'o', team_id, id, 'k', 1, '', '', '', '', '', '', created_at FROM buckets`,
		"UPDATE objects SET key = '<b>'", "UPDATE objects SET size = 5000000000", "UPDATE objects SET creator_name = '<i>'", "UPDATE objects SET created_at = '2020-01-02 03:04:05+00:00'",
		"UPDATE objects SET key = 'dir/' || key",
	},
}

func TestRowsThatAreKeptShowEachChangeAtOnce(t *testing.T) {
	t.Parallel()
	for path, changes := range keptLists {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			o := modelstest.Choose(t, models.Options{Clock: modelstest.NewClock().Now, Operations: api.Documented().Limits()})
			site := openForgetful(t, o)
			plan := place(t, site, paidOrder()).Lines[0].ResourceID
			bucket := place(t, site, models.OrderInput{Lines: []models.LineInput{
				&models.BucketInput{Region: "cn-hangzhou"},
				&models.StoreInput{Name: "docs", Region: "cn-north-7", Zones: []string{"cn-north-7a"}, CU: "xlarge", Num: 1, ChargeMode: "postPaid"},
			}}).Lines[0].ResourceID
			newApp(t, site, "shop")
			key, _ := teamKey(t, site, models.AccessKeyInput{})
			site.DB.NoteCall(models.Call{KeyID: key.ID, At: site.DB.Now()})
			if err := site.DB.FlushCalls(t.Context()); err != nil {
				t.Fatal(err)
			}
			other := models.Viewer
			if strings.HasPrefix(path, "/team/keys") {
				other = models.Admin
			}
			english, chinese := site.SignIn(t, models.Admin), site.SignIn(t, other)
			chinese.Header.Set("Accept-Language", "zh")
			named := strings.NewReplacer(":key", key.ID, ":plan", plan, ":bucket", bucket, ":others", "'"+site.Team.Requester.UserID+"', '"+site.Team.Approver.UserID+"'")
			path := named.Replace(path)
			english.Get(t, path)
			was := rowsOf(english.Get(t, path))
			same := func(what string) (now string) {
				t.Helper()
				for _, c := range []*webtest.Client{english, chinese, english} {
					kept := c.Get(t, path)
					fresh := c.Do(t, http.MethodGet, path, nil, http.Header{"Forget": {"rows"}})
					if kept.Status != 200 || rowsOf(kept) != rowsOf(fresh) {
						t.Errorf("%s: with rows that are kept the page has %q, and without %q", what, kept.Text("tbody"), fresh.Text("tbody"))
					}
					now = rowsOf(kept)
				}
				return now
			}
			for _, change := range changes {
				modelstest.Exec(t, o, named.Replace(change))
				now := same(change)
				if now == was && !strings.HasPrefix(change, "INSERT INTO objects") {
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

// rowsOf is what a page has of its list.
func rowsOf(p *webtest.Page) string {
	return fmt.Sprint(p.Find("tbody, .day, .pager").Map(func(_ int, s *goquery.Selection) string {
		html, err := goquery.OuterHtml(s)
		return fmt.Sprint(html, err)
	}))
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
