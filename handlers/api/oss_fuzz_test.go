package api_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"quartermaster/web/sign"
)

// fuzzDesk is a desk with a bucket that holds an object of ten bytes under k, and the
// id of an unfinished upload of the key parts.
func fuzzDesk(f *testing.F) (d *desk, upload string) {
	f.Helper()
	d = open(f)
	now := d.DB.Now()
	for _, r := range []sign.Request{d.ossRequest("PUT /some-bucket", ""), d.ossRequest("PUT /some-bucket/k", "0123456789")} {
		if got := d.send(f, r.SignOSS1(d.Key.ID, d.Key.Secret, now)); got.Status != 200 {
			f.Fatal(got)
		}
	}
	_, rest, _ := strings.Cut(d.send(f, d.ossRequest("POST /some-bucket/parts?uploads", "").SignOSS1(d.Key.ID, d.Key.Secret, now)).Body, "<UploadId>")
	upload, _, _ = strings.Cut(rest, "</UploadId>")
	return d, upload
}

// signed signs by the V4 of OSS at this moment.
func (d *desk) signed(r sign.Request) sign.Request {
	return r.SignOSS4(d.Key.ID, d.Key.Secret, region, d.DB.Now())
}

// wire answers a request as it stands on the wire, signed if signed is given, and
// wants an answer of OSS when it has a sign of that. ok is false where the request
// would not come through the server.
func (d *desk) wire(t *testing.T, raw string, signed func(sign.Request) sign.Request) (got answer, ok bool) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil || r.Host == "" || r.ProtoMajor != 1 {
		return got, false
	}
	if signed != nil {
		s := signed(sign.From(r, nil))
		r.Header, r.URL.RawQuery = s.Header, s.Query
	}
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	got = answer{w.Code, w.Header(), w.Body.String()}
	if !sign.OSSSigned(r.Header, r.URL.RawQuery) {
		return got, false
	}
	if err := got.ofOSS(r.Method); err != nil {
		t.Fatalf("%q: got %d %v %q: %v", raw, got.Status, got.Header, got.Body, err)
	}
	return got, true
}

// ofOSS tells when an answer is none of OSS, or a fault of the server.
func (a answer) ofOSS(method string) error {
	switch {
	case !ossRequestID.MatchString(a.Header.Get("X-Oss-Request-Id")), a.Header.Get("Content-Security-Policy") != "sandbox; default-src 'none'",
		a.Header.Get("Set-Cookie") != "", a.Header.Get("Location") != "" && (method != http.MethodPut || a.Status != http.StatusOK):
		return fmt.Errorf("not of OSS")
	case a.Status == http.StatusInternalServerError, a.Status == http.StatusBadGateway, a.Status >= 300 && a.Status < 400 && a.Status != http.StatusNotModified:
		return fmt.Errorf("a status that no request may get")
	case a.Status < 400:
		return nil
	}
	text := []byte(a.Body)
	if method == http.MethodHead {
		var err error
		if text, err = base64.StdEncoding.DecodeString(a.Header.Get("X-Oss-Err")); err != nil || len(a.Header.Get("X-Oss-Err")) >= 4<<10 || a.Body != "" {
			return fmt.Errorf("header x-oss-err of %d bytes: %w", len(a.Header.Get("X-Oss-Err")), err)
		}
	}
	var e struct {
		XMLName         xml.Name `xml:"Error"`
		Code, RequestId string
	}
	if err := xml.Unmarshal(text, &e); err != nil || e.Code == "" || e.RequestId != a.Header.Get("X-Oss-Request-Id") {
		return fmt.Errorf("no error of OSS: %w", err)
	}
	return nil
}

func FuzzOSSPaths(f *testing.F) {
	d, _ := fuzzDesk(f)
	for _, line := range []string{
		"GET /some-bucket/k", "HEAD /", "PUT /some-bucket/%2e%2e//k", "DELETE //some-bucket/", "CONNECT some-bucket:80", "OPTIONS *", "GET http://some-bucket.localhost/k", "GET /%",
		"GET /some-bucket/%ff%00", "POST /some-bucket/../stores?delete", "GET /v1/stores", "GET /?Action=DescribeCategories", "GET /pop/v1/wam/storage", "BREW /some-bucket/k?acl", "GET /static/../x",
	} {
		f.Add(line, "desk:8080")
		f.Add(line, "some-bucket.oss-cn-hangzhou.aliyuncs.com")
	}
	f.Fuzz(func(t *testing.T, line, host string) {
		d.wire(t, line+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n", d.signed)
	})
}

// What is put under a key is what is got and listed under it, or the key is refused.
func FuzzOSSKeys(f *testing.F) {
	d, _ := fuzzDesk(f)
	for _, key := range append(ossKeys, "/k", `\k`, "\xff", "k\x00", "\r\n", "\ufffe", "?acl", "%2F", "+", "版/本", strings.Repeat("k", 1023), "&#x1;", "]]>") {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if key == "" || len(key) > 2000 {
			t.Skip()
		}
		path := strings.ReplaceAll(sign.Escape(key), "%2F", "/")
		do := func(method, target string) answer {
			got, ok := d.wire(t, fmt.Sprintf("%s /some-bucket%s HTTP/1.1\r\nHost: desk\r\nContent-Length: %d\r\n\r\n%s", method, target, len(key), key), d.signed)
			if !ok {
				t.Fatalf("%s %q: it does not come through", method, key)
			}
			return got
		}
		put := do("PUT", "/"+path)
		valid := len(key) <= 1023 && utf8.ValidString(key) && !strings.ContainsRune(key, 0) && key[0] != '/' && key[0] != '\\'
		if (put.Status == 200) != valid {
			t.Fatalf("put %q: got %d %s, want it kept: %t", key, put.Status, put.Body, valid)
		}
		if !valid {
			return
		}
		if got := do("GET", "/"+path); got.Status != 200 || got.Body != key {
			t.Fatalf("get %q: got %d %q", key, got.Status, got.Body)
		}
		list := do("GET", "?encoding-type=url&max-keys=1&prefix="+url.QueryEscape(key))
		if want := "<Key>" + sign.Escape(key) + "</Key>"; !strings.Contains(list.Body, want) {
			t.Fatalf("list %q: got %s, want %s", key, list.Body, want)
		}
		if plain := do("GET", "?max-keys=1&prefix="+url.QueryEscape(key)); xml.Unmarshal([]byte(plain.Body), new(struct{ Name string })) != nil {
			t.Fatalf("list %q: got %s, want XML", key, plain.Body)
		}
		if gone := do("DELETE", "/"+path); gone.Status != 204 {
			t.Fatalf("delete %q: got %d %s", key, gone.Status, gone.Body)
		}
	})
}

func FuzzOSSQuery(f *testing.F) {
	d, upload := fuzzDesk(f)
	for _, query := range []string{
		"acl", "uploads&max-uploads=1&key-marker=a", "list-type=2&continuation-token=AAAA&max-keys=1&delimiter=%FF&prefix=%00", "uploadId=" + upload, "partNumber=1&uploadId=" + upload, "objectMeta",
		"uploadId=" + upload + "&max-parts=1&part-number-marker=99999999999999999999", "delete", "bucketInfo=", "location&stat", "response-content-type=%0d%0a", "%zz", "a=1&a=2", "x-oss-process=image",
		"marker=%F0%9F&encoding-type=url", "security-token=a", "&&=&", "list-type=2&fetch-owner=true&start-after=%80", strings.Repeat("a&", 600),
	} {
		for _, method := range []string{"GET", "PUT", "POST", "DELETE", "HEAD"} {
			f.Add(method, "/k", query)
			f.Add(method, "", query)
			f.Add(method, "/parts", query)
		}
	}
	f.Fuzz(func(t *testing.T, method, key, query string) {
		d.wire(t, method+" /some-bucket"+key+"?"+query+" HTTP/1.1\r\nHost: desk\r\n\r\n", d.signed)
	})
}

// Nothing but a signature of this moment is obeyed, whatever else the header, the
// query or the date say.
func FuzzOSSAuthorization(f *testing.F) {
	d, _ := fuzzDesk(f)
	id := d.Key.ID
	day := d.DB.Now().UTC().Format("20060102")
	scope := id + "/" + day + "/cn-hangzhou/oss/aliyun_v4_request"
	date4 := d.DB.Now().UTC().Format("20060102T150405Z")
	for _, s := range [][3]string{
		{"OSS " + id + ":x", "", ""}, {"OSS " + id, "", ""}, {"OSS :", "", ""}, {"OSS2 AccessKeyId:" + id, "", ""}, {"OSS", "", ""},
		{"OSS4-HMAC-SHA256 Credential=" + scope + ",Signature=00", "", date4}, {"OSS4-HMAC-SHA256 Credential=" + scope + ", AdditionalHeaders=host;range, Signature=00", "", date4},
		{"OSS4-HMAC-SHA256 Credential=,Signature=,AdditionalHeaders=;", "", date4}, {"OSS4-HMAC-SHA256 Signature=00", "", "x"}, {"OSS4-HMAC-SHA256", "", ""},
		{"", "OSSAccessKeyId=" + id + "&Expires=9999999999&Signature=x", ""}, {"", "OSSAccessKeyId", ""}, {"", "OSSAccessKeyId=&Expires=-1&Signature=x", ""},
		{"", "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=" + url.QueryEscape(scope) + "&x-oss-date=" + date4 + "&x-oss-expires=60&x-oss-signature=00", ""},
		{"", "x-oss-signature-version=OSS4-HMAC-SHA256", ""}, {"", "x-oss-signature-version=OSS2&OSSAccessKeyId=x", ""}, {"OSS a:b", "OSSAccessKeyId=c", ""}, {"acs a:b", "OSSAccessKeyId=c", ""},
		{"OSS " + id + ":x", "Action=DescribeStorage&AccessKeyId=a&Signature=b", ""},
	} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, authorization, query, date string) {
		for _, method := range []string{"GET", "HEAD"} {
			raw := method + " /some-bucket/k?" + query + " HTTP/1.1\r\nHost: desk\r\nDate: " + d.DB.Now().UTC().Format(http.TimeFormat) + "\r\nX-Oss-Content-Sha256: UNSIGNED-PAYLOAD\r\n"
			if authorization != "" {
				raw += "Authorization: " + authorization + "\r\n"
			}
			if date != "" {
				raw += "X-Oss-Date: " + date + "\r\n"
			}
			if got, ok := d.wire(t, raw+"\r\n", nil); ok && got.Status < 400 {
				t.Fatalf("%q: got %d, want a refusal", raw, got.Status)
			}
		}
	})
}

// A signature says what it says: of a signed request nothing can be changed.
func FuzzOSSSignedIsWhatIsObeyed(f *testing.F) {
	d, _ := fuzzDesk(f)
	for i, change := range []string{"/some-bucket/k2", "/some-bucket/k?acl", "/some-bucket//k", "/some-bucket/%6b", "/some-bucket/k?x-oss-process=a", "/some-bucket/k?prefix=", "/some-bucket/k?Expires=1", "/some-bucket/k?&", "/some-bucket%2Fk", "/some-bucket/k?response-content-type=a"} {
		f.Add(uint8(i), change)
	}
	plain := d.ossRequest("GET /some-bucket/k", "")
	plain.Host = "desk"
	f.Fuzz(func(t *testing.T, way uint8, target string) {
		now := d.DB.Now()
		s := []sign.Request{
			plain.SignOSS1(d.Key.ID, d.Key.Secret, now), plain.SignOSS4(d.Key.ID, d.Key.Secret, region, now),
			plain.PresignOSS1(d.Key.ID, d.Key.Secret, now.Add(time.Minute)), plain.PresignOSS4(d.Key.ID, d.Key.Secret, region, now, time.Minute),
		}[way%4]
		if s.Query != "" {
			if target += "&"; !strings.Contains(target, "?") {
				target = target[:len(target)-1] + "?"
			}
		}
		var header bytes.Buffer
		_ = s.Header.Write(&header)
		got, ok := d.wire(t, "GET "+target+s.Query+" HTTP/1.1\r\nHost: desk\r\n"+header.String()+"\r\n", nil)
		if ok && got.Status < 400 && got.Body != "0123456789" {
			t.Fatalf("%q: got %d %q, which was not signed", target, got.Status, got.Body)
		}
	})
}

func FuzzOSSBodies(f *testing.F) {
	d, upload := fuzzDesk(f)
	targets := []string{"POST /some-bucket?delete", "POST /some-bucket/parts?uploadId=" + upload, "PUT /some-bucket", "PUT /some-bucket?acl", "POST /some-bucket/k?uploads", "PUT /some-bucket/parts?partNumber=1&uploadId=" + upload}
	for _, body := range []string{
		"", "<Delete><Object><Key>none</Key></Object></Delete>", "<Delete><Quiet>true</Quiet><Object><Key>&#x01;</Key></Object></Delete>", "<Delete", "<!DOCTYPE a [<!ENTITY b 'c'>]><Delete><Object><Key>&b;</Key></Object></Delete>",
		"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>", "<CompleteMultipartUpload><Part><PartNumber>-99999999999999999999</PartNumber></Part></CompleteMultipartUpload>",
		"<CreateBucketConfiguration><LocationConstraint>oss-cn-hangzhou</LocationConstraint><StorageClass>IA</StorageClass></CreateBucketConfiguration>",
		"<?xml version=\"1.0\" encoding=\"GBK\"?><Delete/>", "\xef\xbb\xbf<Delete/>", "<a:Delete xmlns:a='b'><a:Object><a:Key>k2</a:Key></a:Object></a:Delete>", "<Delete><Object><Key>\xff</Key></Object></Delete>", "<Delete><Object><Key></Key></Object></Delete>",
	} {
		for i := range targets {
			f.Add(uint8(i), body, "", len(body))
		}
	}
	f.Add(uint8(0), "<Delete><Object><Key>none</Key></Object></Delete>", "eB5e", 10)
	f.Fuzz(func(t *testing.T, target uint8, body, digest string, length int) {
		head := fmt.Sprintf("Content-Length: %d\r\n", max(0, length))
		if digest != "" {
			head += "Content-MD5: " + digest + "\r\n"
		}
		d.wire(t, targets[int(target)%len(targets)]+" HTTP/1.1\r\nHost: desk\r\n"+head+"\r\n"+body, d.signed)
	})
}

// A range is what it says of the object, or the whole object, or refused.
func FuzzOSSRanges(f *testing.F) {
	d, upload := fuzzDesk(f)
	for _, ranged := range []string{"bytes=0-4", "bytes=5-", "bytes=-5", "bytes=0-0,5-6", "bytes=9-10", "bytes=10-", "bytes=-0", "bytes=-11", "byte=0-1", "bytes=5-2", "bytes=x", "bytes=-", "bytes=99999999999999999999-", "bytes=+1-2", "bytes= 1-2", "bytes=1--2", ""} {
		for _, behavior := range []string{"", "standard", "other"} {
			f.Add(ranged, behavior)
		}
	}
	const whole = "0123456789"
	f.Fuzz(func(t *testing.T, ranged, behavior string) {
		got, ok := d.wire(t, "GET /some-bucket/k HTTP/1.1\r\nHost: desk\r\nRange: "+ranged+"\r\nX-Oss-Range-Behavior: "+behavior+"\r\n\r\n", d.signed)
		var first, last, size int
		_, _ = fmt.Sscanf(got.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size)
		switch {
		case !ok:
			return
		case got.Status == 200 && got.Body == whole, got.Status == 416 && behavior == "standard":
		case got.Status == 206 && size == len(whole) && 0 <= first && first <= last && last < size && got.Body == whole[first:last+1]:
		case got.Status >= 400 && strings.ContainsAny(ranged+behavior, "\r\n"): // other headers
		default:
			t.Fatalf("%q (%q): got %d %q %q", ranged, behavior, got.Status, got.Header.Get("Content-Range"), got.Body)
		}
		part, ok := d.wire(t, "PUT /some-bucket/parts?partNumber=1&uploadId="+upload+" HTTP/1.1\r\nHost: desk\r\nX-Oss-Copy-Source: /some-bucket/k\r\nX-Oss-Copy-Source-Range: "+ranged+"\r\n\r\n", d.signed)
		if ok && part.Status != 200 && part.Status != 400 && part.Status != 416 {
			t.Fatalf("copy %q: got %d %s", ranged, part.Status, part.Body)
		}
	})
}
