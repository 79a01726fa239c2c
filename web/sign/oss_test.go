package sign_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"quartermaster/web/sign"
)

// ossAt is the moment at which the samples of oss.md were signed.
var ossAt = time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)

const (
	ossDay   = "Sat, 28 Nov 2026 08:00:00 GMT"
	ossScope = "20261128/cn-hangzhou/oss/aliyun_v4_request"
	ossIP    = "127.0.0.1:8080"
	ossHost  = "examplebucket.oss-cn-hangzhou.aliyuncs.com"
	ossKey   = "dir%20a/b%2Bc%252F%E7%89%88.txt"
	ossPlain = "/examplebucket/dir a/b+c%2F版.txt"
	octets   = "application/octet-stream"
)

func oss(r sign.Request) (*sign.Claim, error) { return sign.OSS(r, "") }

// ossVector is a request of oss.md §3.4. signed is its string to sign, or how
// that ends.
type ossVector struct {
	name, method, host, path, query string
	header                          []string
	signed, signature               string
}

func (v ossVector) request(more ...string) sign.Request {
	return sign.Request{Method: v.method, Host: v.host, Path: v.path, Query: v.query, Header: headers(append(slices.Clone(v.header), more...)...)}
}

var (
	ossMeta = []string{"Content-Type", "text/plain", "Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==", "x-oss-meta-one", "1"}
	ossOne  = []ossVector{
		{"O1", "GET", ossIP, "/", "", nil, "GET\n\n\n" + ossDay + "\n/", "CDTXsecsv4YDyET8f6TJekg9TKs="},
		{"O2", "PUT", ossIP, "/examplebucket/" + ossKey, "", append(slices.Clone(ossMeta), "x-oss-forbid-overwrite", "true"),
			"PUT\nXUFAKrxLKna5cZ2REBfFkg==\ntext/plain\n" + ossDay + "\nx-oss-forbid-overwrite:true\nx-oss-meta-one:1\n" + ossPlain, "cthVZH5aKn+xET0p6hQeiRz1Snw="},
		{"O3", "GET", ossIP, "/examplebucket/", "list-type=2&prefix=a%20b%2F&continuation-token=dG9r&max-keys=10&delimiter", nil,
			"\n/examplebucket/?continuation-token=dG9r", "M6lKSGiB6nB5lsuCFx+N3hf07kk="},
		{"O4", "POST", ossIP, "/examplebucket/k", "uploads&encoding-type=url", []string{"Content-Type", octets}, "\n/examplebucket/k?uploads", "mYVtd51CHCR8xweg9B9OnNvRW/s="},
		{"O5", "PUT", ossIP, "/examplebucket/k", "uploadId=0A1B&partNumber=2", nil, "\n/examplebucket/k?partNumber=2&uploadId=0A1B", "A67sBsXZP0oB7ssLq0zUuJSkyBI="},
		{"O6", "PUT", ossIP, "/examplebucket/k2", "", []string{"x-oss-copy-source", "/examplebucket/a%20b", "x-oss-copy-source-if-match", `"5D41402ABC4B2A76B9719D911017C592"`},
			"PUT\n\n\n" + ossDay + "\nx-oss-copy-source:/examplebucket/a%20b\nx-oss-copy-source-if-match:\"5D41402ABC4B2A76B9719D911017C592\"\n/examplebucket/k2", "N2HqjZtL1QmfTBLghcem+rJQTi0="},
		{"O7", "GET", ossIP, "/examplebucket/k", "response-content-type=text%2Fplain", nil, "\n/examplebucket/k?response-content-type=text/plain", "QAbQKV/E/TAttjY7RDSp8uODiYE="},
		{"O8", "PUT", ossHost, "/" + ossKey, "", append(slices.Clone(ossMeta), "x-oss-date", ossDay),
			"PUT\nXUFAKrxLKna5cZ2REBfFkg==\ntext/plain\n" + ossDay + "\nx-oss-date:" + ossDay + "\nx-oss-meta-one:1\n" + ossPlain, "bz3l47+gFYZvSzXgKM99gDm1rcI="},
		{"O9", "GET", ossHost, "/", "prefix=&delimiter=%2F&max-keys=10", []string{"x-oss-date", ossDay}, "\nx-oss-date:" + ossDay + "\n/examplebucket/", "WMuTLkmlyvjH3WVrIJNmKIon3sU="},
		{"O10", "GET", ossIP, "/examplebucket/dir%20a%2Fb%2Bc%252F%E7%89%88.txt", "", nil, "\n" + ossPlain, "MbKF6YBedZX3NNUibyl8DYorZTE="},
		{"O11", "PUT", ossIP, "/examplebucket/k2", "", []string{"x-oss-copy-source", "/examplebucket/a+b%2Bc%2Fd"}, "\nx-oss-copy-source:/examplebucket/a+b%2Bc%2Fd\n/examplebucket/k2", "WQAZgDXXPXL/AYKZgXx7eJcj5fc="},
		{"O12", "GET", ossIP, "/examplebucket/" + ossKey, "Expires=1795852800&OSSAccessKeyId=testAK&Signature={}&response-content-type=text%2Fplain", nil,
			"GET\n\n\n1795852800\n" + ossPlain + "?response-content-type=text/plain", "4SpLjIvGUZSnSBh/ORHiaWZ4vDY="},
		{"O13", "PUT", ossIP, "/examplebucket/k", "Expires=1795852800&OSSAccessKeyId=testAK&Signature={}", []string{"Content-Type", "text/plain", "x-oss-meta-one", "1"},
			"PUT\n\ntext/plain\n1795852800\nx-oss-meta-one:1\n/examplebucket/k", "0D9SZHSOXONr25Tp3jty8oKoD94="},
	}
	ossURL  = "x-oss-credential=testAK%2F20261128%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&x-oss-date=20261128T080000Z&x-oss-expires=60&x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-signature={}"
	ossFour = []ossVector{
		{"Q1", "GET", ossIP, "/", "", nil, "d2d9217513bae18daf010443c9593747e686454f4a47e8549e74ba06f32ed4c8", "bb060b6edac3526b2f4e3e5c032b2abbc5978e812f1ea125555cc023f65f87ed"},
		{"Q2", "PUT", ossIP, ossOne[1].path, "", ossOne[1].header, "095af7b0261bfcc353890dc981a675e0464a235d566a901fe0384f5d5c8aa568", "8435563e9ec4920e1939ffed2b958978a10c2cd542a4c41c805cccd342d44f5d"},
		{"Q3", "GET", ossIP, "/examplebucket/", ossOne[2].query, nil, "7c5979754513bc150e1e8f3d13343550347687858ce3303be2656eff197e4212", "50077dd5bf2e73c7fc7dcec1b70b840af7bde71e4ae35732e7a5b6ef71ae6a66"},
		{"Q4", "POST", ossIP, "/examplebucket/k", ossOne[3].query, ossOne[3].header, "827589a92d82a7dfa09664c31c87b766344620316d62965c2c4c25cda3f09ed1", "83089b4b71b2e24244a2977cb0e0926e8640f694de83c31da26157b8bada9cf3"},
		{"Q5", "PUT", ossIP, "/examplebucket/k", ossOne[4].query, nil, "22220f5a0243f35d0ddc22cf84f53d44b957eb9e1c880de9f977eb6a384f3d7e", "939273ad629cfc05f1c29e264a8077df63ab72b3f6fbbe8bbd9bf0e6f3b2aa2a"},
		{"Q6", "PUT", ossIP, "/examplebucket/k2", "", ossOne[5].header, "09acc68fefd3b2574a75ccaef4e4e99417e72633e9586debb47f7e54a3327081", "78eeb4196eff92fc36ad6150732eabd0eb1dd913e291723e36866e09574c0a6e"},
		{"Q7", "GET", ossIP, "/examplebucket/k", ossOne[6].query, []string{"Range", "bytes=0-9"}, "f2b1c92ce1c9921f7c3f5d561d88f8df92f042726c29ef706f745737854f283e", "831267ba408371ce3a63e81786f73ff6dc0b56b7493d971ec02385b4c175deb2"},
		{"Q8", "GET", ossHost, "/", ossOne[8].query, nil, "369e5917d22fca86ee08f161d53a78671e2ed3f49735c0010a99aa8292e23f5c", "9b6cda926042aa0f413136119fbc608ff8976d9fb0ff580f5e2fd9163d21d14b"},
		{"Q9", "GET", ossIP, "/examplebucket/" + ossKey, ossURL, nil, "e3907a3574d0a99d551548080abe8170bd1303427e949a35fa6551a0a7fb0746", "cb1ef09d0d7b2dde1ff5c9f0518484f95e5d5ed9a9ab05a3a311141b81a59ee5"},
		{"Q10", "PUT", ossIP, "/examplebucket/k", "x-oss-additional-headers=host&" + ossURL, []string{"Content-Type", "text/plain"}, "7d461e6be538c7d45eb7cbb9fa5eec5799d79a397f017295f80d4ff2bd2a5ead", "a8efdd16fa4a567fe0a8318a9ceb0dfb521c541ae5c3dea357cda280ab921f51"},
		{"Q11", "GET", ossIP, ossOne[9].path, "", []string{"Date", ossDay}, "d5752af8a6b6aa381a3c53a22a82d2e2a337833bf734e269869e5f49f9c5feec", "7f62a997fc2266a36a044748fafce272941545820f96b397dcf4d6ad2740734c"},
	}
)

// signed1 is a vector of V1 as it was sent.
func (v ossVector) signed1() sign.Request {
	r := v.request()
	if strings.Contains(v.query, "{}") {
		r.Query = strings.Replace(v.query, "{}", sign.Escape(v.signature), 1)
		return r
	}
	r.Header.Set("Authorization", "OSS testAK:"+v.signature)
	if r.Header.Get("X-Oss-Date") == "" {
		r.Header.Set("Date", ossDay)
	}
	return r
}

// signed4 is a vector of V4 as it was sent.
func (v ossVector) signed4() sign.Request {
	r := v.request()
	if strings.Contains(v.query, "{}") {
		r.Query = strings.Replace(v.query, "{}", v.signature, 1)
		return r
	}
	fields := "Credential=testAK/" + ossScope
	if v.name == "Q7" {
		fields += ",AdditionalHeaders=range"
	}
	r.Header.Set("Authorization", "OSS4-HMAC-SHA256 "+fields+",Signature="+v.signature)
	r.Header.Set("X-Oss-Content-Sha256", "UNSIGNED-PAYLOAD")
	if v.name != "Q11" {
		r.Header.Set("X-Oss-Date", "20261128T080000Z")
	}
	return r
}

func TestOSSV1Vectors(t *testing.T) {
	t.Parallel()
	for _, v := range ossOne {
		r := v.signed1()
		if err := pass(oss, r, secret, ossAt); err != nil {
			t.Errorf("%s: got %v, want a good signature", v.name, err)
			continue
		}
		c, err := oss(r)
		if err != nil || c.Scheme != sign.OSS1 || c.KeyID != key {
			t.Fatalf("%s: got %+v, %v, want V1 by testAK", v.name, c, err)
		}
		if got := c.StringToSign(); got != v.signed && (strings.HasPrefix(v.signed, v.method) || !strings.HasSuffix(got, v.signed)) {
			t.Errorf("%s: got\n%s\nwant\n%s", v.name, got, v.signed)
		}
		if err := pass(oss, r, "testsk", ossAt); reason(err) != sign.Mismatch {
			t.Errorf("%s with another secret: got %v, want it refused", v.name, err)
		}
	}
}

func TestOSSV4Vectors(t *testing.T) {
	t.Parallel()
	for _, v := range ossFour {
		r := v.signed4()
		if err := pass(oss, r, secret, ossAt.Add(time.Minute)); err != nil {
			t.Errorf("%s: got %v, want a good signature", v.name, err)
			continue
		}
		c, err := oss(r)
		if err != nil || c.Scheme != sign.OSS4 || c.KeyID != key || c.Region() != "cn-hangzhou" {
			t.Fatalf("%s: got %+v, %v, want V4 by testAK in cn-hangzhou", v.name, c, err)
		}
		if !slices.ContainsFunc(c.Spellings(), func(text string) bool { return strings.HasSuffix(text, "\n"+v.signed) }) {
			t.Errorf("%s: got %q, want one that ends in %s", v.name, c.Spellings(), v.signed)
		}
	}
	c, err := oss(ossFour[1].signed4())
	const want = "PUT\n/examplebucket/dir%20a/b%2Bc%252F%E7%89%88.txt\n\ncontent-md5:XUFAKrxLKna5cZ2REBfFkg==\ncontent-type:text/plain\n" +
		"x-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:20261128T080000Z\nx-oss-forbid-overwrite:true\nx-oss-meta-one:1\n\n\nUNSIGNED-PAYLOAD"
	if err != nil || c.Canonical() != want {
		t.Errorf("Q2, canonical request: got\n%s\nwant\n%s", c.Canonical(), want)
	}
}

// The signature covers bucket and key, but not the Host: it decides which of the
// two readings of an address is meant.
func TestOSSSignatureDecidesWhichBucketIsMeant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, signedHost, host, path string
		want                         sign.Resource
	}{
		{"in the path", ossIP, ossIP, "/b/k%2Fl/m", sign.Resource{Bucket: "b", Key: "k/l/m"}},
		{"in the path, at a bucket's host", ossIP, ossHost, "/b/k", sign.Resource{Bucket: "b", Key: "k"}},
		{"in the host", ossHost, ossHost, "/b/k", sign.Resource{Bucket: "examplebucket", Key: "b/k"}},
		{"in a host of another case, with a port", "B.OSS-cn-hangzhou-internal.aliyuncs.com:80", "B.OSS-cn-hangzhou-internal.aliyuncs.com:80", "/k", sign.Resource{Bucket: "b", Key: "k"}},
		{"in the local host", "b.localhost:8080", "b.localhost:8080", "/", sign.Resource{Bucket: "b"}},
		{"none, at a host of none", ossIP, ".oss-cn-hangzhou.aliyuncs.com", "/", sign.Resource{}},
		{"none, at a host of no bucket", ossIP, "undefined.oss-cn-hangzhou.aliyuncs.com", "/", sign.Resource{}},
		{"dots and slashes", ossIP, ossIP, "/b/.././/%2e/", sign.Resource{Bucket: "b", Key: ".././/./"}},
	} {
		for _, signed := range []sign.Request{
			sign.Request{Method: "GET", Host: c.signedHost, Path: c.path}.SignOSS1(key, secret, ossAt),
			sign.Request{Method: "GET", Host: c.signedHost, Path: c.path}.SignOSS4(key, secret, "cn-hangzhou", ossAt),
		} {
			signed.Host = c.host
			claim, err := oss(signed)
			if err == nil {
				err = claim.Verify(secret)
			}
			if err != nil || claim.Resource != c.want {
				t.Errorf("%s: got %+v, %v, want %+v", c.what, claim.Resource, err, c.want)
			}
		}
	}
	r := sign.Request{Method: "GET", Host: "b.objects.example.com", Path: "/k"}
	if got, _ := r.Resources("Objects.example.com"); got[0] != (sign.Resource{Bucket: "b", Key: "k"}) || len(got) != 2 {
		t.Errorf("below a domain of the operator: got %+v, want b and k first", got)
	}
}

func TestOSSURLsAreGoodForTheirTimeAlone(t *testing.T) {
	t.Parallel()
	r := sign.Request{Method: "GET", Host: ossIP, Path: "/b/k", Query: "response-content-type=a%2Fb"}
	for _, c := range []struct {
		what string
		r    sign.Request
		now  time.Time
		want sign.Reason
	}{
		{"V1 at its last second", r.PresignOSS1(key, secret, ossAt), ossAt.Add(999 * time.Millisecond), ""},
		{"V1 a second later", r.PresignOSS1(key, secret, ossAt), ossAt.Add(time.Second), sign.Expired},
		{"V1 long before", r.PresignOSS1(key, secret, ossAt), ossAt.AddDate(-10, 0, 0), ""},
		{"V4 at its last second", r.PresignOSS4(key, secret, "r-1", ossAt, time.Minute), ossAt.Add(time.Minute), ""},
		{"V4 a second later", r.PresignOSS4(key, secret, "r-1", ossAt, time.Minute), ossAt.Add(time.Minute + time.Second), sign.Expired},
		{"V4 a little before", r.PresignOSS4(key, secret, "r-1", ossAt, time.Minute), ossAt.Add(-15 * time.Minute), ""},
		{"V4 long before", r.PresignOSS4(key, secret, "r-1", ossAt, time.Minute), ossAt.Add(-15*time.Minute - time.Second), sign.Stale},
		{"V4 for a week", r.PresignOSS4(key, secret, "r-1", ossAt, 7*24*time.Hour), ossAt.AddDate(0, 0, 6), ""},
		{"V4 for more than a week", r.PresignOSS4(key, secret, "r-1", ossAt, 7*24*time.Hour+time.Second), ossAt, sign.Malformed},
		{"V4 for no time", r.PresignOSS4(key, secret, "r-1", ossAt, 0), ossAt, sign.Malformed},
		{"V4 with a header more", sign.Request{Method: "GET", Host: ossIP, Path: "/b/k"}.PresignOSS4(key, secret, "r-1", ossAt, time.Minute, "host"), ossAt, ""},
	} {
		if err := pass(oss, c.r, secret, c.now); reason(err) != c.want {
			t.Errorf("%s: got %v, want %q", c.what, err, c.want)
		}
	}
}

func TestWhatOSSCannotReadOrBelieveIsRefused(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(*sign.Request) {
		return func(r *sign.Request) { r.Header.Set(name, value) }
	}
	without := func(name string) func(*sign.Request) { return func(r *sign.Request) { r.Header.Del(name) } }
	query := func(old, new string) func(*sign.Request) {
		return func(r *sign.Request) { r.Query = strings.Replace(r.Query, old, new, 1) }
	}
	credential := func(scope string) func(*sign.Request) {
		return set("Authorization", "OSS4-HMAC-SHA256 Credential=testAK/"+scope+",Signature=00")
	}
	one, four := ossOne[1].signed1(), ossFour[1].signed4()
	url1, url4 := ossOne[11].signed1(), ossFour[8].signed4()
	for _, c := range []struct {
		what   string
		r      sign.Request
		change func(*sign.Request)
		want   sign.Reason
	}{
		{"nothing", one, without("Authorization"), sign.Absent},
		{"V2", one, set("Authorization", "OSS2 AccessKeyId:a,Signature:b"), sign.Malformed},
		{"V2 in a URL", url4, query("x-oss-signature-version=OSS4-HMAC-SHA256", "x-oss-signature-version=OSS2"), sign.Malformed},
		{"two signs", one, func(r *sign.Request) { r.Query = "OSSAccessKeyId=testAK" }, sign.Malformed},
		{"no signature", one, set("Authorization", "OSS testAK"), sign.Malformed},
		{"an empty signature", one, set("Authorization", "OSS testAK:"), sign.Malformed},
		{"no key", one, set("Authorization", "OSS :abc"), sign.Malformed},
		{"two authorizations", one, func(r *sign.Request) { r.Header.Add("Authorization", "OSS a:b") }, sign.Malformed},
		{"two types", one, func(r *sign.Request) { r.Header.Add("Content-Type", "a/b") }, sign.Malformed},
		{"no date", one, without("Date"), sign.DateAbsent},
		{"a date of another form", one, set("Date", "2026-11-28T08:00:00Z"), sign.DateFormat},
		{"an old date", one, set("Date", "Sat, 28 Nov 2026 07:44:59 GMT"), sign.Stale},
		{"a token", one, set("x-oss-security-token", ""), sign.HasToken},
		{"a parameter twice", one, func(r *sign.Request) { r.Query = "a=1&a=2" }, sign.Malformed},
		{"a broken query", one, func(r *sign.Request) { r.Query = "a=%zz" }, sign.Malformed},
		{"a broken path", one, func(r *sign.Request) { r.Path = "/b/%zz" }, sign.Malformed},
		{"two parameters in one", one, func(r *sign.Request) { r.Query = "partNumber=1%26uploadId=2" }, sign.Malformed},
		{"an ampersand in a value", one, func(r *sign.Request) { r.Query = "response-content-disposition=a%26z.txt" }, sign.Mismatch},
		{"another key", one, func(r *sign.Request) { r.Path += "x" }, sign.Mismatch},
		{"another header", one, set("x-oss-meta-two", "2"), sign.Mismatch},
		{"a second value of a header", one, func(r *sign.Request) { r.Header.Add("x-oss-meta-one", "2") }, sign.Mismatch},

		{"no digest", four, without("x-oss-content-sha256"), sign.Malformed},
		{"a digest", four, set("x-oss-content-sha256", strings.Repeat("0", 64)), sign.Malformed},
		{"V4 without a date", four, without("x-oss-date"), sign.DateAbsent},
		{"V4, a date of another form", four, set("x-oss-date", "2026"), sign.DateFormat},
		{"V4, a token", four, set("x-oss-security-token", "a"), sign.HasToken},
		{"another day's scope", four, credential("20261127/cn-hangzhou/oss/aliyun_v4_request"), sign.Malformed},
		{"another product's scope", four, credential("20261128/cn-hangzhou/ecs/aliyun_v4_request"), sign.Malformed},
		{"a scope without end", four, credential("20261128/cn-hangzhou/oss/aliyun_v4"), sign.Malformed},
		{"a scope without region", four, credential("20261128//oss/aliyun_v4_request"), sign.Malformed},
		{"a region with a slash", four, credential("20261128/cn/x/oss/aliyun_v4_request"), sign.Malformed},
		{"another region", four, credential("20261128/cn-beijing/oss/aliyun_v4_request"), sign.Mismatch},
		{"an unknown field", four, set("Authorization", "OSS4-HMAC-SHA256 Credential=testAK/"+ossScope+",Signature=00,More=1"), sign.Malformed},
		{"a field twice", four, set("Authorization", "OSS4-HMAC-SHA256 Credential=testAK/"+ossScope+",Signature=00,Signature=11"), sign.Malformed},
		{"additional headers out of order", four, set("Authorization", "OSS4-HMAC-SHA256 Credential=testAK/"+ossScope+",AdditionalHeaders=range;host,Signature=00"), sign.Malformed},
		{"an additional header twice", four, set("Authorization", "OSS4-HMAC-SHA256 Credential=testAK/"+ossScope+",AdditionalHeaders=host;host,Signature=00"), sign.Malformed},
		{"an additional header that is not there", ossFour[6].signed4(), without("Range"), sign.Mismatch},
		{"another parameter", four, func(r *sign.Request) { r.Query = "acl" }, sign.Mismatch},

		{"a URL without key", url1, query("OSSAccessKeyId=testAK", "OSSAccessKeyId"), sign.Missing},
		{"a URL without signature", url1, query("Signature=", "Signatur="), sign.Missing},
		{"a URL without time", url1, query("Expires=1795852800", "x=1"), sign.Missing},
		{"a URL with another time", url1, query("Expires=1795852800", "Expires=1795852801"), sign.Mismatch},
		{"a URL with an endless time", url1, query("Expires=1795852800", "Expires=99999999999999"), sign.DateFormat},
		{"a URL with a time of words", url1, query("Expires=1795852800", "Expires=tomorrow"), sign.DateFormat},
		{"a URL with a token", url1, func(r *sign.Request) { r.Query += "&security-token=a" }, sign.HasToken},
		{"a V4 URL without key", url4, query("x-oss-credential", "x-oss-credentials"), sign.Malformed},
		{"a V4 URL with a broken date", url4, query("20261128T080000Z", "20261128"), sign.DateFormat},
		{"a V4 URL for another time", url4, query("x-oss-expires=60", "x-oss-expires=61"), sign.Mismatch},
		{"a V4 URL with a token", url4, func(r *sign.Request) { r.Query += "&x-oss-security-token=a" }, sign.HasToken},
		{"a V4 URL with a digest", url4, set("x-oss-content-sha256", "00"), sign.Malformed},
		{"a V4 URL with a parameter more", url4, func(r *sign.Request) { r.Query += "&acl" }, sign.Mismatch},
	} {
		r := c.r
		r.Header = r.Header.Clone()
		c.change(&r)
		if err := pass(oss, r, secret, ossAt); reason(err) != c.want {
			t.Errorf("%s: got %v, want %q", c.what, err, c.want)
		}
	}
}

func TestOSSFieldsMayStandInAnyOrder(t *testing.T) {
	t.Parallel()
	r := ossFour[6].signed4()
	for _, authorization := range []string{
		"Credential=testAK/" + ossScope + ", Signature=" + ossFour[6].signature + ", AdditionalHeaders=range",
		"Signature=" + ossFour[6].signature + ",AdditionalHeaders=range,Credential=testAK/" + ossScope,
	} {
		r.Header.Set("Authorization", "OSS4-HMAC-SHA256 "+authorization)
		if err := pass(oss, r, secret, ossAt); err != nil {
			t.Errorf("%s: got %v, want a good signature", authorization, err)
		}
	}
}

func TestOnlyTheSignsOfOSSMakeARequestItsOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		authorization, query string
		want                 bool
	}{
		{"OSS a:b", "", true}, {"OSS", "", true}, {"OSS4-HMAC-SHA256 Credential=a", "", true}, {"OSS2 a", "", true},
		{"", "OSSAccessKeyId=a", true}, {"", "a=1&OSSAccessKeyId", true}, {"", "x-oss-signature-version=OSS4-HMAC-SHA256", true},
		{"", "x-oss-signature-version=OSS2", true}, {"", "x%2Doss-signature-version=OSS2&%zz", true},
		{"", "", false}, {"OSSX a", "", false}, {"acs a:b", "AccessKeyId=a&Signature=b", false}, {"ACS3-HMAC-SHA256 Credential=a", "", false},
		{"", "x-oss-signature-version=1", false}, {"", "x=OSSAccessKeyId", false},
	} {
		h := http.Header{}
		if c.authorization != "" {
			h.Set("Authorization", c.authorization)
		}
		if got := sign.OSSSigned(h, c.query); got != c.want {
			t.Errorf("%q, %q: got %t, want %t", c.authorization, c.query, got, c.want)
		}
	}
}

func TestPolicyOfAFormIsSignedAsItsText(t *testing.T) {
	t.Parallel()
	const policy = `{"expiration":"2026-11-28T09:00:00.000Z","conditions":[{"bucket":"examplebucket"},["starts-with","$key","a/"]]}`
	text := base64.StdEncoding.EncodeToString([]byte(policy))
	one, err := oss(ossOne[0].signed1())
	if err != nil {
		t.Fatal(err)
	}
	if one.SignedAs(text, secret) {
		t.Error("got the signature of a request, want that of the policy alone")
	}
	r := ossOne[0].signed1()
	r.Header.Set("Authorization", "OSS testAK:9L42DRxTTrZzoLLbHRhTlakj1n8=")
	if one, err = oss(r); err != nil || !one.SignedAs(text, secret) {
		t.Errorf("V1: got %v, want the documented signature", err)
	}
	r = ossFour[0].signed4()
	r.Header.Set("Authorization", "OSS4-HMAC-SHA256 Credential=testAK/"+ossScope+",Signature=6e2cd935cd9becfc133bd32d3ff049b58fb7055b2f4ac0f848104eba5c723ce4")
	if four, err := oss(r); err != nil || !four.SignedAs(text, secret) {
		t.Errorf("V4: got %v, want the documented signature", err)
	}
}

func FuzzOSS(f *testing.F) {
	for _, v := range append(slices.Clone(ossOne), ossFour...) {
		r := v.signed1()
		if v.name[0] == 'Q' {
			r = v.signed4()
		}
		f.Add(r.Method, r.Path, r.Query, r.Host, r.Header.Get("Authorization"), "X-Oss-Date", r.Header.Get("X-Oss-Date"))
	}
	f.Add("GET", "/%2e%2e/%zz", "OSSAccessKeyId&Expires=-1&Signature=%", "a.b.localhost:x", "OSS4-HMAC-SHA256 Credential=/,Signature=,", "X-Oss-Date", "Z")
	f.Fuzz(func(t *testing.T, method, path, query, host, authorization, name, value string) {
		r := sign.Request{Method: method, Path: path, Query: query, Host: host, Length: 1,
			Header: headers("Authorization", authorization, "Date", ossDay, "X-Oss-Content-Sha256", "UNSIGNED-PAYLOAD", name, value)}
		c, err := oss(r)
		if err != nil {
			if reason(err) == "" || c != nil {
				t.Fatalf("got %v, %v, want a reason alone", c, err)
			}
			return
		}
		_ = c.Fresh(ossAt)
		_ = c.Canonical()
		if c.Verify("a secret that nobody signed with") == nil {
			t.Fatal("got a good signature, want a random one refused")
		}
	})
}

// FuzzOSSRoundTrip signs any key and parameter: what is signed verifies, as what
// it was signed for, and as nothing else.
func FuzzOSSRoundTrip(f *testing.F) {
	f.Add("k", "prefix", "a b", uint(1))
	f.Add("版/本//..?acl", "response-content-type", "&x=/+", uint(9))
	f.Fuzz(func(t *testing.T, object, name, value string, flip uint) {
		r := sign.Request{Method: "GET", Host: ossIP, Path: "/bucket/" + strings.ReplaceAll(sign.Escape(object), "%2F", "/"), Query: sign.Escape(name) + "=" + sign.Escape(value)}
		for _, signed := range []sign.Request{
			r.SignOSS1(key, secret, ossAt), r.SignOSS4(key, secret, "r-1", ossAt),
			r.PresignOSS1(key, secret, ossAt), r.PresignOSS4(key, secret, "r-1", ossAt, time.Minute),
		} {
			c, err := oss(signed)
			if err != nil { // a name of the protocol's, or two parameters in one
				continue
			}
			if err := c.Verify(secret); err != nil || c.Resource != (sign.Resource{Bucket: "bucket", Key: object}) {
				t.Fatalf("%q, %q=%q: got %+v, %v, want what is signed to verify", object, name, value, c.Resource, err)
			}
			other := signed
			other.Path = r.Path + strconv.Itoa(int(flip%10))
			if c, err := oss(other); err == nil && c.Verify(secret) == nil {
				t.Fatalf("%q: got a good signature for another key, want it refused", object)
			}
		}
	})
}
