package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	oss2 "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	oss1 "github.com/aliyun/aliyun-oss-go-sdk/oss"

	"quartermaster/handlers"
	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// tampered is how the requests of a client get to the server: changed, where change is
// there.
type tampered func(*http.Request)

// RoundTrip implements http.RoundTripper.
func (change tampered) RoundTrip(r *http.Request) (*http.Response, error) {
	if change != nil {
		r = r.Clone(r.Context())
		change(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// shortWay sends less of a body than its length says.
type shortWay struct{}

// RoundTrip implements http.RoundTripper.
func (shortWay) RoundTrip(r *http.Request) (*http.Response, error) {
	c, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Method, r.URL.RequestURI(), r.URL.Host, r.ContentLength)
	if err := errors.Join(r.Header.WriteSubset(c, map[string]bool{"Host": true, "Content-Length": true}), r.Body.Close()); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(c, "\r\n12345"); err != nil {
		return nil, err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(c), r)
}

// ossCall is a request as both official clients for Go are asked for one.
type ossCall struct {
	method, bucket, key, query, body string
	headers                          map[string]string
}

// wholeBodies reads the body of a request before it is sent. The older client counts
// what was read of it as soon as the answer is there, also while it is still sent.
type wholeBodies struct{ over http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w wholeBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		all, err := io.ReadAll(r.Body)
		if err = errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(all))
	}
	if w.over == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return w.over.RoundTrip(r)
}

// by1 sends a request by the older client.
func (c ossCall) by1(t testing.TB, url string, k key, region string, version oss1.AuthVersionType, over http.RoundTripper) (code, ec, id string, status int) {
	t.Helper()
	client, err := oss1.New(url, k.ID, k.Secret, oss1.AuthVersion(version), oss1.Region(region), oss1.HTTPClient(&http.Client{Transport: wholeBodies{over}}))
	mustDo(t, "client", err)
	params := map[string]any{}
	for name, value := range c.params() {
		if params[name] = value; value == "" {
			params[name] = nil
		}
	}
	headers := map[string]string{"Content-Type": "text/plain"}
	for name, value := range c.headers {
		headers[name] = value
	}
	_, err = client.Conn.Do(c.method, c.bucket, c.key, params, headers, strings.NewReader(c.body), 0, nil)
	var got oss1.ServiceError
	if !errors.As(err, &got) {
		t.Errorf("%+v: got %v, want an error of the service", c, err)
	}
	return got.Code, got.Ec, got.RequestID, got.StatusCode
}

// by2 sends a request by the newer client.
func (c ossCall) by2(t testing.TB, url string, k key, region string, version oss2.SignatureVersionType, over http.RoundTripper) (code, ec, id string, status int) {
	t.Helper()
	client := oss2.NewClient(oss2.LoadDefaultConfig().WithCredentialsProvider(credentials.NewStaticCredentialsProvider(k.ID, k.Secret)).
		WithRegion(region).WithEndpoint(url).WithSignatureVersion(version).WithRetryMaxAttempts(1).WithHttpClient(&http.Client{Transport: over}))
	in := &oss2.OperationInput{OpName: "Any", Method: c.method, Headers: c.headers, Parameters: c.params(), Body: strings.NewReader(c.body), Bucket: oss2.Ptr(c.bucket)}
	if c.key != "" {
		in.Key = oss2.Ptr(c.key)
	}
	_, err := client.InvokeOperation(t.Context(), in)
	var got *oss2.ServiceError
	if !errors.As(err, &got) {
		t.Errorf("%+v: got %v, want an error of the service", c, err)
		return "", "", "", 0
	}
	return got.Code, got.EC, got.RequestID, got.StatusCode
}

func (c ossCall) params() map[string]string {
	params := map[string]string{}
	for part := range strings.SplitSeq(c.query, "&") {
		if name, value, _ := strings.Cut(part, "="); name != "" {
			params[name] = value
		}
	}
	return params
}

var ossRequestID = regexp.MustCompile(`^[0-9A-F]{24}$`)

// Every code of the documents is one that both official clients for Go can read,
// with its number, its status and the id of the request.
func TestOfficialClientsReadEveryCode(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	d := openAs(t, o, func(c *handlers.Config) { c.UploadLimit = 1 << 20 })
	held := openWith(t, models.Options{Policy: func(context.Context, models.Actor, *models.Order) (bool, string) { return true, "all" }}, 0)
	slow := openWith(t, models.Options{}, 0.001)
	used, other, small := d.bucketWith(t, d.Team, "used.war"), d.bucketWith(t, d.Other, "k"), d.smallBucket(t)
	d.version(t, used, "used.war")
	modelstest.Exec(t, o, "UPDATE buckets SET size_limit = ? WHERE name = ?", 5, small)
	disabled := d.newKey(t, models.AccessKeyInput{Name: "off", User: d.Team.Requester.UserID})
	if _, err := d.DB.SetAccessKeyDisabled(t.Context(), d.Team.Admin, disabled.ID, true); err != nil {
		t.Fatal(err)
	}
	now := d.DB.Now()
	made := d.ossRequest("PUT /some-bucket/k", "0123456789")
	d.send(t, d.ossRequest("PUT /some-bucket", "").SignOSS1(d.Key.ID, d.Key.Secret, now))
	d.send(t, made.SignOSS1(d.Key.ID, d.Key.Secret, now))
	slow.send(t, slow.ossRequest("GET /", "").SignOSS1(slow.Key.ID, slow.Key.Secret, now))
	_, rest, _ := strings.Cut(d.send(t, d.ossRequest("POST /some-bucket/parts?uploads", "").SignOSS1(d.Key.ID, d.Key.Secret, now)).Body, "<UploadId>")
	id, _, _ := strings.Cut(rest, "</UploadId>")
	for n := range 2 {
		d.send(t, d.ossRequest(fmt.Sprintf("PUT /some-bucket/parts?partNumber=%d&uploadId=%s", n+1, id), "small").SignOSS1(d.Key.ID, d.Key.Secret, now))
	}
	exec := func(statement string, args ...any) func() {
		return func() { modelstest.Exec(t, o, statement, args...) }
	}
	dated := func(text1, text4 string) tampered {
		return func(r *http.Request) {
			for name, text := range map[string]string{"Date": text1, "X-Oss-Date": text4} {
				if r.Header.Del(name); text != "" && (name == "Date" || strings.HasPrefix(r.Header.Get("Authorization"), "OSS4")) {
					r.Header.Set(name, text)
				}
			}
		}
	}
	skewed := now.UTC().Add(-20 * time.Minute)
	if skewed.Day() != now.UTC().Day() { // which is another scope of V4
		skewed = now.UTC().Add(20 * time.Minute)
	}
	inURL := func(query string) tampered {
		return func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.RawQuery = "OSSAccessKeyId=" + d.Key.ID + query
		}
	}
	const nowhere = "xx-nowhere"
	part := func(n int, etag string) string {
		return fmt.Sprintf("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>EB5C1399A871211C7E7ED732D15E3A8B</ETag></Part>"+
			"<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part></CompleteMultipartUpload>", n, etag)
	}
	const small5 = "EB5C1399A871211C7E7ED732D15E3A8B"
	get, put := ossCall{method: "GET", bucket: "some-bucket", key: "k"}, ossCall{method: "PUT", bucket: "some-bucket", key: "k", body: "0123456789"}
	with := func(c ossCall, name, value string) ossCall {
		c.headers = map[string]string{name: value}
		return c
	}
	for _, c := range []struct {
		operation, error, ec string
		status               int
		call                 ossCall
		on                   *desk             // d unless it is given
		key                  key               // of d unless it is given
		region               string            // region unless it is given
		over                 http.RoundTripper // nil: unchanged
		before, after        func()
	}{
		{operation: "ListObjects", error: "InvalidArgument", status: 400, call: ossCall{method: "GET", bucket: "some-bucket", query: "max-keys=1001"}},
		{operation: "CopyObject", error: "InvalidBucketName", status: 400, call: with(put, "x-oss-copy-source", "/No_Bucket/k")},
		{operation: "PutObject", error: "InvalidObjectName.Begin", ec: "0016-00000005", status: 400, call: ossCall{method: "PUT", bucket: "some-bucket", key: `\k`}},
		{operation: "PutObject", error: "InvalidObjectName.Length", ec: "0016-00000003", status: 400, call: ossCall{method: "PUT", bucket: "some-bucket", key: strings.Repeat("k", 1024)}},
		{operation: "PutObject", error: "InvalidObjectName.Text", ec: "0016-00000004", status: 400, call: ossCall{method: "PUT", bucket: "some-bucket", key: "\xff"}},
		{operation: "PutObject", error: "InvalidDigest", status: 400, call: with(put, "Content-MD5", "eB5eJF1ptWaXm4bijSPyxg==")},
		{operation: "DeleteMultipleObjects", error: "MalformedXML", status: 400, call: ossCall{method: "POST", bucket: "some-bucket", query: "delete", body: "<Delete></Delete>"}},
		{operation: "CompleteMultipartUpload", error: "MalformedXML.Complete", ec: "0042-00000205", status: 400, call: ossCall{method: "POST", bucket: "some-bucket", key: "parts", query: "uploadId=" + id, body: "<x/>"}},
		{operation: "CompleteMultipartUpload", error: "InvalidPart", status: 400, call: ossCall{method: "POST", bucket: "some-bucket", key: "parts", query: "uploadId=" + id, body: part(2, "x")}},
		{operation: "CompleteMultipartUpload", error: "InvalidPartOrder", ec: "0042-00000209", status: 400, call: ossCall{method: "POST", bucket: "some-bucket", key: "parts", query: "uploadId=" + id, body: part(1, small5)}},
		{operation: "CompleteMultipartUpload", error: "EntityTooSmall", ec: "0042-00000213", status: 400, call: ossCall{method: "POST", bucket: "some-bucket", key: "parts", query: "uploadId=" + id, body: part(2, small5)}},
		{operation: "PutObject", error: "EntityTooLarge", status: 400, call: ossCall{method: "PUT", bucket: "some-bucket", key: "large", body: strings.Repeat("x", 1<<20+1)}},
		{operation: "PutBucket", error: "InvalidLocationConstraint", status: 400, region: nowhere, call: ossCall{method: "PUT", bucket: "new-bucket",
			body: "<CreateBucketConfiguration><LocationConstraint>oss-" + nowhere + "</LocationConstraint></CreateBucketConfiguration>"}},
		{operation: "PutObject", error: "IncompleteBody", status: 400, call: ossCall{method: "PUT", bucket: "some-bucket", key: "short", body: "0123456789"}, over: shortWay{}},

		{operation: "PutBucketAcl", error: "AccessDenied", status: 403, call: with(ossCall{method: "PUT", bucket: "some-bucket", query: "acl"}, "x-oss-acl", "public-read")},
		{operation: "GetObject", error: "AccessDenied.NoDate", ec: "0002-00000503", status: 403, call: get, over: dated("", "")},
		{operation: "GetObject", error: "AccessDenied.BadDate", ec: "0002-00000502", status: 403, call: get, over: dated("today", "today")},
		{operation: "GetObject", error: "AccessDenied.Expired", status: 403, call: get, over: inURL("&Expires=1&Signature=x")},
		{operation: "GetObject", error: "AccessDenied.Query", status: 403, call: get, over: inURL("")},
		{operation: "GetObject", error: "AccessDenied.Owner", status: 403, call: ossCall{method: "GET", bucket: other, key: "k"}},
		{operation: "PutBucket", error: "AccessDenied.Held", status: 403, call: ossCall{method: "PUT", bucket: "new-bucket"}, on: held},
		{operation: "PutObject", error: "AccessDenied.Off", status: 403, call: put,
			before: exec("UPDATE teams SET object_storage = ? WHERE id = ?", false, d.Team.ID), after: exec("UPDATE teams SET object_storage = ? WHERE id = ?", true, d.Team.ID)},
		{operation: "GetObject", error: "InvalidAccessKeyId", status: 403, call: get, key: key{"nobody", "x"}},
		{operation: "GetObject", error: "InvalidAccessKeyId.Disabled", status: 403, call: get, key: disabled},
		{operation: "GetObject", error: "SignatureDoesNotMatch", ec: "0002-00000040", status: 403, call: get, key: key{d.Key.ID, "x"}},
		{operation: "GetObject", error: "RequestTimeTooSkewed", ec: "0002-00000504", status: 403, call: get, over: dated(skewed.Format(http.TimeFormat), skewed.Format("20060102T150405Z"))},
		{operation: "GetObject", error: "InvalidSecurityToken", status: 403, call: with(get, "x-oss-security-token", "a")},
		{operation: "PutObject", error: "QuotaExceeded", status: 403, call: ossCall{method: "PUT", bucket: small, key: "k", body: "0123456789"}},

		{operation: "ListObjects", error: "NoSuchBucket", ec: "0015-00000101", status: 404, call: ossCall{method: "GET", bucket: "no-such-bucket"}},
		{operation: "GetObject", error: "NoSuchKey", ec: "0026-00000001", status: 404, call: ossCall{method: "GET", bucket: "some-bucket", key: "none"}},
		{operation: "HeadObject", error: "NoSuchKey", ec: "0026-00000001", status: 404, call: ossCall{method: "HEAD", bucket: "some-bucket", key: "none"}},
		{operation: "ListParts", error: "NoSuchUpload", status: 404, call: ossCall{method: "GET", bucket: "some-bucket", key: "parts", query: "uploadId=none"}},
		{operation: "oss", error: "MethodNotAllowed", status: 405, call: ossCall{method: "POST", bucket: "some-bucket", key: "k"}},
		{operation: "PutBucket", error: "BucketAlreadyExists", ec: "0015-00000104", status: 409, call: ossCall{method: "PUT", bucket: other}},
		{operation: "DeleteBucket", error: "BucketNotEmpty", ec: "0015-00000301", status: 409, call: ossCall{method: "DELETE", bucket: "some-bucket"}},
		{operation: "PutObject", error: "FileAlreadyExists", ec: "0026-00000002", status: 409, call: with(put, "x-oss-forbid-overwrite", "true")},
		{operation: "PutObject", error: "FileImmutable", status: 409, call: ossCall{method: "PUT", bucket: used, key: "used.war"}},
		{operation: "GetObject", error: "PreconditionFailed", status: 412, call: with(get, "If-Match", `"x"`)},
		{operation: "GetObject", error: "InvalidRange", status: 416, call: ossCall{method: "GET", bucket: "some-bucket", key: "k", headers: map[string]string{"Range": "bytes=10-", "x-oss-range-behavior": "standard"}}},
		{operation: "PutObject", error: "NotImplemented", status: 501, call: with(put, "x-oss-tagging", "a=b")},
		{operation: "oss", error: "ServiceUnavailable", status: 503, call: get, on: slow},
		{operation: "GetObject", error: "InternalError", status: 500, call: get, before: exec("ALTER TABLE objects RENAME TO objects_away"), after: exec("ALTER TABLE objects_away RENAME TO objects")},
	} {
		at, k, in := d, d.Key, region
		if c.on != nil {
			at, k = c.on, c.on.Key
		}
		if c.key != (key{}) {
			k = c.key
		}
		if c.region != "" {
			in = c.region
		}
		if c.over == nil {
			c.over = tampered(nil)
		}
		want, _, _ := strings.Cut(c.error, ".")
		check := func(client, code, ec, id string, status int) {
			t.Helper()
			if code != want || ec != c.ec || status != c.status || !ossRequestID.MatchString(id) {
				t.Errorf("%s, %s: got %d %s, number %q, of request %q, want %d %s, number %q", client, c.error, status, code, ec, id, c.status, want, c.ec)
			}
			covers(t, c.operation, "error "+c.error, client)
		}
		if c.before != nil {
			c.before()
		}
		for client, version := range oss1Versions {
			code, ec, id, status := c.call.by1(t, at.URL, k, in, version, c.over)
			check(client, code, ec, id, status)
		}
		for client, version := range oss2Versions {
			code, ec, id, status := c.call.by2(t, at.URL, k, in, version, c.over)
			check(client, code, ec, id, status)
		}
		if c.after != nil {
			c.after()
		}
	}
}

// What a refusal of HEAD says stands in a header, which stays as small as clients
// and proxies take.
func TestARefusalOfHEADFitsIntoAHeader(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := d.DB.Now()
	k := key{d.Key.ID, "x"}
	for what, r := range map[string]answer{
		"a long string to sign": d.send(t, d.ossRequest("HEAD /some-bucket/k", "", "X-Oss-Meta-A", strings.Repeat("&", 8000)).SignOSS1(k.ID, k.Secret, now)),
		"a long key":            d.send(t, d.ossRequest("HEAD /some-bucket/"+strings.Repeat("%26", 2000), "").SignOSS4(k.ID, k.Secret, region, now)),
		"a short one":           d.send(t, d.ossRequest("HEAD /some-bucket/k", "").SignOSS1(k.ID, k.Secret, now)),
	} {
		r.wants(t, what, 403, "SignatureDoesNotMatch")
		if n := len(r.Header.Get("X-Oss-Err")); n == 0 || n >= 4<<10 {
			t.Errorf("%s: got a header of %d bytes, want less than 4 KiB", what, n)
		}
	}
	whole := d.ossRequest("HEAD /some-bucket/k", "")
	whole.Host = strings.Repeat("h", 8000)
	d.send(t, whole.SignOSS1(k.ID, k.Secret, now)).wants(t, "a long host", 403, "SignatureDoesNotMatch")
}
