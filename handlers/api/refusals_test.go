package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// signers are the ways to sign of the products that refuse alike; client is the
// column of the matrix.
var signers = []struct {
	client, product string
	request         func(*desk) sign.Request
	sign            func(r sign.Request, id, secret string, at time.Time, nonce string) sign.Request
}{
	{"http roa1", "webplus", roa, sign.Request.SignROA},
	{"http v3", "webplus", roa, sign.Request.SignACS3},
	{"http rpc1", "bss", rpc, sign.Request.SignRPC},
	{"http v3", "bss", rpc3, sign.Request.SignACS3},
}

func rpc3(d *desk) sign.Request {
	return sign.Request{Method: "POST", Path: "/", Host: d.host(), Query: "PageNum=1",
		Header: http.Header{"X-Acs-Action": {"QueryProductList"}, "X-Acs-Version": {"2017-12-14"}}}
}

// set changes a parameter of the query; "" takes it away.
func set(r sign.Request, name, value string) sign.Request {
	query, _ := url.ParseQuery(r.Query)
	query.Del(name)
	if value != "" {
		query.Set(name, value)
	}
	r.Query = query.Encode()
	return r
}

// head changes a header; "" takes it away.
func head(r sign.Request, name, value string) sign.Request {
	r.Header = r.Header.Clone()
	r.Header.Del(name)
	if value != "" {
		r.Header.Set(name, value)
	}
	return r
}

// TestEveryCommonRefusal tries each error that all operations of Web+ and BSS
// have in common, in each way to sign in which it can come about.
func TestEveryCommonRefusal(t *testing.T) {
	t.Parallel()
	for _, s := range signers {
		t.Run(s.product+" "+s.client, func(t *testing.T) {
			t.Parallel()
			clock := modelstest.NewClock()
			d := openWith(t, models.Options{Clock: clock.Now}, 5)
			rpc1 := s.client == "http rpc1"
			roa1 := s.client == "http roa1"
			plain := head(s.request(d), "Accept", "application/json")
			signed := func(r sign.Request, k key, at time.Time) sign.Request {
				clock.Move(time.Second) // keeps below the limit of calls
				return s.sign(r, k.ID, k.Secret, at, d.DB.NewToken())
			}
			good := func() sign.Request { return signed(plain, d.Key, d.DB.Now()) }
			want := func(code string, r sign.Request) {
				t.Helper()
				a := d.send(t, r)
				var o outcome
				if strings.HasPrefix(a.Body, "<") {
					o.readError(t, a.Body)
				} else {
					o.Code = refusalOf(t, a)
				}
				if o.Code != code {
					t.Errorf("got %d %s, want %s", a.Status, a.Body, code)
				}
				covers(t, s.product, "error "+code, s.client)
			}

			want("InvalidAccessKeyId.NotFound", signed(plain, key{"QMNOBODY", d.Key.Secret}, d.DB.Now()))
			want("SignatureDoesNotMatch", signed(plain, key{d.Key.ID, "another"}, d.DB.Now()))
			want("InvalidTimeStamp.Expired", signed(plain, d.Key, d.DB.Now().Add(-16*time.Minute)))
			want("InvalidTimeStamp.Expired", signed(plain, d.Key, d.DB.Now().Add(16*time.Minute)))
			once := good()
			if a := d.send(t, once); a.Status != http.StatusOK {
				t.Errorf("got %d %s, want 200", a.Status, a.Body)
			}
			want("SignatureNonceUsed", once)
			if rpc1 {
				want("InvalidVersion", signed(set(plain, "Version", "2011-01-01"), d.Key, d.DB.Now()))
				want("InvalidTimeStamp.Format", set(good(), "Timestamp", "yesterday"))
				want("InvalidSignatureMethod", set(good(), "SignatureMethod", "HMAC-MD5"))
				for _, name := range []string{"AccessKeyId", "Signature", "SignatureNonce", "Timestamp"} {
					want("Missing"+name, set(good(), name, ""))
				}
			} else {
				want("InvalidVersion", signed(head(plain, "X-Acs-Version", "2011-01-01"), d.Key, d.DB.Now()))
				want("InvalidVersion", signed(head(plain, "X-Acs-Version", ""), d.Key, d.DB.Now()))
				want("IncompleteSignature", head(good(), "Authorization", "acs"))
			}
			switch {
			case roa1:
				want("IncompleteSignature", plain)
				want("InvalidTimeStamp.Format", head(good(), "Date", "yesterday"))
				want("InvalidTimeStamp.Format", head(good(), "Date", ""))
				want("InvalidSignatureMethod", head(good(), "X-Acs-Signature-Method", "HMAC-MD5"))
				changed := good()
				changed.Method, changed.Path = "POST", "/pop/v1/wam/storage"
				changed = signed(changed, d.Key, d.DB.Now())
				changed.Body = []byte("a=b")
				want("ContentMD5NotMatched", changed)
			case !rpc1:
				want("InvalidTimeStamp.Format", head(good(), "X-Acs-Date", "yesterday"))
				want("MissingSignatureNonce", head(good(), "X-Acs-Signature-Nonce", ""))
				want("IncompleteSignature", head(good(), "X-Acs-Security-Token", "not covered"))
				changed := good()
				changed.Body = []byte("a=b")
				want("SignatureDoesNotMatch", changed)
			}
			want("InvalidParameter.Format", signed(set(plain, "Format", "YAML"), d.Key, d.DB.Now()))
			if a := d.send(t, signed(set(plain, "Format", "XML"), d.Key, d.DB.Now())); a.Status != 200 || !strings.Contains(a.Header.Get("Content-Type"), "text/xml") {
				t.Errorf("Format=XML: got %d %s", a.Status, a.Header.Get("Content-Type"))
			}
			covers(t, s.product, "field Format", s.client)
			if rpc1 {
				covers(t, s.product, "field Version", s.client)
			}
			if s.product == "webplus" {
				covers(t, s.product, "field x-acs-version", s.client)
				want("ParameterValidationFailed", signed(set(plain, "AppId", "a\x00b"), d.Key, d.DB.Now()))
				want("ParameterValidationFailed", signed(set(plain, "AppId", "\xff"), d.Key, d.DB.Now()))
				elsewhere := plain
				elsewhere.Path = "/pop/v1/wam/appEnv"
				want("InvalidApi.NotFound", signed(elsewhere, d.Key, d.DB.Now()))
			} else {
				elsewhere, changed := set(plain, "Action", "CancelOrder"), set(good(), "Action", "QueryOrders")
				if !rpc1 {
					elsewhere, changed = head(plain, "X-Acs-Action", "CancelOrder"), head(good(), "X-Acs-Action", "QueryOrders")
				}
				want("InvalidApi.NotFound", signed(elsewhere, d.Key, d.DB.Now()))
				want("SignatureDoesNotMatch", changed)
				want("SignatureDoesNotMatch", set(good(), "PageNum", "2"))
			}
			large := plain
			large.Method, large.Body = "POST", []byte(strings.Repeat("a", web.MaxBody+1))
			want("RequestEntityTooLarge", large)

			if _, err := d.DB.SetAccessKeyDisabled(t.Context(), d.Team.Admin, d.Key.ID, true); err != nil {
				t.Fatal(err)
			}
			want("InvalidAccessKeyId.Inactive", good())
			busy := d.newKey(t, models.AccessKeyInput{Name: "busy", User: d.Team.Requester.UserID})
			now := d.DB.Now()
			for range 50 { // the moment's allowance
				d.send(t, s.sign(plain, busy.ID, busy.Secret, now, d.DB.NewToken()))
			}
			want("Throttling.User", s.sign(plain, busy.ID, busy.Secret, now, d.DB.NewToken()))
		})
	}
}
