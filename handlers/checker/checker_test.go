package checker_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/handlers/checker"
	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/web/sign"
)

const key, secret, nonce = "testAK", "testSK", "n-1"

var at = time.Date(2026, 11, 21, 17, 32, 21, 0, time.UTC)

// The requests that are checked, before they are signed.
var (
	roa = sign.Request{Method: "POST", Path: "/pop/v1/wam/pkgVersion", Query: "B=x%2Fy&A=", Host: "desk:8080", Body: []byte("AppId=wa-1"),
		Header: http.Header{"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}, "X-Acs-Action": {"CreatePkgVersion"}, "X-Acs-Version": {"2019-03-20"}}}
	rpc = sign.Request{Method: "POST", Path: "/", Query: "Action=QueryOrders&Text=a+b&Version=2017-12-14", Host: "desk:8080", Header: http.Header{}}
	v3  = sign.Request{Method: "POST", Path: "/", Query: "Text=a+b", Host: "desk:8080",
		Header: http.Header{"X-Acs-Action": {"QueryOrders"}, "X-Acs-Version": {"2017-12-14"}}}
	sdk = sign.Request{Method: "POST", Path: "/v1/stores/create", Query: "a=b+c", Host: "desk:8080", Body: []byte("{}\n"), Header: http.Header{"Content-Type": {"application/json"}}}
)

// claim is what a request says of its signer.
func claim(t *testing.T, r sign.Request) *sign.Claim {
	t.Helper()
	c, err := checker.Pasted{Request: r}.Claim()
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	return c
}

func keys(c *views.SignatureCheck) []string {
	var out []string
	for _, f := range c.Findings {
		out = append(out, f.Key)
	}
	return out
}

func TestEachMistakeInAStringIsNamed(t *testing.T) {
	t.Parallel()
	sroa, srpc, sv3, ssdk := roa.SignROA(key, secret, at, nonce), rpc.SignRPC(key, secret, at, nonce), v3.SignACS3(key, secret, at, nonce), sdk.SignSDK(key, secret, at)
	for _, c := range []struct {
		name     string
		r        sign.Request
		old, new string
		want     string
		line     int
	}{
		{"roa: header left out", sroa, "x-acs-action:CreatePkgVersion\n", "", "header-missing", 6},
		{"roa: header of nobody", sroa, "x-acs-version", "x-acs-type:a\nx-acs-version", "header-extra", 10},
		{"roa: header differs", sroa, "n-1", "n-2", "header-value", 8},
		{"roa: values encoded", sroa, "B=x/y", "B=x%2Fy", "escaped", 11},
		{"roa: another digest", sroa, claim(t, sroa).StringToSign()[22:46], "1B2M2Y8AsgTpgAmY7PhCfg==", "part.md5", 3},
		{"roa: another type", sroa, "application/x-www", "application/x_www", "part.type", 4},
		{"roa: headers not sorted", sroa, "x-acs-action:CreatePkgVersion\nx-acs-signature-method:HMAC-SHA1", "x-acs-signature-method:HMAC-SHA1\nx-acs-action:CreatePkgVersion", "order", 6},
		{"roa: method in lower case", sroa, "POST", "post", "method-case", 1},
		{"rpc: plus", srpc, "a%2520b", "a%2Bb", "plus", 0},
		{"rpc: once", srpc, claim(t, srpc).StringToSign()[9:], unescape(claim(t, srpc).StringToSign()[9:]), "once", 0},
		{"rpc: parameter left out", srpc, "Text%3Da%2520b%26", "", "param-missing", 0},
		{"rpc: lower-case hex", srpc, "POST&%2F&", "POST&%2f&", "hex-case", 1},
		{"v3: plus", sv3, "Text=a%20b", "Text=a+b", "plus", 3},
		{"v3: port", sv3, "host:desk:8080", "host:desk", "port", 4},
		{"v3: another host", sv3, "host:desk:8080", "host:other:8080", "host", 4},
		{"v3: line break at the end", sv3, "\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n", "line-break", 0},
		{"sdk: no slash", ssdk, "/create/", "/create", "slash-missing", 2},
		{"sdk: another body", ssdk, "\n\ncontent-type;host;x-sdk-date\n", "\n\ncontent-type;host;x-sdk-date\n0", "part.digest", 9},
		{"sdk: no empty line", ssdk, "Z\n\ncontent", "Z\ncontent", "blank-missing-canonical", 7},
	} {
		text := claim(t, c.r).Canonical()
		if text == "" {
			text = claim(t, c.r).StringToSign()
		}
		theirs := strings.Replace(text, c.old, c.new, 1)
		if theirs == text {
			t.Fatalf("%s: nothing was changed in %q", c.name, text)
		}
		got := checker.Request(checker.Pasted{Request: c.r}, strings.ReplaceAll(theirs, "\n", "\r\n"), "", at)
		if !slices.Contains(keys(got), c.want) || slices.Contains(keys(got), "differs") {
			t.Errorf("%s: got %v, want %s", c.name, keys(got), c.want)
		}
		if !got.Compared || c.line > 0 && got.Line != c.line || got.Line == 0 {
			t.Errorf("%s: got line %d, want %d", c.name, got.Line, c.line)
		}
	}
}

func TestFirstDifferenceIsCountedInLinesAndCharacters(t *testing.T) {
	t.Parallel()
	r := roa.SignROA(key, secret, at, nonce)
	theirs := strings.Replace(claim(t, r).StringToSign(), "CreatePkg", "Createpkg", 1)
	got := checker.Request(checker.Pasted{Request: r}, theirs, "", at)
	if want := len("x-acs-action:Create") + 1; got.Line != 6 || got.Character != want {
		t.Errorf("got line %d, character %d, want 6, %d", got.Line, got.Character, want)
	}
	if row := got.Rows[5]; row.Part != "header" || row.Mark != len("x-acs-action:Create") || row.Theirs == row.Ours {
		t.Errorf("got %+v, want the pair marked where it parts", row)
	}
}

func TestSecretDecidesBetweenStringAndSecret(t *testing.T) {
	t.Parallel()
	for _, r := range []sign.Request{roa.SignROA(key, secret, at, nonce), rpc.SignRPC(key, secret, at, nonce), v3.SignACS3(key, secret, at, nonce), sdk.SignSDK(key, secret, at)} {
		text := claim(t, r).StringToSign()
		for _, c := range []struct{ what, theirs, secret, want string }{
			{"alone, right secret", "", secret, "right"},
			{"alone, wrong secret", "", "other", "unknown"},
			{"equal, no secret", text, "", "same"},
			{"equal, right secret", text, secret, "right"},
			{"equal, wrong secret", text, "other", "secret"},
			{"other string, wrong secret", text + "x", "other", "not-of-theirs"},
			{"our answer, right secret", "… server string to sign is:" + text, secret, "right"},
			{"our answer about a proxy", "… server string to sign is:" + text + ` (The signature is right for the host "desk", but …)`, secret, "right"},
		} {
			got := checker.Request(checker.Pasted{Request: r}, c.theirs, c.secret, at)
			if !slices.Contains(keys(got), c.want) {
				t.Errorf("%s, %s: got %v, want %s", got.Scheme, c.what, keys(got), c.want)
			}
		}
	}
}

// What a signer with a fault signs is signed here, as it would be.
func TestFaultOfASignerIsGuessedFromItsSignature(t *testing.T) {
	t.Parallel()
	empty := roa
	empty.Query = ""
	for _, c := range []struct {
		name string
		r    func() sign.Request
		want string
	}{
		{"curl adds an Accept", func() sign.Request {
			r := empty
			r.Header = http.Header{"X-Acs-Version": {"2019-03-20"}}
			r = r.SignROA(key, secret, at, nonce)
			r.Header.Set("Accept", "*/*")
			return r
		}, "part.accept"},
		{"query not signed", func() sign.Request {
			r := empty.SignROA(key, secret, at, nonce)
			r.Query = "A=1"
			return r
		}, "part.resource"},
		{"secret of RPC", func() sign.Request { return roa.SignROA(key, secret+"&", at, nonce) }, "ampersand-extra"},
		{"secret of ROA", func() sign.Request {
			r := rpc.SignRPC(key, secret, at, nonce)
			text := claim(t, r).StringToSign()
			// Signed by ROA V1, whose secret is used as it is.
			r.Query = strings.Replace(r.Query, "Signature="+escape(claim(t, r).Signature()), "Signature="+escape(plain(text)), 1)
			return r
		}, "ampersand"},
		{"no port", func() sign.Request {
			r := sdk
			r.Host = "desk"
			r = r.SignSDK(key, secret, at)
			r.Host = "desk:8080"
			return r
		}, "port"},
		{"no line break", func() sign.Request {
			r := sdk
			r.Body = []byte("{}")
			r = r.SignSDK(key, secret, at)
			r.Body = []byte("{}\n")
			return r
		}, "line-break-body"},
		{"query not signed by SDK", func() sign.Request {
			r := sdk
			r.Query = ""
			r = r.SignSDK(key, secret, at)
			r.Query = "a=b"
			return r
		}, "part.query"},
	} {
		got := checker.Request(checker.Pasted{Request: c.r()}, "", secret, at)
		if !slices.Contains(keys(got), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, keys(got), c.want)
		}
	}
}

func TestAStringAloneIsComparedWithWhatItShouldBe(t *testing.T) {
	t.Parallel()
	sroa, srpc, sv3, ssdk := roa.SignROA(key, secret, at, nonce), rpc.SignRPC(key, secret, at, nonce), v3.SignACS3(key, secret, at, nonce), sdk.SignSDK(key, secret, at)
	for _, c := range []struct {
		name     string
		r        sign.Request
		old, new string
		want     string
	}{
		{"roa", sroa, "", "", "well-formed"},
		{"rpc", srpc, "", "", "well-formed"},
		{"v3", sv3, "", "", "well-formed"},
		{"sdk", ssdk, "", "", "well-formed"},
		{"roa: no line for an absent header", sroa, "application/json\n", "", "blank-missing"},
		{"roa: encoded", sroa, "x/y", "x%2Fy", "escaped"},
		{"rpc: plus", srpc, "a%2520b", "a%2Bb", "plus"},
		{"rpc: not sorted", srpc, "Text%3Da%2520b%26Timestamp%3D2026-11-21T17%253A32%253A21Z%26", "Timestamp%3D2026-11-21T17%253A32%253A21Z%26Text%3Da%2520b%26", "order"},
		{"rpc: no nonce", srpc, "SignatureNonce%3Dn-1%26", "", "incomplete"},
		{"v3: header not signed", sv3, "x-acs-nonce", "", "unsigned"},
		{"sdk: no slash", ssdk, "/create/", "/create", "slash-missing"},
		{"sdk: no date signed", ssdk, ";x-sdk-date", "", "unsigned"},
	} {
		text := claim(t, c.r).Canonical()
		if text == "" {
			text = claim(t, c.r).StringToSign()
		}
		if c.name == "v3: header not signed" {
			text = strings.Replace(text, ";x-acs-version\n", "\n", 1)
		}
		got, err := checker.Text(strings.Replace(text, c.old, c.new, 1))
		if err != nil || !slices.Contains(keys(got), c.want) {
			t.Errorf("%s: got %v, %v, want %s", c.name, got, err, c.want)
		}
	}
	if got, err := checker.Text(claim(t, ssdk).StringToSign()); err != nil || !slices.Equal(keys(got), []string{"hashed"}) {
		t.Errorf("a hash: got %v, %v, want that it says nothing", got, err)
	}
}

func TestRequestsAreReadAsTheyArePrinted(t *testing.T) {
	t.Parallel()
	const head = "POST /v1/stores/create?a=b HTTP/1.1\r\nHost: desk:8080\r\nContent-Type: application/json\r\n"
	for _, c := range []struct{ name, text, body string }{
		{"proxy", head + "\r\n{}", "{}"},
		{"whole address", strings.Replace(head, "/v1", "http://desk:8080/v1", 1) + "\r\n{}", "{}"},
		{"lost line break", head + "Content-Length: 3\r\n\r\n{}", "{}\n"},
		{"line break too many", head + "Content-Length: 2\r\n\r\n{}\r\n\r\n", "{}"},
		{"curl -v", "* Connected\n> " + strings.TrimSuffix(strings.ReplaceAll(head, "\r\n", "\n> "), "> ") + ">\n< HTTP/1.1 401\n< A: b\n", ""},
		{"curl", `$ curl -X POST 'http://desk:8080/v1/stores/create?a=b' \` + "\n" + ` -H "Content-Type: application/json" --data-raw '{}'`, "{}"},
	} {
		p, err := checker.Read(c.text)
		if err != nil {
			t.Errorf("%s: got %v, want it read", c.name, err)
			continue
		}
		if p.Method != "POST" || p.Path != "/v1/stores/create" || p.Query != "a=b" || p.Host != "desk:8080" ||
			p.Header.Get("Content-Type") != "application/json" || string(p.Body) != c.body {
			t.Errorf("%s: got %+v with body %q, want the request with body %q", c.name, p, p.Body, c.body)
		}
	}
}

func TestWhatIsNoRequestIsRefusedBesideItsField(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"hello":                               "first_line",
		"\n\n":                                "first_line",
		"POST nowhere HTTP/1.1":               "first_line",
		"POST / HTTP/1.1\nno colon":           "header_line",
		"POST / HTTP/1.1\nA : b":              "header_line",
		"curl 'http://desk":                   "curl_command",
		"curl http://desk/ -H \"Date: $now\"": "curl_variable",
	} {
		_, err := checker.Read(text)
		invalid, ok := err.(models.Invalid)
		if !ok || invalid[0].Field != "sent_request" || invalid[0].Rule != want {
			t.Errorf("%q: got %v, want sent_request %s", text, err, want)
		}
	}
	if _, err := checker.Text("hello"); err == nil {
		t.Error("a text of no scheme: got nil, want it refused")
	}
}

func FuzzChecker(f *testing.F) {
	for _, r := range []sign.Request{roa.SignROA(key, secret, at, nonce), rpc.SignRPC(key, secret, at, nonce), sdk.SignSDK(key, secret, at), ossSent["V1"], ossSent["V4 URL"]} {
		c, _ := checker.Pasted{Request: r}.Claim()
		f.Add("POST "+r.Path+"?"+r.Query+" HTTP/1.1\nAuthorization: "+r.Header.Get("Authorization")+"\nDate: "+r.Header.Get("Date")+"\nX-Sdk-Date: 20261121T173221Z\n\n{}", c.StringToSign())
		f.Add("curl http://desk/v1/ -d a", c.Canonical())
	}
	f.Fuzz(func(t *testing.T, request, text string) {
		if len(request)+len(text) > checker.Limit {
			return
		}
		if p, err := checker.Read(request); err == nil {
			got := checker.Request(p, text, secret, at)
			if got.Compared && (got.Line == 0) != (got.Ours == strings.ReplaceAll(text, "\r\n", "\n")) && !strings.Contains(text, "server string to sign is:") {
				t.Fatalf("got line %d for %q beside %q", got.Line, got.Ours, text)
			}
		}
		_, _ = checker.Text(text)
	})
}

func unescape(s string) string {
	s, _ = url.PathUnescape(s)
	return s
}

func escape(s string) string { return url.QueryEscape(s) }

// plain is an HMAC-SHA1 with the secret as it is.
func plain(text string) string {
	m := hmac.New(sha1.New, []byte(secret))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}
