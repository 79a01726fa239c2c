package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/web/sign"
)

// What BSS refuses before it looks at an operation, in each scheme that has it.
func TestCommonRefusalsOfBSS(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := d.DB.Now()
	stopped := d.newKey(t, models.AccessKeyInput{Name: "stopped", User: d.Team.Requester.UserID})
	if _, err := d.DB.SetAccessKeyDisabled(t.Context(), d.Team.Admin, stopped.ID, true); err != nil {
		t.Fatal(err)
	}
	list := given{"PageNum": "1"}
	older := func(changes given) sign.Request { return bssRequest(d, "QueryProductList", list.with(changes), "JSON") }
	signed := func(r sign.Request, k key, at time.Time) sign.Request { return r.SignRPC(k.ID, k.Secret, at, nonce()) }
	newer := func(r sign.Request, k key, at time.Time) sign.Request { return r.SignACS3(k.ID, k.Secret, at, nonce()) }
	// lacking is a request from whose query something was taken after it was signed.
	lacking := func(name string) sign.Request {
		r := signed(older(nil), d.Key, now)
		q := r.Params()
		q.Del(name)
		r.Query = q.Encode()
		return r
	}
	having := func(name, value string) sign.Request {
		r := signed(older(nil), d.Key, now)
		q := r.Params()
		q.Set(name, value)
		r.Query = q.Encode()
		return r
	}
	other := func(header, value string) sign.Request {
		r := newer(bssV3(d, "QueryProductList", list), d.Key, now)
		r.Header.Set(header, value)
		return r
	}
	withHeader := func(header, value string) sign.Request {
		r := bssV3(d, "QueryProductList", list)
		r.Header.Set(header, value)
		return newer(r, d.Key, now)
	}
	unknown := key{"LTAInobody", "x"}
	large := older(nil)
	large.Method, large.Body = http.MethodPost, []byte(strings.Repeat("x", 2<<20))
	large.Length = int64(len(large.Body))
	once := signed(older(nil), d.Key, now)
	if a := d.send(t, once); a.Status != http.StatusOK {
		t.Fatalf("the first: got %d %s", a.Status, a.Body)
	}
	for _, c := range []struct {
		client string
		r      sign.Request
		status int
		code   string
	}{
		{"http rpc1 get", signed(older(nil), unknown, now), 404, "InvalidAccessKeyId.NotFound"},
		{"http v3", newer(bssV3(d, "QueryProductList", list), unknown, now), 404, "InvalidAccessKeyId.NotFound"},
		{"http rpc1 get", signed(older(nil), stopped, now), 400, "InvalidAccessKeyId.Inactive"},
		{"http v3", newer(bssV3(d, "QueryProductList", list), stopped, now), 400, "InvalidAccessKeyId.Inactive"},
		{"http rpc1 get", lacking("AccessKeyId"), 400, "MissingAccessKeyId"},
		{"http rpc1 get", lacking("Signature"), 400, "MissingSignature"},
		{"http rpc1 get", lacking("SignatureNonce"), 400, "MissingSignatureNonce"},
		{"http rpc1 get", lacking("Timestamp"), 400, "MissingTimestamp"},
		{"http rpc1 get", having("SignatureMethod", "HMAC-MD5"), 400, "InvalidSignatureMethod"},
		{"http rpc1 get", having("Timestamp", "yesterday"), 400, "InvalidTimeStamp.Format"},
		{"http rpc1 get", signed(older(nil), d.Key, now.Add(-16*time.Minute)), 400, "InvalidTimeStamp.Expired"},
		{"http rpc1 get", signed(older(nil), d.Key, now.Add(16*time.Minute)), 400, "InvalidTimeStamp.Expired"},
		{"http v3", newer(bssV3(d, "QueryProductList", list), d.Key, now.Add(16*time.Minute)), 400, "InvalidTimeStamp.Expired"},
		{"http v3", other("X-Acs-Date", "yesterday"), 400, "InvalidTimeStamp.Format"},
		{"http v3", other("Authorization", "ACS3-HMAC-SHA256 nonsense"), 400, "IncompleteSignature"},
		{"http v3", other("X-Acs-Owner", "not signed"), 400, "IncompleteSignature"},
		{"http rpc1 get", having("PageNum", "2"), 400, "SignatureDoesNotMatch"},
		{"http v3", other("X-Acs-Action", "QueryOrders"), 400, "SignatureDoesNotMatch"},
		{"http rpc1 get", once, 400, "SignatureNonceUsed"},
		{"http rpc1 get", signed(bssRequest(d, "CancelOrder", nil, "JSON"), d.Key, now), 404, "InvalidApi.NotFound"},
		{"http v3", newer(bssV3(d, "CancelOrder", nil), d.Key, now), 404, "InvalidApi.NotFound"},
		{"http v3", withHeader("X-Acs-Version", "2014-05-26"), 400, "InvalidVersion"},
		{"http v3", withHeader("X-Acs-Version", ""), 400, "InvalidVersion"},
		{"http v3", newer(bssV3(d, "QueryProductList", list.with(given{"Format": "YAML"})), d.Key, now), 400, "InvalidParameter.Format"},
		{"http rpc1 form", large, 413, "RequestEntityTooLarge"},
	} {
		a := d.send(t, c.r)
		if a.Status != c.status || !strings.Contains(a.Body, `"Code":"`+c.code+`"`) && !strings.Contains(a.Body, "<Code>"+c.code+"</Code>") {
			t.Errorf("%s: got %d %.300s, want %d %s", c.client, a.Status, a.Body, c.status, c.code)
		}
		covers(t, "bss", "error "+c.code, c.client)
	}
}
