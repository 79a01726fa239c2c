package api_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"quartermaster/handlers"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// bench is a desk whose handler is called without a connection.
type bench struct {
	db   *models.DB
	team modelstest.Team
	key  key
	h    http.Handler
	n    atomic.Int64
	app  string
	rows int // of many

	folder string
}

func newBench(b *testing.B) *bench {
	b.Helper()
	folder := b.TempDir()
	db := modelstest.OpenWith(b, models.Options{Folder: folder})
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db, BaseURL: "http://desk.example.com"}, UploadLimit: 1 << 20, Region: region})
	if err != nil {
		b.Fatal(err)
	}
	s := &bench{db: db, team: modelstest.NewTeam(b, db), h: h, folder: folder}
	k, secret, err := db.CreateAccessKey(b.Context(), s.team.Admin, models.AccessKeyInput{Name: "bench", User: s.team.Requester.UserID})
	if err != nil {
		b.Fatal(err)
	}
	s.key = key{k.ID, secret}
	app, err := db.CreateApp(b.Context(), s.team.Requester, models.AppInput{Name: "shop", Region: region})
	if err != nil {
		b.Fatal(err)
	}
	s.app = app.ID
	s.fill(b, "UPDATE teams SET cu_quota = 1000000000")
	return s
}

// fill runs statements on the bench's database behind its back.
func (s *bench) fill(b *testing.B, statements ...string) {
	b.Helper()
	if modelstest.Postgres() {
		b.Skip("a million rows are written past the program, into SQLite's own file; PostgreSQL has none to open")
	}
	db, err := sql.Open("sqlite3", "file:"+strings.ReplaceAll(filepath.Join(s.folder, "quartermaster.db"), "#", "%23")+"?_busy_timeout=60000&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for _, st := range statements {
		if _, err := db.Exec(strings.NewReplacer("{team}", s.team.ID, "{app}", s.app).Replace(st)); err != nil {
			b.Fatalf("%s: %v", st, err)
		}
	}
}

// call signs a request, sends it and wants it done.
func (s *bench) call(sg signer, r sign.Request) error {
	r.Host = "desk.example.com"
	if r.Header == nil {
		r.Header = http.Header{}
	}
	req, err := sg(r, s.key, s.db.Now(), fmt.Sprint("n", s.n.Add(1))).HTTP("http://desk.example.com")
	if err != nil {
		return err
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, req)
	if w.Code != http.StatusOK && w.Code != http.StatusCreated && w.Code != http.StatusAccepted {
		return fmt.Errorf("%s %s: got %d %s", r.Method, r.Path, w.Code, w.Body)
	}
	return nil
}

type signer func(r sign.Request, k key, at time.Time, nonce string) sign.Request

func rpcV1(r sign.Request, k key, at time.Time, nonce string) sign.Request {
	return r.SignRPC(k.ID, k.Secret, at, nonce)
}

func roaV1(r sign.Request, k key, at time.Time, nonce string) sign.Request {
	return r.SignROA(k.ID, k.Secret, at, nonce)
}

func acs3(r sign.Request, k key, at time.Time, nonce string) sign.Request {
	return r.SignACS3(k.ID, k.Secret, at, nonce)
}

func sdk(r sign.Request, k key, at time.Time, _ string) sign.Request {
	return r.SignSDK(k.ID, k.Secret, at)
}

// maker is a create of one product: as a call, and as the order that it places.
type maker struct {
	name  string
	sign  signer
	call  func(s *bench, i int64) sign.Request
	order func(s *bench, i int64) models.LineInput
}

var makers = []maker{
	{"CreatePkgVersion", acs3, func(s *bench, i int64) sign.Request {
		return sign.Request{Method: "POST", Path: "/pop/v1/wam/pkgVersion", Header: http.Header{
			"X-Acs-Action": {"CreatePkgVersion"}, "X-Acs-Version": {"2019-03-20"}, "Content-Type": {"application/x-www-form-urlencoded"}},
			Body: []byte(url.Values{"AppId": {s.app}, "PkgVersionLabel": {fmt.Sprint("call-", i)}, "PackageSource": {"oss://elsewhere/a.zip"}}.Encode())}
	}, func(s *bench, i int64) models.LineInput {
		return &models.PkgVersionInput{AppID: s.app, Label: fmt.Sprint("order-", i), Source: "oss://elsewhere/a.zip"}
	}},
	{"CreateResourcePackage", rpcV1, func(s *bench, i int64) sign.Request {
		return sign.Request{Method: "POST", Path: "/", Query: url.Values{"Action": {"CreateResourcePackage"}, "Version": {"2017-12-14"}, "Format": {"JSON"},
			"ProductCode": {"ossbag"}, "PackageType": {"FPT_ossbag_absolute_Storage_sh"}, "Specification": {"40"}, "Duration": {"6"}, "PricingCycle": {"Month"}}.Encode()}
	}, func(s *bench, i int64) models.LineInput {
		return &models.PlanInput{ProductCode: "ossbag", PackageType: "FPT_ossbag_absolute_Storage_sh", Specification: "40", Duration: "6"}
	}},
	{"CreateStore", sdk, func(s *bench, i int64) sign.Request {
		return sign.Request{Method: "POST", Path: "/v1/stores/create", Header: http.Header{"Content-Type": {"application/json"}},
			Body: fmt.Appendf(nil, `{"store_name":"call-%d","region":"cn-north-7","availability_zones":["cn-north-7c"],"flavor":{"cu":"xlarge","num":1}}`, i)}
	}, func(s *bench, i int64) models.LineInput {
		return &models.StoreInput{Name: fmt.Sprint("order-", i), Region: "cn-north-7", Zones: []string{"cn-north-7c"}, CU: "xlarge", Num: 1}
	}},
}

// BenchmarkCreate measures a durable create by a signed call, through the whole
// handler, beside the same create without it.
func BenchmarkCreate(b *testing.B) {
	for _, m := range makers {
		for _, n := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/order/%d", m.name, n), func(b *testing.B) {
				s := newBench(b)
				by := s.team.Requester
				by.Face = models.ByAPI
				clients(b, n, func() error {
					_, err := s.db.PlaceOrder(b.Context(), by, models.OrderInput{Lines: []models.LineInput{m.order(s, s.n.Add(1))}})
					return err
				})
			})
			b.Run(fmt.Sprintf("%s/call/%d", m.name, n), func(b *testing.B) {
				s := newBench(b)
				clients(b, n, func() error { return s.call(m.sign, m.call(s, s.n.Add(1))) })
			})
		}
	}
}

// BenchmarkSignature measures what stands between a request and its operation:
// who signed, the key, the digest and the signature, and then the nonce of one
// that only reads.
func BenchmarkSignature(b *testing.B) {
	for name, c := range map[string]struct {
		sign  signer
		claim func(sign.Request) (*sign.Claim, error)
	}{"ROA1": {roaV1, sign.ROA}, "ACS3": {acs3, sign.ROA}, "RPC1": {rpcV1, sign.RPC}, "SDK": {sdk, sign.Huawei}} {
		m := makers[0]
		switch name {
		case "RPC1":
			m = makers[1]
		case "SDK":
			m = makers[2]
		}
		check := func(s *bench, r sign.Request) error {
			claim, err := c.claim(r)
			if err != nil {
				return err
			}
			caller, err := s.db.FindCaller(b.Context(), claim.KeyID, models.Actor{})
			if err != nil {
				return err
			}
			for _, err := range []error{claim.Fresh(s.db.Now()), claim.Intact(), claim.Verify(caller.Secret)} {
				if err != nil {
					return err
				}
			}
			return nil
		}
		signed := func(s *bench) sign.Request {
			r := m.call(s, 1)
			r.Host, r.Length = "desk.example.com", int64(len(r.Body))
			if r.Header == nil {
				r.Header = http.Header{}
			}
			return c.sign(r, s.key, s.db.Now(), "n")
		}
		b.Run(name, func(b *testing.B) {
			s := newBench(b)
			r := signed(s)
			clients(b, 1, func() error { return check(s, r) })
		})
	}
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("nonce/%d", n), func(b *testing.B) {
			s := newBench(b)
			clients(b, n, func() error { return s.db.UseNonce(b.Context(), s.key.ID, fmt.Sprint(s.n.Add(1))) })
		})
	}
}

// clients shares b.N calls among so many at once, and says what they cost the
// processor too: the time on the clock is the disk's and the neighbours'.
func clients(b *testing.B, n int, call func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	before := processor()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
}

// processor is how much time the program has had of the processor.
func processor() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// lists are the operations that list, each as its client asks for the first
// page.
var lists = []struct {
	name string
	sign signer
	call func(s *bench) sign.Request
}{
	{"DescribePkgVersions", roaV1, func(s *bench) sign.Request { return webPlusList("pkgVersion", "AppId="+s.app+"&PageSize=50") }},
	{"DescribePkgVersions-middle", roaV1, func(s *bench) sign.Request {
		return webPlusList("pkgVersion", fmt.Sprintf("AppId=%s&PageSize=50&PageNumber=%d", s.app, s.rows/100))
	}},
	{"DescribePkgVersions-label", roaV1, func(s *bench) sign.Request {
		return webPlusList("pkgVersion", fmt.Sprintf("AppId=%s&PkgVersionLabel=label-%d", s.app, s.rows/2))
	}},
	{"DescribePkgVersions-search", roaV1, func(s *bench) sign.Request {
		return webPlusList("pkgVersion", "AppId="+s.app+"&PkgVersionSearch=nothing")
	}},
	{"DescribeApplications", roaV1, func(*bench) sign.Request { return webPlusList("application", "PageSize=50") }},
	{"QueryResourcePackageInstances", rpcV1, func(*bench) sign.Request { return bssList("QueryResourcePackageInstances") }},
	{"QueryOrders", rpcV1, func(*bench) sign.Request { return bssList("QueryOrders") }},
	{"ListJobs", sdk, func(*bench) sign.Request {
		return sign.Request{Method: "POST", Path: "/v1/jobs/list", Query: "limit=50"}
	}},
	{"ListJobs-running", sdk, func(*bench) sign.Request {
		return sign.Request{Method: "POST", Path: "/v1/jobs/list", Query: "limit=50&status=Running"}
	}},
	{"ListStores-50", sdk, func(*bench) sign.Request { return sign.Request{Method: "POST", Path: "/v1/stores/list"} }},
}

func webPlusList(what, query string) sign.Request {
	return sign.Request{Method: "GET", Path: "/pop/v1/wam/" + what, Query: query, Header: http.Header{"X-Acs-Version": {"2019-03-20"}}}
}

func bssList(operation string) sign.Request {
	return sign.Request{Method: "GET", Path: "/", Query: "Action=" + operation + "&Version=2017-12-14&Format=JSON&PageNum=1&PageSize=50"}
}

// BenchmarkList measures the lists of a team that has few things and of one
// that has many. A store takes a part of a quota, of which there are always
// few; they are listed whole.
func BenchmarkList(b *testing.B) {
	for _, rows := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			s := newBench(b)
			s.many(b, rows)
			for _, l := range lists {
				b.Run(l.name, func(b *testing.B) {
					clients(b, 1, func() error { return s.call(l.sign, l.call(s)) })
				})
			}
		})
	}
}

// many gives the team so many rows of everything that is listed.
func (s *bench) many(b *testing.B, n int) {
	b.Helper()
	s.rows = n
	// One a second, the last just now: some lists look an hour back.
	at := fmt.Sprintf("strftime('%%Y-%%m-%%d %%H:%%M:%%S+00:00', %d + i, 'unixepoch')", s.db.Now().Unix()-int64(n))
	each := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n)
	s.fill(b,
		`INSERT INTO pkg_versions (id, team_id, app_id, app_name, region, label, description, source, state, order_number, created_by, creator_name, created_at, updated_at) `+each+
			`SELECT 'wp-' || i, '{team}', '{app}', 'shop', 'cn-hangzhou', 'label-' || i, '', 'oss://elsewhere/a.zip', 'UNVERIFIED', i, '', 'Ada', `+at+`, `+at+` FROM n`,
		fmt.Sprintf("UPDATE apps SET version_count = %d", n),
		`INSERT INTO apps (id, team_id, region, name, description, category, created_by, creator_name, created_at, updated_at) `+each+
			`SELECT 'wa-' || i, '{team}', 'cn-hangzhou', 'app-' || i, '', '', '', 'Ada', `+at+`, `+at+` FROM n`,
		`INSERT INTO plans (id, team_id, product_code, package_type, specification, unit, region, duration, pricing_cycle, effective_at, ends_at, currency, paid_minor, order_number, created_by, creator_name, created_at, updated_at) `+each+
			`SELECT 'OSSBAG-' || i, '{team}', 'ossbag', 'FPT_ossbag_absolute_Storage_sh', 40, 'GB', 'cn-shanghai', 6, 'Month', `+at+`, datetime(`+at+`, '+6 months'), 'CNY', 100, i, '', 'Ada', `+at+`, `+at+` FROM n`,
		`INSERT INTO orders (number, team_id, type, state, title, kinds, line_count, free, currency, list_minor, discount_minor, tax_minor, total_minor, cost_centre, note, rule, requested_by, requester_name, face, address, agent, request_id, created_at, updated_at, product_code) `+each+
			`SELECT i, '{team}', 'New', 'completed', 'plan', 'plan', 1, 0, 'CNY', 100, 0, 0, 100, '', '', 'none', '', 'Ada', 'api', '', '', '', `+at+`, `+at+`, 'ossbag' FROM n`,
		`INSERT INTO order_lines (order_number, position, team_id, kind, name, detail, region, input, sku, currency, unit, unit_micro, quantity, units, term_n, term_unit, hourly_micro, monthly_estimate_minor, list_minor, discount_minor, amount_minor, price_source, price_ours, state, resource_id, resource_name) `+each+
			`SELECT i, 1, '{team}', 'plan', 'FPT_ossbag_absolute_Storage_sh', '40 GB', 'cn-shanghai', '{}', 'x', 'CNY', 'month', 1, 1, 6, 6, 'month', 0, 0, 100, 0, 100, '', 1, 'completed', 'OSSBAG-' || i, 'OSSBAG-' || i FROM n`,
		`INSERT INTO jobs (id, team_id, kind, subject_id, subject_name, payload, state, steps, run_at, created_by, created_at) `+each+
			`SELECT 'job-' || i, '{team}', 'CreateStore', 'store-' || i, 'store', '{}', 'completed', '[]', `+at+`, '', `+at+` FROM n`,
		`INSERT INTO stores (id, team_id, region, name, zones, cu, num, charge_mode, period_type, period_num, auto_renew, auto_pay, state, job_id, order_number, created_by, creator_name, created_at, updated_at) `+
			strings.Replace(each, fmt.Sprint(n), "50", 1)+
			`SELECT 'store-' || i, '{team}', 'cn-north-7', 'store-' || i, '["cn-north-7c"]', 'xlarge', 1, 'postPaid', '', 0, 0, 0, 'NORMAL', '', i, '', 'Ada', `+at+`, `+at+` FROM n`,
		fmt.Sprintf(`INSERT OR REPLACE INTO counters (team_id, name, value) VALUES ('{team}', 'app.cn-hangzhou', %d + 1), ('{team}', 'plan', %[1]d),
			('{team}', 'plan.ossbag', %[1]d), ('{team}', 'version', %[1]d), ('{team}', 'order', %[1]d), ('{team}', 'order.paid', %[1]d)`, n))
}
