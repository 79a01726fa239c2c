package api_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"quartermaster/handlers"
	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/sign"
	"quartermaster/web/webtest"
)

// product is one product's way of calling an operation that only reads.
type product struct {
	name string
	// request is the operation's request, not signed yet.
	request func(d *desk) sign.Request
	// sign signs it with a key.
	sign func(r sign.Request, k key, at time.Time, nonce string) sign.Request
	// codes are the product's own for what every product refuses.
	unknownKey, inactive, wrong, late, forbidden, noAPI, large, throttled string
	hasNonce                                                              bool
}

func roa(d *desk) sign.Request {
	return sign.Request{Method: "GET", Path: "/pop/v1/wam/category", Host: d.host(), Header: http.Header{"X-Acs-Version": {"2019-03-20"}}}
}

func rpc(d *desk) sign.Request {
	return sign.Request{Method: "GET", Path: "/", Host: d.host(), Header: http.Header{},
		Query: "Action=QueryProductList&Version=2017-12-14&PageNum=1&Format=JSON"}
}

// products are all of them, each in every way of signing that it knows.
var products = []product{
	{
		name: "roa v1", request: roa, hasNonce: true,
		sign: func(r sign.Request, k key, at time.Time, nonce string) sign.Request {
			return r.SignROA(k.ID, k.Secret, at, nonce)
		},
		unknownKey: "InvalidAccessKeyId.NotFound", inactive: "InvalidAccessKeyId.Inactive", wrong: "SignatureDoesNotMatch",
		late: "InvalidTimeStamp.Expired", forbidden: "PermissionDenied", noAPI: "InvalidApi.NotFound", large: "RequestEntityTooLarge", throttled: "Throttling.User",
	},
	{
		name: "roa v3", request: func(d *desk) sign.Request {
			r := roa(d)
			r.Header.Set("X-Acs-Action", "DescribeCategories")
			return r
		}, hasNonce: true,
		sign: func(r sign.Request, k key, at time.Time, nonce string) sign.Request {
			return r.SignACS3(k.ID, k.Secret, at, nonce)
		},
		unknownKey: "InvalidAccessKeyId.NotFound", inactive: "InvalidAccessKeyId.Inactive", wrong: "SignatureDoesNotMatch",
		late: "InvalidTimeStamp.Expired", forbidden: "PermissionDenied", noAPI: "InvalidApi.NotFound", large: "RequestEntityTooLarge", throttled: "Throttling.User",
	},
	{
		name: "rpc v1", request: rpc, hasNonce: true,
		sign: func(r sign.Request, k key, at time.Time, nonce string) sign.Request {
			return r.SignRPC(k.ID, k.Secret, at, nonce)
		},
		unknownKey: "InvalidAccessKeyId.NotFound", inactive: "InvalidAccessKeyId.Inactive", wrong: "SignatureDoesNotMatch",
		late: "InvalidTimeStamp.Expired", forbidden: "NotAuthorized", noAPI: "InvalidApi.NotFound", large: "RequestEntityTooLarge", throttled: "Throttling.User",
	},
	{
		name: "rpc v3", request: func(d *desk) sign.Request {
			return sign.Request{Method: "POST", Path: "/", Host: d.host(), Query: "PageNum=1",
				Header: http.Header{"X-Acs-Action": {"QueryProductList"}, "X-Acs-Version": {"2017-12-14"}}}
		}, hasNonce: true,
		sign: func(r sign.Request, k key, at time.Time, nonce string) sign.Request {
			return r.SignACS3(k.ID, k.Secret, at, nonce)
		},
		unknownKey: "InvalidAccessKeyId.NotFound", inactive: "InvalidAccessKeyId.Inactive", wrong: "SignatureDoesNotMatch",
		late: "InvalidTimeStamp.Expired", forbidden: "NotAuthorized", noAPI: "InvalidApi.NotFound", large: "RequestEntityTooLarge", throttled: "Throttling.User",
	},
	{
		name: "stores", request: func(d *desk) sign.Request {
			return sign.Request{Method: "POST", Path: "/v1/stores/list", Host: d.host(), Header: http.Header{}}
		},
		sign: func(r sign.Request, k key, at time.Time, _ string) sign.Request {
			return r.SignSDK(k.ID, k.Secret, at)
		},
		unknownKey: "APIGW.0301", inactive: "APIGW.0301", wrong: "APIGW.0301", late: "APIGW.0301",
		forbidden: "APIGW.0302", noAPI: "APIGW.0101", large: "APIGW.0201", throttled: "APIGW.0308",
	},
}

// refusalOf is the code of a refusal, which must have the shape of its product:
// every value a text, and the id that the header tells.
func refusalOf(t *testing.T, a answer) string {
	t.Helper()
	var fields map[string]string
	if err := json.Unmarshal([]byte(a.Body), &fields); err != nil {
		t.Fatalf("got %d %q, want a refusal as JSON: %v", a.Status, a.Body, err)
	}
	id := a.Header.Get("X-Request-Id")
	switch {
	case fields["error_code"] != "":
		if len(fields) != 3 || fields["request_id"] != id {
			t.Errorf("got %v with the id %s in the header, want the gateway's three fields", fields, id)
		}
		return fields["error_code"]
	case fields["code"] != "":
		if len(fields) != 2 {
			t.Errorf("got %v, want code and message", fields)
		}
		return fields["code"]
	}
	if len(fields) != 5 || fields["RequestId"] != id || a.Header.Get("X-Acs-Request-Id") != id || fields["HostId"] == "" {
		t.Errorf("got %v with the id %s in the header, want the five fields", fields, id)
	}
	return fields["Code"]
}

func each(t *testing.T, check func(t *testing.T, d *desk, p product)) {
	eachOf(t, products, check)
}

func eachOf(t *testing.T, some []product, check func(t *testing.T, d *desk, p product)) {
	t.Parallel()
	for _, p := range some {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t), p)
		})
	}
}

func TestSignedCallIsAnswered(t *testing.T) {
	each(t, func(t *testing.T, d *desk, p product) {
		a := d.send(t, p.sign(p.request(d), d.Key, d.DB.Now(), "n1"))
		if a.Status != http.StatusOK {
			t.Errorf("got %d %s, want 200", a.Status, a.Body)
		}
	})
}

// The order of signing.md §2 shows in what is refused first.
func TestCallIsRefusedUnlessItsKeySignedIt(t *testing.T) {
	each(t, func(t *testing.T, d *desk, p product) {
		now := d.DB.Now()
		stranger := d.Key
		stranger.ID = "QMNOBODY"
		forger := d.Key
		forger.Secret = "not the secret"
		for _, c := range []struct {
			name string
			r    sign.Request
			code string
		}{
			{"unknown key", p.sign(p.request(d), stranger, now, "a"), p.unknownKey},
			{"wrong secret", p.sign(p.request(d), forger, now, "b"), p.wrong},
			{"16 minutes late", p.sign(p.request(d), d.Key, now.Add(-16*time.Minute), "c"), p.late},
			{"16 minutes early", p.sign(p.request(d), d.Key, now.Add(16*time.Minute), "d"), p.late},
		} {
			a := d.send(t, c.r)
			if got := refusalOf(t, a); got != c.code {
				t.Errorf("%s: got %d %s, want %s", c.name, a.Status, got, c.code)
			}
		}
		if a := d.send(t, p.request(d)); a.Status/100 != 4 {
			t.Errorf("not signed: got %d %s, want a refusal", a.Status, a.Body)
		}
	})
}

func TestKeyThatWasEndedIsRefusedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *desk, p product) {
		ctx, admin := t.Context(), d.Team.Admin
		if _, err := d.DB.SetAccessKeyDisabled(ctx, admin, d.Key.ID, true); err != nil {
			t.Fatal(err)
		}
		a := d.send(t, p.sign(p.request(d), d.Key, d.DB.Now(), "n1"))
		if got := refusalOf(t, a); got != p.inactive {
			t.Errorf("disabled: got %s, want %s", got, p.inactive)
		}
		if _, err := d.DB.DeleteAccessKey(ctx, admin, d.Key.ID); err != nil {
			t.Fatal(err)
		}
		a = d.send(t, p.sign(p.request(d), d.Key, d.DB.Now(), "n2"))
		if got := refusalOf(t, a); got != p.unknownKey {
			t.Errorf("deleted: got %s, want %s", got, p.unknownKey)
		}
		own := d.newKey(t, models.AccessKeyInput{Name: "of one who leaves", User: d.Team.Requester.UserID})
		if _, err := d.DB.RemoveMember(ctx, admin, d.Team.Requester.UserID); err != nil {
			t.Fatal(err)
		}
		a = d.send(t, p.sign(p.request(d), own, d.DB.Now(), "n3"))
		if got := refusalOf(t, a); got != p.inactive {
			t.Errorf("no member any more: got %s, want %s", got, p.inactive)
		}
	})
}

func TestNonceWorksOnce(t *testing.T) {
	withNonce := slices.DeleteFunc(slices.Clone(products), func(p product) bool { return !p.hasNonce })
	eachOf(t, withNonce, func(t *testing.T, d *desk, p product) {
		r := p.sign(p.request(d), d.Key, d.DB.Now(), "once")
		var passed, used int
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				a := d.send(t, r)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case a.Status == http.StatusOK:
					passed++
				case refusalOf(t, a) == "SignatureNonceUsed":
					used++
				}
			})
		}
		all.Wait()
		if passed != 1 || used != 9 {
			t.Errorf("of ten with one nonce: got %d passed and %d refused for it, want 1 and 9", passed, used)
		}
		// A nonce whose signature was wrong is not used up.
		forger := d.Key
		forger.Secret = "not the secret"
		d.send(t, p.sign(p.request(d), forger, d.DB.Now(), "later"))
		if a := d.send(t, p.sign(p.request(d), d.Key, d.DB.Now(), "later")); a.Status != http.StatusOK {
			t.Errorf("a nonce that a stranger sent first: got %d %s, want 200", a.Status, a.Body)
		}
	})
}

func TestKeyIsLimitedToItsOperations(t *testing.T) {
	each(t, func(t *testing.T, d *desk, p product) {
		own := d.newKey(t, models.AccessKeyInput{Name: "only", User: d.Team.Requester.UserID, Operations: []string{"DescribeJob"}})
		a := d.send(t, p.sign(p.request(d), own, d.DB.Now(), "n1"))
		if got := refusalOf(t, a); got != p.forbidden {
			t.Errorf("got %s, want %s", got, p.forbidden)
		}
	})
}

func TestNothingElseOpensAnAPI(t *testing.T) {
	each(t, func(t *testing.T, d *desk, p product) {
		c := d.SignIn(t, models.Admin)
		r := p.request(d)
		r.Header.Set("Cookie", "qm_session="+c.Cookie(t, "qm_session"))
		a := d.send(t, r)
		if a.Status/100 != 4 || a.Header.Get("Location") != "" || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("with a session's cookie: got %d %v, want a refusal", a.Status, a.Header)
		}
		if p.name == "stores" {
			r = sign.Request{Method: "POST", Path: "/v1/stores/list", Host: d.host(), Header: http.Header{"X-Acs-Version": {"2019-03-20"}}}
			r = r.SignROA(d.Key.ID, d.Key.Secret, d.DB.Now(), "n1")
		} else {
			r = p.request(d).SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now())
		}
		if a := d.send(t, r); a.Status/100 != 4 {
			t.Errorf("signed as the other vendor does: got %d %s, want a refusal", a.Status, a.Body)
		}
	})
}

func TestWhatIsNotServedIsToldInTheProductsShape(t *testing.T) {
	each(t, func(t *testing.T, d *desk, p product) {
		r := p.request(d)
		switch {
		case r.Path != "/":
			r.Path += "s"
		case r.Header.Get("X-Acs-Action") != "":
			r.Header.Set("X-Acs-Action", "PayOrder")
		default:
			r.Query = strings.Replace(r.Query, "QueryProductList", "PayOrder", 1)
		}
		a := d.send(t, p.sign(r, d.Key, d.DB.Now(), "n1"))
		if got := refusalOf(t, a); got != p.noAPI || a.Status != http.StatusNotFound {
			t.Errorf("got %d %s, want 404 %s", a.Status, got, p.noAPI)
		}
	})
}

func TestTooLargeIsToldInTheProductsShape(t *testing.T) {
	each(t, func(t *testing.T, d *desk, p product) {
		r := p.request(d)
		r.Method, r.Body = "POST", []byte(strings.Repeat("a", web.MaxBody+1))
		a := d.send(t, r)
		if got := refusalOf(t, a); got != p.large || a.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("a body over the limit: got %d %s, want 413 %s", a.Status, got, p.large)
		}
		r = p.request(d)
		r.Header.Set("Content-Encoding", "gzip")
		if a := d.send(t, r); a.Status/100 != 4 || refusalOf(t, a) == "" {
			t.Errorf("a compressed body: got %d %s, want a refusal", a.Status, a.Body)
		}
		r = p.request(d)
		r.Query += "&x=" + strings.Repeat("a", 9<<10)
		if a := d.send(t, r); a.Status/100 != 4 || refusalOf(t, a) != p.large {
			t.Errorf("a long address: got %d %s, want %s", a.Status, a.Body, p.large)
		}
	})
}

func TestTooManyCallsAreToldToWait(t *testing.T) {
	t.Parallel()
	for _, p := range products {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			now := modelstest.NewClock()
			d := openWith(t, models.Options{Clock: now.Now}, 0.1)
			nonce := func(i int) string { return "n" + string(rune('a'+i)) }
			if a := d.send(t, p.sign(p.request(d), d.Key, d.DB.Now(), nonce(0))); a.Status != http.StatusOK {
				t.Fatalf("first call: got %d %s", a.Status, a.Body)
			}
			a := d.send(t, p.sign(p.request(d), d.Key, d.DB.Now(), nonce(1)))
			if got := refusalOf(t, a); got != p.throttled || a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "10" {
				t.Errorf("second call: got %d %s, Retry-After %q, want 429 %s and 10", a.Status, got, a.Header.Get("Retry-After"), p.throttled)
			}
			now.Move(10 * time.Second)
			if a := d.send(t, p.sign(p.request(d), d.Key, d.DB.Now(), nonce(2))); a.Status != http.StatusOK {
				t.Errorf("after that time: got %d %s, want 200", a.Status, a.Body)
			}
		})
	}
}

func TestConsoleStaysAtTheRoot(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, query := range []string{"", "?action=x", "?q=Action"} {
		page := d.SignIn(t, models.Viewer).Get(t, "/"+query)
		if page.Status != http.StatusOK || !strings.Contains(page.Header.Get("Content-Type"), "text/html") {
			t.Errorf("/%s: got %d %s, want the console", query, page.Status, page.Header.Get("Content-Type"))
		}
	}
	form := sign.Request{Method: "POST", Path: "/", Host: d.host(), Body: []byte(url.Values{"Action": {"QueryOrders"}}.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://elsewhere.example"}}}
	if a := d.send(t, form); a.Status/100 != 4 || !strings.Contains(a.Header.Get("Content-Type"), "xml") {
		t.Errorf("an action in a form: got %d %s, want a refusal as XML", a.Status, a.Header.Get("Content-Type"))
	}
}

func TestCallIsNotedForItsKey(t *testing.T) {
	each(t, func(t *testing.T, d *desk, p product) {
		forger := d.Key
		forger.Secret = "not the secret"
		a := d.send(t, p.sign(p.request(d), d.Key, d.DB.Now(), "n1"))
		d.send(t, p.sign(p.request(d), forger, d.DB.Now(), "n2"))
		if err := d.DB.FlushCalls(t.Context()); err != nil {
			t.Fatal(err)
		}
		calls, _, err := modelstest.List(t.Context(), d.DB, d.Team.Admin, models.Calls, list.Query{Of: d.Key.ID})
		if err != nil || len(calls) != 2 {
			t.Fatalf("got %d calls, %v, want 2", len(calls), err)
		}
		if calls[0].Code != p.wrong || calls[0].Status == http.StatusOK {
			t.Errorf("the later: got %d %s, want %s", calls[0].Status, calls[0].Code, p.wrong)
		}
		first := calls[1]
		if first.Code != "" || first.Status != http.StatusOK || first.Operation == "" || first.RequestID != a.Header.Get("X-Request-Id") || first.Address == "" {
			t.Errorf("the first: got %+v, want it with operation, request id %s and address", first, a.Header.Get("X-Request-Id"))
		}
	})
}

// withoutDigest is a request as the clients sign it that send no Content-MD5.
func withoutDigest(t *testing.T, d *desk, r sign.Request) sign.Request {
	t.Helper()
	r = r.SignROA(d.Key.ID, d.Key.Secret, d.DB.Now(), "")
	r.Header.Del("Content-Md5")
	claim, err := sign.ROA(r)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, []byte(d.Key.Secret))
	mac.Write([]byte(claim.StringToSign()))
	r.Header.Set("Authorization", "acs "+d.Key.ID+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

// Such a body gives no more than what the operation has in its body.
func TestABodyThatNobodySignedGivesWhatIsDocumentedThere(t *testing.T) {
	t.Parallel()
	d := open(t)
	app := d.app(t, "kept", region)
	for _, c := range []struct{ method, path, body string }{
		{"POST", "storage", "RegionId=cn-beijing&ClientToken=x"},
		{"POST", "storage", `{"RegionId":"cn-beijing"}`},
		{"POST", "application", "AppName=made&RegionId=cn-beijing"},
		{"POST", "application", `{"AppName":"made too","RegionId":"cn-beijing"}`},
		{"DELETE", "application", "AppId=" + app},
		{"DELETE", "application", `{"AppId":"` + app + `"}`},
	} {
		r := sign.Request{Method: c.method, Path: "/pop/v1/wam/" + c.path, Host: d.host(), Header: http.Header{"X-Acs-Version": {"2019-03-20"}}}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r = withoutDigest(t, d, r)
		r.Body = []byte(c.body)
		if got := d.send(t, r); (got.Status == http.StatusOK) != (c.method == "POST") {
			t.Errorf("%s %s with %s: got %d, %s", c.method, c.path, c.body, got.Status, got.Body)
		}
	}
	if _, err := d.DB.FindStorage(t.Context(), d.Team.Viewer, "cn-beijing"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("storage of the region in the body: got %v, want none", err)
	}
	if _, err := d.DB.FindStorage(t.Context(), d.Team.Viewer, region); err != nil {
		t.Errorf("storage of the default region: %v", err)
	}
	apps, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Apps, list.With("region", region))
	if err != nil || len(apps) != 3 {
		t.Errorf("got %d applications of the default region, %v; want the three", len(apps), err)
	}
}

// ROA V1 signs no body without its digest, so whoever passes such a request on
// can give it another. What is signed then counts.
func TestABodyThatNobodySignedChangesNothingSigned(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]struct{ kind, text string }{
		"form": {"application/x-www-form-urlencoded", "RegionId=cn-beijing&AppId="},
		"json": {"", `{"RegionId":"cn-beijing","AppId":"`},
	} {
		for _, inHeader := range []bool{true, false} {
			t.Run(fmt.Sprint(name, inHeader), func(t *testing.T) {
				t.Parallel()
				d := open(t)
				mine, other := d.app(t, "mine", region), d.app(t, "other", "cn-beijing")
				r := sign.Request{Method: "DELETE", Path: "/pop/v1/wam/application", Host: d.host(), Query: "AppId=" + mine, Header: http.Header{}}
				if inHeader {
					r.Header.Set("X-Acs-Region-Id", region)
				} else {
					r.Query += "&RegionId=" + region
				}
				r.Header.Set("X-Acs-Version", "2019-03-20")
				if body.kind != "" {
					r.Header.Set("Content-Type", body.kind)
				}
				r = withoutDigest(t, d, r)
				r.Body = []byte(body.text + other)
				if body.kind == "" {
					r.Body = append(r.Body, `"}`...)
				}
				if got := d.send(t, r); got.Status != http.StatusOK {
					t.Fatalf("got %d, %s; want 200", got.Status, got.Body)
				}
				if _, err := d.DB.FindApp(t.Context(), d.Team.Viewer, mine); !errors.Is(err, models.ErrNotFound) {
					t.Errorf("the one signed for: got %v, want it gone", err)
				}
				if _, err := d.DB.FindApp(t.Context(), d.Team.Viewer, other); err != nil {
					t.Errorf("the one in the body: got %v, want it there", err)
				}
			})
		}
	}
}

// A refusal is no fault of ours, and strangers must not be able to bury one
// among them.
func TestRefusalsAreNotLoggedAsFaults(t *testing.T) {
	t.Parallel()
	var faults strings.Builder
	db := modelstest.Open(t)
	site := web.Site{DB: db, Log: slog.New(slog.NewTextHandler(&faults, &slog.HandlerOptions{Level: slog.LevelError}))}
	h, err := handlers.Routes(handlers.Config{Site: site, Region: region})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Site: webtest.New(t, db, h)}
	d.Key = d.newKey(t, models.AccessKeyInput{Name: "script"})
	for _, p := range products {
		d.send(t, p.request(d)) // not signed
		d.send(t, p.sign(p.request(d), key{"QMUNKNOWN", "guessed"}, db.Now(), "1"))
		d.send(t, p.sign(p.request(d), key{d.Key.ID, "guessed"}, db.Now(), "2"))
		d.send(t, p.sign(p.request(d), d.Key, db.Now().Add(-time.Hour), "3"))
		for range 2 { // the second is a repeat
			d.send(t, p.sign(p.request(d), d.Key, db.Now(), p.name))
		}
	}
	order := sign.Request{Method: "GET", Path: "/", Host: d.host(), Query: "Action=CreateResourcePackage&Version=2017-12-14"}
	d.send(t, order.SignRPC(d.Key.ID, d.Key.Secret, db.Now(), "4"))
	if faults.Len() > 0 {
		t.Errorf("got %s, want no fault", faults.String())
	}
}

// A proxy that changes the Host makes every signature of the newer schemes wrong.
// That is told, and nothing more: the call is refused as any other.
func TestARefusalTellsOfAProxyThatChangesTheHost(t *testing.T) {
	t.Parallel()
	var out webtest.Log
	db := modelstest.Open(t)
	covered := slices.DeleteFunc(slices.Clone(products), func(p product) bool { return strings.HasSuffix(p.name, " v1") })
	for _, c := range []struct {
		site, signed, arrived string
		told                  bool
	}{
		{"https://desk.example.com", "desk.example.com", "127.0.0.1:8080", true},
		{"https://desk.example.com", "desk.example.com:443", "desk.example.com", true},
		{"https://desk.example.com:8443", "desk.example.com:8443", "desk.example.com", true},
		{"https://desk.example.com:8443", "desk.example.com", "desk.example.com:8443", true},
		{"https://desk.example.com", "other.example.com", "127.0.0.1:8080", false},
	} {
		h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db, BaseURL: c.site, Log: out.Logger(slog.LevelInfo)}, Region: region})
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{Site: webtest.New(t, db, h)}
		d.Key = d.newKey(t, models.AccessKeyInput{Name: "script"})
		for i, p := range covered {
			r := p.request(d)
			r.Host = c.signed
			r = p.sign(r, d.Key, db.Now(), fmt.Sprint(i))
			r.Host = c.arrived
			a := d.send(t, r)
			if got := refusalOf(t, a); got != p.wrong {
				t.Errorf("%s, signed for %s and arrived for %s: got %d %s, want %s", p.name, c.signed, c.arrived, a.Status, got, p.wrong)
			}
			told := strings.Contains(a.Body, fmt.Sprintf(`right for the host \"%s\", but the request arrived with the host \"%s\"`, c.signed, c.arrived)) &&
				strings.Contains(a.Body, "proxy_set_header Host $http_host;")
			if told != c.told {
				t.Errorf("%s, signed for %s and arrived for %s: got %s, want the proxy named %v", p.name, c.signed, c.arrived, a.Body, c.told)
			}
			line := out.Line(t, "request="+a.Header.Get("X-Request-Id"), "key="+d.Key.ID, "code="+p.wrong)
			if logged := strings.Contains(line, "signed_host="+c.signed+" host="+c.arrived); logged != c.told {
				t.Errorf("%s, signed for %s and arrived for %s: got the line %s", p.name, c.signed, c.arrived, line)
			}
			forged := p.request(d)
			forged.Host = c.signed
			forged = p.sign(forged, key{d.Key.ID, "guessed"}, db.Now(), "f")
			forged.Host = c.arrived
			if a := d.send(t, forged); strings.Contains(a.Body, "is right") {
				t.Errorf("%s with another secret: got %s", p.name, a.Body)
			}
		}
	}
}

func TestACallIsLoggedWithOperationKeyAndCode(t *testing.T) {
	t.Parallel()
	var out webtest.Log
	db := modelstest.Open(t)
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db, Log: out.Logger(slog.LevelInfo)}, Region: region})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Site: webtest.New(t, db, h)}
	d.Key = d.newKey(t, models.AccessKeyInput{Name: "script"})
	operations := map[string]string{"roa v1": "DescribeCategories", "roa v3": "DescribeCategories", "rpc v1": "QueryProductList", "rpc v3": "QueryProductList", "stores": "ListStores"}
	for i, p := range products {
		line := func(a answer) string { return out.Line(t, "request="+a.Header.Get("X-Request-Id")) }
		operation := " operation=" + operations[p.name]
		done := line(d.send(t, p.sign(p.request(d), d.Key, db.Now(), fmt.Sprint(i))))
		if !strings.HasSuffix(done, operation+" key="+d.Key.ID+"\n") {
			t.Errorf("%s: got %q, want operation and key at its end", p.name, done)
		}
		refused := line(d.send(t, p.sign(p.request(d), key{d.Key.ID, "guessed"}, db.Now(), "1")))
		if !strings.HasSuffix(refused, operation+" key="+d.Key.ID+" code="+p.wrong+"\n") {
			t.Errorf("%s, wrong secret: got %q, want operation, key and code at its end", p.name, refused)
		}
		swapped := line(d.send(t, p.sign(p.request(d), key{d.Key.Secret, d.Key.ID}, db.Now(), "2")))
		if !strings.HasSuffix(swapped, operation+" code="+p.unknownKey+"\n") || strings.Contains(out.String(), d.Key.Secret) {
			t.Errorf("%s, id and secret swapped: got %q, want no secret in it", p.name, swapped)
		}
	}
	long := sign.Request{Method: "GET", Path: "/", Host: d.host(), Query: "Action=" + strings.Repeat("A", 1000)}
	if line := out.Line(t, "request="+d.send(t, long).Header.Get("X-Request-Id")); len(line) > 500 {
		t.Errorf("a long name of an operation: got a line of %d bytes", len(line))
	}
}

// app is an application of the team.
func (d *desk) app(t testing.TB, name, region string) string {
	t.Helper()
	app, err := d.DB.CreateApp(t.Context(), d.Team.Requester, models.AppInput{Name: name, Region: region})
	if err != nil {
		t.Fatalf("create application: %v", err)
	}
	return app.ID
}

// At "/" a browser lands too, but not with an Action, however it is written.
func TestAnActionThatCannotBeReadIsACall(t *testing.T) {
	t.Parallel()
	d := open(t)
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, text := range []string{"Action=QueryOrders;x=1", "Action=%zz", "x=%&Action=QueryOrders", "%41ction=QueryOrders&y=;"} {
		for name, r := range map[string]sign.Request{
			"query": {Method: "GET", Path: "/", Host: d.host(), Query: text},
			"form":  {Method: "POST", Path: "/", Host: d.host(), Body: []byte(text), Header: form},
		} {
			got := d.send(t, r)
			if got.Status != http.StatusBadRequest || !strings.Contains(got.Body, "<Code>IncompleteSignature</Code>") {
				t.Errorf("%s in a %s: got %d, %q; want IncompleteSignature", text, name, got.Status, got.Body)
			}
		}
	}
}

// TestASignedCallAstrayIsAnsweredAsItsVendorDoes tries paths that none of the
// products has, as they come of a base URL with a path or a slash too many.
func TestASignedCallAstrayIsAnsweredAsItsVendorDoes(t *testing.T) {
	t.Parallel()
	for _, p := range products {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			for _, before := range []string{"/", "/api", "/v2", "/buckets", "/desk/team"} {
				r := p.request(d)
				r.Path = strings.TrimSuffix(before+r.Path, "/")
				if before == "/" {
					r.Path = "/" + p.request(d).Path
				}
				right := d.send(t, p.sign(r, d.Key, d.DB.Now(), d.DB.NewToken()))
				if code := refusalOf(t, right); code != p.noAPI || right.Status != http.StatusNotFound {
					t.Errorf("%s: got %d %s, want %s", r.Path, right.Status, right.Body, p.noAPI)
				}
				wrong := d.send(t, p.sign(r, key{d.Key.ID, "guessed"}, d.DB.Now(), d.DB.NewToken()))
				if code := refusalOf(t, wrong); code != p.wrong {
					t.Errorf("%s, signed wrongly: got %d %s, want %s", r.Path, wrong.Status, wrong.Body, p.wrong)
				}
			}
		})
	}
	d := open(t)
	a := d.send(t, sign.Request{Method: "POST", Path: "/v2/stores/list", Host: d.host(), Header: http.Header{"X-Auth-Token": {"none"}}})
	if code := refusalOf(t, a); code != "APIGW.0301" || !strings.Contains(a.Body, "error_msg") {
		t.Errorf("with a token: got %d %s, want APIGW.0301", a.Status, a.Body)
	}
	form := rpc(d)
	form.Method, form.Path = "POST", "/api"
	form = form.SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), d.DB.NewToken())
	form.Body, form.Query = []byte(form.Query), ""
	form.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if a := d.send(t, form); refusalOf(t, a) != "InvalidApi.NotFound" {
		t.Errorf("signed in a form: got %d %s, want InvalidApi.NotFound", a.Status, a.Body)
	}
}
