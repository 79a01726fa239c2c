package checker_test

import (
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/handlers/checker"
	"quartermaster/views/ui"
	"quartermaster/web/sign"
)

// The requests to OSS that are checked: by header and by URL, with each version.
var (
	ossPut = sign.Request{Method: "PUT", Path: "/bucket/dir/a%20b%2Bc", Query: "uploadId=1&partNumber=2", Host: "desk:8080", Body: []byte("text"), Length: 4,
		Header: http.Header{"Content-Type": {"text/plain"}, "X-Oss-Meta-A": {"b"}}}
	ossGet  = sign.Request{Method: "GET", Path: "/bucket/dir/a%20b", Query: "response-content-type=a%20b", Host: "desk:8080", Header: http.Header{}}
	ossSent = map[string]sign.Request{
		"V1": ossPut.SignOSS1(key, secret, at), "V1 URL": ossGet.PresignOSS1(key, secret, at.Add(time.Hour)),
		"V4": ossPut.SignOSS4(key, secret, "cn-beijing", at, "host"), "V4 URL": ossGet.PresignOSS4(key, secret, "cn-beijing", at, time.Hour),
	}
)

// shown is the text that a signer of OSS shows.
func shown(t *testing.T, r sign.Request) string {
	t.Helper()
	if text := claim(t, r).Canonical(); text != "" {
		return text
	}
	return claim(t, r).StringToSign()
}

func TestStringsOfOSSAreCompared(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sent, old, new, want string
		line                 int
	}{
		{"V1", "", "", "same", 0},
		{"V1", "text/plain", "text/html", "part.type", 3},
		{"V1", "\n\ntext", "\ntext", "blank-missing", 2},
		{"V1", "x-oss-meta-a:b\n", "", "header-missing", 5},
		{"V1", "/bucket/dir", "/dir", "oss-resource", 6},
		{"V1", "a b+c", "a%20b%2Bc", "oss-escaped", 6},
		{"V1", "?partNumber=2&uploadId=1", "?uploadId=1&partNumber=2", "oss-resource", 6},
		{"V1 URL", "", "", "same", 0},
		{"V1 URL", "?response-content-type=a b", "", "oss-resource", 5},
		{"V4", "", "", "same", 0},
		{"V4", "/bucket/dir", "/dir", "oss-resource", 2},
		{"V4", "partNumber=2&uploadId=1", "uploadId=1&partNumber=2", "oss-query", 3},
		{"V4", "host:desk:8080", "host:desk", "port", 5},
		{"V4", "UNSIGNED-PAYLOAD\nx-oss-date", "UNSIGNED-PAYLOAD\nX-Oss-Date", "name-case", 7},
		{"V4", "\nhost\nUNSIGNED-PAYLOAD", "\n\nUNSIGNED-PAYLOAD", "part.signed", 10},
		{"V4", "\nhost\nUNSIGNED-PAYLOAD", "\nhost\n" + sign.SHA256([]byte("text")), "oss-digest", 11},
		{"V4 URL", "", "", "same", 0},
		{"V4 URL", "=a%20b", "=a+b", "plus", 3},
	} {
		r := ossSent[c.sent]
		text := shown(t, r)
		theirs := strings.Replace(text, c.old, c.new, 1)
		if (theirs == text) != (c.want == "same") {
			t.Fatalf("%s: %q is not in %q", c.sent, c.old, text)
		}
		for _, p := range []checker.Pasted{{Request: r}, {Request: r, NoBody: true}} {
			got := checker.Request(p, theirs, "", at)
			if !slices.Contains(keys(got), c.want) || slices.Contains(keys(got), "no-body") || got.Line != c.line {
				t.Errorf("%s, %q: got %v in line %d, want %s in %d", c.sent, c.new, keys(got), got.Line, c.want, c.line)
			}
		}
	}
}

func TestHashOfOSSSaysTheScope(t *testing.T) {
	t.Parallel()
	r := ossSent["V4"]
	theirs := strings.Replace(claim(t, r).StringToSign(), "cn-beijing", "cn-hangzhou", 1)
	got := checker.Request(checker.Pasted{Request: r}, theirs, "", at)
	if got.Line != 3 || len(got.Rows) != 4 || got.Rows[2].Part != "scope" || !slices.Contains(keys(got), "part.scope") {
		t.Errorf("got line %d of %+v, %v, want the scope", got.Line, got.Rows, keys(got))
	}
}

func TestSignaturesOfOSSAreExplained(t *testing.T) {
	t.Parallel()
	for what, r := range ossSent {
		xml := "<Error><StringToSign>" + html.EscapeString(claim(t, r).StringToSign()) + "</StringToSign></Error>"
		for _, c := range []struct{ theirs, secret, want string }{
			{"", secret, "right"}, {"", "other", "unknown"}, {shown(t, r), "other", "secret"}, {xml, secret, "right"},
		} {
			if got := checker.Request(checker.Pasted{Request: r}, c.theirs, c.secret, at); !slices.Contains(keys(got), c.want) {
				t.Errorf("%s, secret %s: got %v, want %s", what, c.secret, keys(got), c.want)
			}
		}
	}
	change := func(signed sign.Request, change func(*sign.Request)) sign.Request {
		signed.Header = signed.Header.Clone()
		change(&signed)
		return signed
	}
	hosted := ossGet
	hosted.Host, hosted.Path = "bucket.oss-cn-beijing.aliyuncs.com", "/key"
	for what, c := range map[string]struct {
		r    sign.Request
		want string
	}{
		"a type that the client added": {change(ossGet.SignOSS1(key, secret, at), func(r *sign.Request) { r.Header.Set("Content-Type", "a/b") }), "part.type"},
		"headers that nobody signed":   {change(ossGet.SignOSS1(key, secret, at), func(r *sign.Request) { r.Header.Set("X-Oss-Meta-A", "b") }), "oss-headers"},
		"no bucket, V1": {change(hosted.SignOSS1(key, secret, at), func(r *sign.Request) {
			r.Header.Set("Authorization", "OSS "+key+":"+plain(strings.Replace(claim(t, *r).StringToSign(), "/bucket/", "/", 1)))
		}), "oss-resource"},
		"no query, V4":           {change(sign.Request{Method: "GET", Path: "/bucket/key", Header: http.Header{}}.SignOSS4(key, secret, "cn-beijing", at), func(r *sign.Request) { r.Query = "prefix=a" }), "oss-query"},
		"the bucket in the host": {hosted.SignOSS4(key, secret, "cn-beijing", at), "right"},
	} {
		if got := checker.Request(checker.Pasted{Request: c.r}, "", secret, at); !slices.Contains(keys(got), c.want) {
			t.Errorf("%s: got %v, want %s", what, keys(got), c.want)
		}
	}
}

// At a host below the domain that is set aside for buckets the resource begins with the
// bucket, which is not in the path.
func TestRequestsToHostsOfBucketsAreRead(t *testing.T) {
	t.Parallel()
	const domain = "files.example.com"
	get := sign.Request{Method: "GET", Path: "/a%20b", Query: "acl", Host: "bucket." + domain + ":8080", Header: http.Header{"Content-Type": {"text/plain"}}}
	// as is the request that was read in the way that the site reads it.
	as := func(r sign.Request) (checker.Pasted, *sign.Claim) {
		p := checker.Pasted{Request: r, Domain: domain}
		c, err := p.Claim()
		if err != nil {
			t.Fatal(err)
		}
		return p, c
	}
	for _, c := range []struct{ old, new, want, guess string }{
		{"", "", "same", "right"}, {"/bucket/", "/", "oss-resource", "oss-resource"}, {"/a b", "/a%20b", "oss-escaped", "oss-escaped"},
		{"?acl", "", "oss-resource", "oss-resource"}, {"text/plain", "", "part.type", "part.type"},
	} {
		p, claim := as(get.SignOSS1(key, secret, at))
		theirs := strings.Replace(claim.StringToSign(), c.old, c.new, 1)
		if got := checker.Request(p, theirs, "", at); !slices.Contains(keys(got), c.want) || (got.Line == 0) != (c.want == "same") {
			t.Errorf("V1, %q: got %v in line %d, want %s", c.new, keys(got), got.Line, c.want)
		}
		p.Header.Set("Authorization", "OSS "+key+":"+plain(theirs))
		if got := checker.Request(p, "", secret, at); !slices.Contains(keys(got), c.guess) {
			t.Errorf("V1, %q, without the string: got %v, want %s", c.new, keys(got), c.guess)
		}
	}
	for _, c := range []struct {
		old, new, want string
		line           int
	}{{"", "", "same", 0}, {"/bucket/", "/", "oss-resource", 2}, {"\nacl\n", "\n\n", "oss-query", 3}, {"text/plain", "a/b", "header-value", 4}} {
		p, claim := as(get.SignOSS4(key, secret, "cn-beijing", at))
		if got := checker.Request(p, strings.Replace(claim.Canonical(), c.old, c.new, 1), "", at); !slices.Contains(keys(got), c.want) || got.Line != c.line {
			t.Errorf("V4, %q: got %v in line %d, want %s in %d", c.new, keys(got), got.Line, c.want, c.line)
		}
	}
	// A client that puts the bucket into the path as well means that.
	both := get
	both.Path = "/bucket" + get.Path
	for _, r := range []sign.Request{both.SignOSS1(key, secret, at), both.SignOSS4(key, secret, "cn-beijing", at)} {
		p, _ := as(r)
		theirs := strings.Replace(shown(t, r), "text/plain", "a/b", 1) // without the domain the path alone is read
		if got := checker.Request(p, theirs, "", at); len(got.Findings) != 1 || strings.Contains(got.Ours, "/bucket/bucket/") {
			t.Errorf("got %v beside %q, want the type alone", keys(got), got.Ours)
		}
	}
}

func TestAStringOfOSSAloneIsComparedWithWhatItShouldBe(t *testing.T) {
	t.Parallel()
	for what, r := range ossSent {
		got, err := checker.Text(shown(t, r))
		if err != nil || !slices.Equal(keys(got), []string{"well-formed"}) || got.Scheme != string(claim(t, r).Scheme) {
			t.Errorf("%s: got %+v, %v, want it well formed", what, got, err)
		}
	}
	for _, c := range []struct{ sent, old, new, want string }{
		{"V1", "\n\ntext", "\ntext", "blank-missing"},
		{"V1", "a b+c", "a%20b%2Bc", "oss-escaped"},
		{"V1", "x-oss-meta-a:b\n", "x-oss-meta-a: b\n", "spaces"},
		{"V4", "partNumber=2&uploadId=1", "uploadId=1&partNumber=2", "oss-query"},
	} {
		got, err := checker.Text(strings.Replace(shown(t, ossSent[c.sent]), c.old, c.new, 1))
		if err != nil || !slices.Contains(keys(got), c.want) || got.Findings[0].Tone != ui.Danger {
			t.Errorf("%s, %q: got %+v, %v, want %s", c.sent, c.new, got, err, c.want)
		}
	}
	if got, err := checker.Text(claim(t, ossSent["V4"]).StringToSign()); err != nil || !slices.Equal(keys(got), []string{"hashed"}) {
		t.Errorf("a hash: got %v, %v, want that it says nothing", got, err)
	}
}
