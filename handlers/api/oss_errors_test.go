package api_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/web/sign"
)

// ossSigners are the ways in which a request to OSS is signed, by the name of the
// row that they try.
var ossSigners = map[string]func(r sign.Request, k key, at time.Time) sign.Request{
	"http OSS V1": func(r sign.Request, k key, at time.Time) sign.Request { return r.SignOSS1(k.ID, k.Secret, at) },
	"http OSS V4": func(r sign.Request, k key, at time.Time) sign.Request { return r.SignOSS4(k.ID, k.Secret, region, at) },
	"http OSS V1 URL": func(r sign.Request, k key, at time.Time) sign.Request {
		return r.PresignOSS1(k.ID, k.Secret, at.Add(time.Minute))
	},
	"http OSS V4 URL": func(r sign.Request, k key, at time.Time) sign.Request {
		return r.PresignOSS4(k.ID, k.Secret, region, at, time.Minute)
	},
}

// ossRequest is a request to OSS by hand: a line such as "PUT /b/k?acl", headers as
// names and values that follow each other, and a body.
func (d *desk) ossRequest(line, body string, headers ...string) sign.Request {
	method, target, _ := strings.Cut(line, " ")
	path, query, _ := strings.Cut(target, "?")
	r := sign.Request{Method: method, Path: path, Query: query, Host: d.host(), Header: http.Header{}, Body: []byte(body)}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// wants tells when an answer is another than a refusal by OSS with this code.
func (a answer) wants(t testing.TB, what string, status int, code string) {
	t.Helper()
	text := a.Body
	if coded := a.Header.Get("X-Oss-Err"); coded != "" {
		raw, _ := base64.StdEncoding.DecodeString(coded)
		text = string(raw)
	}
	id := a.Header.Get("X-Oss-Request-Id")
	if a.Status != status || !strings.Contains(text, "<Code>"+code+"</Code>") || id == "" || !strings.Contains(text, "<RequestId>"+id+"</RequestId>") ||
		strings.Contains(text, "<EC>") != (a.Header.Get("X-Oss-Ec") != "") || a.Header.Get("Date") == "" || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("%s: got %d %q %v, want %d %s", what, a.Status, text, a.Header, status, code)
	}
}

func TestWhatOSSRefusesOfAnyRequest(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := d.DB.Now()
	disabled := d.newKey(t, models.AccessKeyInput{Name: "off", User: d.Team.Requester.UserID})
	if _, err := d.DB.SetAccessKeyDisabled(t.Context(), d.Team.Admin, disabled.ID, true); err != nil {
		t.Fatal(err)
	}
	ofSite := d.siteKey(t)
	limited := d.newKey(t, models.AccessKeyInput{Name: "limited", User: d.Team.Requester.UserID, Operations: []string{"CreateStorage"}})
	for client, signed := range ossSigners {
		set := func(name, value string) func(*sign.Request) {
			return func(r *sign.Request) { r.Header.Set(name, value) }
		}
		header := !strings.HasSuffix(client, "URL")
		for _, c := range []struct {
			what, line string
			k          key
			at         time.Time
			change     func(*sign.Request)
			status     int
			error      string // its name in the table
		}{
			{"an unknown key", "GET /", key{"nobody", "x"}, now, nil, 403, "InvalidAccessKeyId"},
			{"a disabled key", "GET /", disabled, now, nil, 403, "InvalidAccessKeyId.Disabled"},
			{"another secret", "GET /", key{d.Key.ID, "x"}, now, nil, 403, "SignatureDoesNotMatch"},
			{"another path", "GET /", d.Key, now, func(r *sign.Request) { r.Path = "/some-bucket" }, 403, "SignatureDoesNotMatch"},
			{"a limited key", "GET /", limited, now, nil, 403, "AccessDenied"},
			{"a site key", "GET /", ofSite, now, nil, 403, "AccessDenied"},
			{"an old request", "GET /", d.Key, now.Add(-16 * time.Minute), nil, 403, map[bool]string{true: "RequestTimeTooSkewed", false: "AccessDenied.Expired"}[header]},
			{"a token", "GET /", d.Key, now, set("x-oss-security-token", "a"), 403, "InvalidSecurityToken"},
			{"two signs", "GET /", d.Key, now, func(r *sign.Request) {
				r.Query += "&OSSAccessKeyId=a"
				r.Header.Set("Authorization", "OSS a:b")
			}, 400, "InvalidArgument"},
			{"a parameter twice", "GET /?prefix=a&prefix=b", d.Key, now, nil, 400, "InvalidArgument"},
			{"no bucket's name", "GET /No_Bucket/", d.Key, now, nil, 400, "InvalidBucketName"},
			{"a bucket with a slash", "GET /a%2Fb/k", d.Key, now, nil, 400, "InvalidBucketName"},
			{"no method for this", "POST /", d.Key, now, nil, 405, "MethodNotAllowed"},
			{"a method of none", "BREW /some-bucket/k", d.Key, now, nil, 405, "MethodNotAllowed"},
			{"something that is not served", "GET /some-bucket/?cors", d.Key, now, nil, 501, "NotImplemented"},
			{"of an object", "GET /some-bucket/k?symlink", d.Key, now, nil, 501, "NotImplemented"},
			{"a picture", "GET /some-bucket/k?x-oss-process=image%2Finfo", d.Key, now, nil, 501, "NotImplemented"},
			{"no such bucket", "GET /no-such-bucket/", d.Key, now, nil, 404, "NoSuchBucket"},
			{"at a path of another face", "GET /static/x", d.Key, now, nil, 404, "NoSuchBucket"},
			{"at a path of a product", "POST /pop/?delete", d.Key, now, nil, 404, "NoSuchBucket"},
		} {
			r := d.ossRequest(c.line, "")
			r = signed(r, c.k, c.at)
			if c.change != nil {
				c.change(&r)
			}
			code, _, _ := strings.Cut(c.error, ".")
			d.send(t, r).wants(t, client+": "+c.what, c.status, code)
			if c.error != "NoSuchBucket" {
				covers(t, "oss", "error "+c.error, client)
			}
		}
	}
	one := d.ossRequest("GET /", "").SignOSS1(d.Key.ID, d.Key.Secret, now)
	one.Header.Del("Date")
	d.send(t, one).wants(t, "no date", 403, "AccessDenied")
	covers(t, "oss", "error AccessDenied.NoDate", "http OSS V1")
	one.Header.Set("Date", "today")
	d.send(t, one).wants(t, "no readable date", 403, "AccessDenied")
	covers(t, "oss", "error AccessDenied.BadDate", "http OSS V1")
	d.send(t, d.ossRequest("GET /some-bucket/k?OSSAccessKeyId="+d.Key.ID, "")).wants(t, "half a URL", 403, "AccessDenied")
	covers(t, "oss", "error AccessDenied.Query", "http OSS V1 URL")
	at := d.ossRequest("GET /k", "")
	at.Host = "some-bucket.oss-cn-hangzhou.aliyuncs.com"
	if got := d.send(t, at); got.Status != http.StatusForbidden || !strings.Contains(got.Body, "<Code>AccessDenied</Code>") {
		t.Errorf("without a sign at a bucket's host: got %d %s, want AccessDenied", got.Status, got.Body)
	}
	long := d.ossRequest("GET /some-bucket/"+strings.Repeat("k", 9000), "").SignOSS1(d.Key.ID, d.Key.Secret, now)
	d.send(t, long).wants(t, "a long address", 400, "InvalidArgument")
	refused := d.ossRequest("GET /some-bucket/a%20b?acl", "", "X-Oss-Meta-A", "1").SignOSS1(d.Key.ID, "x", now)
	got := d.send(t, refused)
	text := "GET\n\n\n" + refused.Header.Get("Date") + "\nx-oss-meta-a:1\n/some-bucket/a b?acl"
	if want := strings.ReplaceAll(text, "\n", "&#xA;"); !strings.Contains(got.Body, "<StringToSign>"+want+"</StringToSign>") ||
		!strings.Contains(got.Body, "<StringToSignBytes>"+strings.ToUpper(fmt.Sprintf("% x", text))+"</StringToSignBytes>") || !strings.Contains(got.Body, "<HostId>"+d.host()+"</HostId>") {
		t.Errorf("got %s, want the string to sign %q", got.Body, want)
	}
}

func TestWhatOSSRefusesOfARequestThatWasSigned(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := d.DB.Now()
	used := d.bucketWith(t, d.Team, "used.war")
	other := d.bucketWith(t, d.Other, "k")
	d.version(t, used, "used.war")
	viewer := d.newKey(t, models.AccessKeyInput{Name: "reads", User: d.Team.Viewer.UserID})
	do := func(line, body string, headers ...string) answer {
		t.Helper()
		return d.send(t, d.ossRequest(line, body, headers...).SignOSS4(d.Key.ID, d.Key.Secret, region, now))
	}
	ok := func(line, body string, headers ...string) answer {
		t.Helper()
		got := do(line, body, headers...)
		if got.Status >= 300 {
			t.Fatalf("%s: got %d %s", line, got.Status, got.Body)
		}
		return got
	}
	ok("PUT /some-bucket", "")
	ok("PUT /some-bucket/k", "0123456789")
	small := d.smallBucket(t)
	begun := func(key string) string {
		t.Helper()
		_, rest, _ := strings.Cut(ok("POST /some-bucket/"+key+"?uploads", "").Body, "<UploadId>")
		id, _, _ := strings.Cut(rest, "</UploadId>")
		return id
	}
	id := begun("parts")
	ok("PUT /some-bucket/parts?partNumber=1&uploadId="+id, "small")
	ok("PUT /some-bucket/parts?partNumber=2&uploadId="+id, "small")
	complete := func(parts string) string {
		return "<CompleteMultipartUpload>" + parts + "</CompleteMultipartUpload>"
	}
	part := func(n int, etag string) string {
		return fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", n, etag)
	}
	const etag = "EB5C1399A871211C7E7ED732D15E3A8B" // of "small"
	for _, c := range []struct {
		operation, line, body string
		headers               []string
		status                int
		error                 string
	}{
		{"ListBuckets", "GET /?max-keys=0", "", nil, 400, "InvalidArgument"},
		{"ListBuckets", "GET /?max-keys=1001", "", nil, 400, "InvalidArgument"},
		{"PutBucket", "PUT /new-bucket", "", []string{"x-oss-acl", "public-read"}, 403, "AccessDenied"},
		{"PutBucket", "PUT /new-bucket", "<CreateBucketConfiguration><StorageClass>IA</StorageClass></CreateBucketConfiguration>", nil, 501, "NotImplemented"},
		{"PutBucket", "PUT /new-bucket", "<x/>", nil, 400, "MalformedXML"},
		{"PutBucket", "PUT /" + other, "", nil, 409, "BucketAlreadyExists"},
		{"GetBucketInfo", "GET /" + other + "?bucketInfo", "", nil, 403, "AccessDenied.Owner"},
		{"GetBucketInfo", "HEAD /no-such-bucket", "", nil, 404, "NoSuchBucket"},
		{"PutBucketAcl", "PUT /some-bucket?acl", "", []string{"x-oss-acl", "public-read-write"}, 403, "AccessDenied"},
		{"CopyObject", "PUT /some-bucket/c", "", []string{"x-oss-copy-source", "/%FF/k"}, 400, "InvalidBucketName"},
		{"CopyObject", "PUT /some-bucket/c", "", []string{"x-oss-copy-source", "/%00/k"}, 400, "InvalidBucketName"},
		{"DeleteBucket", "DELETE /some-bucket", "", nil, 409, "BucketNotEmpty"},
		{"ListObjects", "GET /some-bucket?encoding-type=x", "", nil, 400, "InvalidArgument"},
		{"ListObjects", "GET /some-bucket?prefix=%FF", "", nil, 400, "InvalidArgument"},
		{"ListObjectsV2", "GET /some-bucket?list-type=2&continuation-token=abcdefgh", "", nil, 400, "InvalidArgument"},
		{"ListObjectsV2", "GET /" + other + "?list-type=2", "", nil, 403, "AccessDenied.Owner"},

		{"PutObject", "PUT /some-bucket/%2Fk", "x", nil, 400, "InvalidObjectName.Begin"},
		{"PutObject", "PUT /some-bucket/%5Ck", "x", nil, 400, "InvalidObjectName.Begin"},
		{"PutObject", "PUT /some-bucket/" + strings.Repeat("k", 1024), "x", nil, 400, "InvalidObjectName.Length"},
		{"PutObject", "PUT /some-bucket/%FF", "x", nil, 400, "InvalidObjectName.Text"},
		{"PutObject", "PUT /some-bucket/%00", "x", nil, 400, "InvalidObjectName.Text"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"Content-MD5", "eB5eJF1ptWaXm4bijSPyxw=="}, 400, "InvalidDigest"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"Content-MD5", "eB5e"}, 400, "InvalidDigest"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"x-oss-forbid-overwrite", "true"}, 409, "FileAlreadyExists"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"x-oss-forbid-overwrite", "yes"}, 400, "InvalidArgument"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"x-oss-object-acl", "public-read"}, 403, "AccessDenied"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"x-oss-storage-class", "IA"}, 501, "NotImplemented"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"x-oss-tagging", "a=b"}, 501, "NotImplemented"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"x-oss-server-side-encryption", "AES256"}, 501, "NotImplemented"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"x-oss-callback", "e30="}, 501, "NotImplemented"},
		{"PutObject", "PUT /some-bucket/k", "x", []string{"x-oss-meta-a", strings.Repeat("m", 8193)}, 400, "InvalidArgument"},
		{"PutObject", "PUT /" + used + "/used.war", "x", nil, 409, "FileImmutable"},
		{"PutObject", "PUT /" + other + "/k", "x", nil, 403, "AccessDenied.Owner"},
		{"GetObject", "GET /some-bucket/none", "", nil, 404, "NoSuchKey"},
		{"GetObject", "GET /some-bucket/%FF", "", nil, 404, "NoSuchKey"},
		{"GetObject", "GET /some-bucket/k", "", []string{"If-Match", `"x"`}, 412, "PreconditionFailed"},
		{"GetObject", "GET /some-bucket/k", "", []string{"If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"}, 412, "PreconditionFailed"},
		{"GetObject", "GET /some-bucket/k", "", []string{"Range", "bytes=10-", "x-oss-range-behavior", "standard"}, 416, "InvalidRange"},
		{"GetObject", "GET /some-bucket/k?response-content-type=a%0Ab", "", nil, 400, "InvalidArgument"},
		{"HeadObject", "HEAD /some-bucket/k", "", []string{"If-Match", `"x"`}, 412, "PreconditionFailed"},
		{"GetObjectMeta", "HEAD /some-bucket/none?objectMeta", "", nil, 404, "NoSuchKey"},
		{"GetObjectACL", "GET /some-bucket/none?acl", "", nil, 404, "NoSuchKey"},
		{"PutObjectACL", "PUT /some-bucket/none?acl", "", []string{"x-oss-object-acl", "private"}, 404, "NoSuchKey"},
		{"PutObjectACL", "PUT /some-bucket/k?acl", "", []string{"x-oss-object-acl", "public-read"}, 403, "AccessDenied"},
		{"CopyObject", "PUT /some-bucket/k2", "", []string{"x-oss-copy-source", "/some-bucket/none"}, 404, "NoSuchKey"},
		{"CopyObject", "PUT /some-bucket/k2", "", []string{"x-oss-copy-source", "/no-such-bucket/none"}, 404, "NoSuchBucket"},
		{"CopyObject", "PUT /some-bucket/k2", "", []string{"x-oss-copy-source", "/" + other + "/k"}, 403, "AccessDenied.Owner"},
		{"CopyObject", "PUT /some-bucket/k2", "", []string{"x-oss-copy-source", "%zz"}, 400, "InvalidArgument"},
		{"CopyObject", "PUT /some-bucket/k2", "", []string{"x-oss-copy-source", "/some-bucket/k", "x-oss-metadata-directive", "MOVE"}, 400, "InvalidArgument"},
		{"CopyObject", "PUT /some-bucket/k2", "", []string{"x-oss-copy-source", "/some-bucket/k", "x-oss-copy-source-if-match", "x"}, 412, "PreconditionFailed"},
		{"CopyObject", "PUT /some-bucket/k", "", []string{"x-oss-copy-source", "/some-bucket/k", "x-oss-forbid-overwrite", "true"}, 409, "FileAlreadyExists"},
		{"CopyObject", "PUT /" + used + "/used.war", "", []string{"x-oss-copy-source", "/some-bucket/k"}, 409, "FileImmutable"},
		{"CopyObject", "PUT /some-bucket/%2Fk", "", []string{"x-oss-copy-source", "/some-bucket/k"}, 400, "InvalidObjectName.Begin"},
		{"DeleteObject", "DELETE /" + used + "/used.war", "", nil, 409, "FileImmutable"},
		{"DeleteMultipleObjects", "POST /" + used + "?delete", "<Delete><Object><Key>a</Key></Object><Object><Key>used.war</Key></Object></Delete>", nil, 409, "FileImmutable"},
		{"DeleteMultipleObjects", "POST /some-bucket?delete", "<Delete></Delete>", nil, 400, "MalformedXML"},
		{"DeleteMultipleObjects", "POST /some-bucket?delete", "<Delete>" + strings.Repeat("<Object><Key>a</Key></Object>", 1001) + "</Delete>", nil, 400, "MalformedXML"},
		{"DeleteMultipleObjects", "POST /some-bucket?delete", "<!DOCTYPE Delete [<!ENTITY a 'k'>]><Delete><Object><Key>&a;</Key></Object></Delete>", nil, 400, "MalformedXML"},
		{"DeleteMultipleObjects", "POST /some-bucket?delete", "<Delete><Object><Key>a</Key></Object></Delete><x/>", nil, 400, "MalformedXML"},
		{"DeleteMultipleObjects", "POST /some-bucket?delete", "<Delete><Object><Key>a</Key></Object></Delete>" + strings.Repeat(" ", 2<<20), nil, 400, "MalformedXML"},
		{"DeleteMultipleObjects", "POST /some-bucket?delete", "<Delete><Object><Key>a</Key></Object></Delete>", []string{"Content-MD5", "eB5eJF1ptWaXm4bijSPyxw=="}, 400, "InvalidDigest"},

		{"InitiateMultipartUpload", "POST /" + used + "/used.war?uploads", "", nil, 409, "FileImmutable"},
		{"InitiateMultipartUpload", "POST /some-bucket/%2Fk?uploads", "", nil, 400, "InvalidObjectName.Begin"},
		{"InitiateMultipartUpload", "POST /some-bucket/k?uploads", "", []string{"x-oss-forbid-overwrite", "true"}, 409, "FileAlreadyExists"},
		{"UploadPart", "PUT /some-bucket/parts?partNumber=0&uploadId=" + id, "x", nil, 400, "InvalidArgument"},
		{"UploadPart", "PUT /some-bucket/parts?partNumber=10001&uploadId=" + id, "x", nil, 400, "InvalidArgument"},
		{"UploadPart", "PUT /some-bucket/parts?partNumber=1&uploadId=none", "x", nil, 404, "NoSuchUpload"},
		{"UploadPart", "PUT /some-bucket/other?partNumber=1&uploadId=" + id, "x", nil, 404, "NoSuchUpload"},
		{"UploadPart", "PUT /some-bucket/parts?partNumber=3&uploadId=" + id, "x", []string{"Content-MD5", "eB5eJF1ptWaXm4bijSPyxw=="}, 400, "InvalidDigest"},
		{"UploadPartCopy", "PUT /some-bucket/parts?partNumber=3&uploadId=" + id, "", []string{"x-oss-copy-source", "/some-bucket/none"}, 404, "NoSuchKey"},
		{"UploadPartCopy", "PUT /some-bucket/parts?partNumber=3&uploadId=none", "", []string{"x-oss-copy-source", "/some-bucket/k"}, 404, "NoSuchUpload"},
		{"UploadPartCopy", "PUT /some-bucket/parts?partNumber=3&uploadId=" + id, "", []string{"x-oss-copy-source", "/some-bucket/k", "x-oss-copy-source-range", "bytes=9-10"}, 416, "InvalidRange"},
		{"UploadPartCopy", "PUT /some-bucket/parts?partNumber=3&uploadId=" + id, "", []string{"x-oss-copy-source", "/some-bucket/k", "x-oss-copy-source-range", "x"}, 400, "InvalidArgument"},
		{"UploadPartCopy", "PUT /some-bucket/parts?partNumber=3&uploadId=" + id, "", []string{"x-oss-copy-source", "/some-bucket/k", "x-oss-copy-source-if-match", "x"}, 412, "PreconditionFailed"},
		{"CompleteMultipartUpload", "POST /some-bucket/parts?uploadId=" + id, "", nil, 400, "MalformedXML.Complete"},
		{"CompleteMultipartUpload", "POST /some-bucket/parts?uploadId=" + id, "<Complete", nil, 400, "MalformedXML.Complete"},
		{"CompleteMultipartUpload", "POST /some-bucket/parts?uploadId=" + id, complete(part(2, etag) + part(1, etag)), nil, 400, "InvalidPartOrder"},
		{"CompleteMultipartUpload", "POST /some-bucket/parts?uploadId=" + id, complete(part(1, "x")), nil, 400, "InvalidPart"},
		{"CompleteMultipartUpload", "POST /some-bucket/parts?uploadId=" + id, complete(part(9, etag)), nil, 400, "InvalidPart"},
		{"CompleteMultipartUpload", "POST /some-bucket/parts?uploadId=" + id, complete(part(1, etag) + part(2, `"`+strings.ToLower(etag)+`"`)), nil, 400, "EntityTooSmall"},
		{"CompleteMultipartUpload", "POST /some-bucket/parts?uploadId=" + id, complete(part(1, etag)), []string{"x-oss-complete-all", "yes"}, 400, "InvalidArgument"},
		{"CompleteMultipartUpload", "POST /some-bucket/parts?uploadId=none", complete(part(1, etag)), nil, 404, "NoSuchUpload"},
		{"CompleteMultipartUpload", "POST /some-bucket/k?uploadId=" + begun("k"), "", []string{"x-oss-complete-all", "yes"}, 400, "MalformedXML.Complete"},
		{"AbortMultipartUpload", "DELETE /some-bucket/parts?uploadId=none", "", nil, 404, "NoSuchUpload"},
		{"ListMultipartUploads", "GET /some-bucket?uploads&max-uploads=x", "", nil, 400, "InvalidArgument"},
		{"ListParts", "GET /some-bucket/parts?uploadId=none", "", nil, 404, "NoSuchUpload"},
		{"ListParts", "GET /some-bucket/parts?max-parts=0&uploadId=" + id, "", nil, 400, "InvalidArgument"},
		{"ListParts", "GET /some-bucket/parts?part-number-marker=-1&uploadId=" + id, "", nil, 400, "InvalidArgument"},
	} {
		got := do(c.line, c.body, c.headers...)
		code, _, _ := strings.Cut(c.error, ".")
		got.wants(t, c.line+" "+strings.Join(c.headers, " "), c.status, code)
		covers(t, c.operation, "error "+c.error, "http OSS V4")
	}
	shenzhen := d.ossRequest("PUT /some-bucket", "").SignOSS4(d.Key.ID, d.Key.Secret, "cn-shenzhen", now)
	d.send(t, shenzhen).wants(t, "own bucket in another region", 409, "BucketAlreadyExists")
	nowhere := d.ossRequest("PUT /new-bucket", "").SignOSS4(d.Key.ID, d.Key.Secret, "xx-nowhere", now)
	d.send(t, nowhere).wants(t, "no region", 400, "InvalidLocationConstraint")
	covers(t, "PutBucket", "error InvalidLocationConstraint", "http OSS V4")
	// What is announced is refused, or breaks off, before it is kept.
	for _, c := range []struct {
		operation, line string
		length          int
		status          int
		error           string
	}{
		{"PutObject", "PUT /some-bucket/large", 2<<30 + 1, 400, "EntityTooLarge"},
		{"PutObject", "PUT /" + small + "/large", 1<<30 + 1, 403, "QuotaExceeded"},
		{"PutObject", "PUT /some-bucket/large", 10, 400, "IncompleteBody"},
		{"UploadPart", "PUT /some-bucket/parts?partNumber=3&uploadId=" + id, 2<<30 + 1, 400, "EntityTooLarge"},
		{"UploadPart", "PUT /some-bucket/parts?partNumber=3&uploadId=" + id, 10, 400, "IncompleteBody"},
	} {
		d.announce(t, d.ossRequest(c.line, "").SignOSS4(d.Key.ID, d.Key.Secret, region, now), c.length, "12345").wants(t, c.line, c.status, c.error)
		covers(t, c.operation, "error "+c.error, "http OSS V4")
	}
	do("GET /some-bucket/large", "").wants(t, "what broke off", 404, "NoSuchKey")
	for _, line := range []string{"PUT /new-bucket", "DELETE /some-bucket/k", "PUT /some-bucket/k", "POST /some-bucket/k?uploads", "DELETE /some-bucket"} {
		d.send(t, d.ossRequest(line, "").SignOSS1(viewer.ID, viewer.Secret, now)).wants(t, "a viewer: "+line, 403, "AccessDenied")
	}
	if got := d.send(t, d.ossRequest("GET /some-bucket/k", "").SignOSS1(viewer.ID, viewer.Secret, now)); got.Body != "0123456789" {
		t.Errorf("a viewer reads: got %d %s", got.Status, got.Body)
	}
	some := d.newKey(t, models.AccessKeyInput{Name: "some", User: d.Team.Requester.UserID, Grants: "read,list oss://some-bucket/k*"})
	for line, status := range map[string]int{
		"GET /some-bucket/k": 200, "GET /some-bucket?prefix=k": 200, "GET /some-bucket?bucketInfo": 200, "GET /": 200,
		"GET /some-bucket/parts?acl": 403, "GET /some-bucket": 403, "PUT /some-bucket/k": 403, "DELETE /some-bucket/k": 403, "PUT /other-bucket": 403,
		"PUT /some-bucket?acl": 403, "PUT /some-bucket/k?acl": 403,
		"DELETE /some-bucket": 403, "GET /" + used + "/used.war": 403, "GET /" + used + "?bucketInfo": 403, "GET /" + other + "?bucketInfo": 403, "GET /no-such-bucket": 403,
	} {
		got := d.send(t, d.ossRequest(line, "").SignOSS4(some.ID, some.Secret, region, now))
		if got.Status != status || strings.Contains(got.Body, used) {
			t.Errorf("a key with grants: %s: got %d %s, want %d", line, got.Status, got.Body, status)
		}
	}
	before := d.count(t, "object.deleted")
	if got := do("GET /"+used+"/used.war", ""); got.Status != 200 || before != 0 {
		t.Errorf("after all this the object in use: got %d, %d deletions", got.Status, before)
	}
}

// announce sends a request whose body is shorter than its length says.
func (d *desk) announce(t testing.TB, r sign.Request, length int, body string) answer {
	t.Helper()
	c, err := net.Dial("tcp", d.host())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	target := r.Path
	if r.Query != "" {
		target += "?" + r.Query
	}
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Method, target, r.Host, length)
	for name := range r.Header {
		fmt.Fprintf(c, "%s: %s\r\n", name, r.Header.Get(name))
	}
	fmt.Fprintf(c, "\r\n%s", body)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%s: %v", r.Path, err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// smallBucket is a bucket with a limit of 1 GB.
func (d *desk) smallBucket(t testing.TB) string {
	t.Helper()
	order, err := d.DB.PlaceOrder(t.Context(), d.Team.Requester, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Name: "small-bucket", Region: region, LimitGB: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	return order.Order.Lines[0].ResourceName
}

// version makes a package version of an object.
func (d *desk) version(t testing.TB, bucket, key string) {
	t.Helper()
	app, err := d.DB.CreateApp(t.Context(), d.Team.Requester, models.AppInput{Name: "user of " + key, Region: region})
	if err == nil {
		_, err = d.DB.PlaceOrder(t.Context(), d.Team.Requester, models.OrderInput{Lines: []models.LineInput{
			&models.PkgVersionInput{AppID: app.ID, Label: "v1", Source: models.ObjectPath(bucket, key)},
		}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestOSSRangesAreTheVendors(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := d.DB.Now()
	do := func(line, body string, headers ...string) answer {
		return d.send(t, d.ossRequest(line, body, headers...).SignOSS1(d.Key.ID, d.Key.Secret, now))
	}
	do("PUT /some-bucket", "")
	body := strings.Repeat("0123456789", 100)
	do("PUT /some-bucket/k", body)
	do("PUT /some-bucket/empty", "")
	for _, c := range []struct {
		key, asked, behavior string
		status               int
		want, span           string
	}{
		{"k", "bytes=0-499", "", 206, body[:500], "bytes 0-499/1000"},
		{"k", "bytes=500-", "", 206, body[500:], "bytes 500-999/1000"},
		{"k", "bytes=-500", "", 206, body[500:], "bytes 500-999/1000"},
		{"k", "bytes=0-0,5-6", "", 206, "0", "bytes 0-0/1000"},
		{"k", "bytes=500-2000", "", 200, body, ""},
		{"k", "bytes=1000-", "", 200, body, ""},
		{"k", "bytes=-2000", "", 200, body, ""},
		{"k", "bytes=-0", "", 200, body, ""},
		{"k", "byte=0-1", "", 200, body, ""},
		{"k", "bytes=5-2", "", 200, body, ""},
		{"k", "bytes=x", "", 200, body, ""},
		{"k", "bytes=-", "", 200, body, ""},
		{"k", "bytes=99999999999999999999-", "", 200, body, ""},
		{"k", "bytes=0-499", "standard", 206, body[:500], "bytes 0-499/1000"},
		{"k", "bytes=500-2000", "standard", 206, body[500:], "bytes 500-999/1000"},
		{"k", "bytes=-2000", "standard", 206, body, "bytes 0-999/1000"},
		{"k", "bytes=1000-", "standard", 416, "", ""},
		{"k", "bytes=5-2", "standard", 200, body, ""},
		{"empty", "bytes=0-", "", 200, "", ""},
		{"empty", "bytes=-5", "", 200, "", ""},
		{"empty", "bytes=0-", "standard", 416, "", ""},
	} {
		got := do("GET /some-bucket/"+c.key, "", "Range", c.asked, "X-Oss-Range-Behavior", c.behavior)
		if got.Status != c.status || got.Header.Get("Content-Range") != c.span || c.status != 416 && got.Body != c.want {
			t.Errorf("%s of %s (%s): got %d, %d bytes, %q, want %d, %d bytes, %q", c.asked, c.key, c.behavior, got.Status, len(got.Body), got.Header.Get("Content-Range"), c.status, len(c.want), c.span)
		}
	}
	covers(t, "GetObject", "field Range", "http OSS V1")
	covers(t, "GetObject", "field x-oss-range-behavior", "http OSS V1")
	whole := do("GET /some-bucket/k", "")
	for _, c := range []struct {
		name, value string
		status      int
	}{
		{"If-None-Match", whole.Header.Get("ETag"), 304}, {"If-None-Match", "*", 304}, {"If-None-Match", `"x"`, 200},
		{"If-Modified-Since", whole.Header.Get("Last-Modified"), 304}, {"If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", 200}, {"If-Modified-Since", "today", 200},
		{"If-Match", strings.Trim(strings.ToLower(whole.Header.Get("ETag")), `"`), 200}, {"If-Unmodified-Since", whole.Header.Get("Last-Modified"), 200},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := do(method+" /some-bucket/k", "", c.name, c.value)
			if got.Status != c.status || got.Header.Get("ETag") != whole.Header.Get("ETag") || got.Header.Get("Last-Modified") != whole.Header.Get("Last-Modified") || c.status == 304 && got.Body != "" {
				t.Errorf("%s with %s %q: got %d %v, want %d", method, c.name, c.value, got.Status, got.Header, c.status)
			}
		}
		covers(t, "GetObject", "field "+c.name, "http OSS V1")
		covers(t, "HeadObject", "field "+c.name, "http OSS V1")
	}
}

// A bucket by the object API is an order like any other.
func TestABucketOfOSSWaitsForItsApproval(t *testing.T) {
	t.Parallel()
	d := openWith(t, models.Options{Policy: func(context.Context, models.Actor, *models.Order) (bool, string) { return true, "all" }}, 0)
	now := d.DB.Now()
	var bodies [2]string
	for i := range bodies {
		got := d.send(t, d.ossRequest("PUT /some-bucket", "").SignOSS4(d.Key.ID, d.Key.Secret, region, now))
		got.wants(t, "an order that waits", 403, "AccessDenied")
		_, bodies[i], _ = strings.Cut(got.Body, "http://desk.example.com/orders/")
		bodies[i], _, _ = strings.Cut(bodies[i], "<")
	}
	if bodies[0] == "" || bodies[0] != bodies[1] || d.count(t, "order.placed") != 1 {
		t.Errorf("got orders %q, want the same one twice", bodies)
	}
	covers(t, "PutBucket", "error AccessDenied.Held", "http OSS V4")
}

// Both styles of address mean the same, and no path is cleaned.
func TestOSSPathsAreKeys(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := d.DB.Now()
	do := func(host, line, body string) answer {
		r := d.ossRequest(line, body)
		r.Host = host
		return d.send(t, r.SignOSS4(d.Key.ID, d.Key.Secret, region, now))
	}
	for _, bucket := range []string{"stores", "orders", "pop", "v1-x", "static"} {
		if got := do(d.host(), "PUT /"+bucket, ""); got.Status != 200 {
			t.Fatalf("%s: got %d %s", bucket, got.Status, got.Body)
		}
		for i, key := range []string{"%2e%2e/x", "../x", "a//b", "./", "a/../b", "sign-in", "%252F", "a%2Fb+c", "Action=x", "版本?.txt"} {
			path := strings.ReplaceAll(key, "?", "%3F")
			path = strings.ReplaceAll(path, "版本", url.PathEscape("版本"))
			if got := do(d.host(), "PUT /"+bucket+"/"+path, fmt.Sprint(i)); got.Status != 200 {
				t.Errorf("put /%s/%s: got %d %s", bucket, path, got.Status, got.Body)
			}
			want := fmt.Sprint(i)
			for _, host := range []string{bucket + ".oss-cn-hangzhou.aliyuncs.com", bucket + ".localhost:1", bucket + ".cn-hangzhou.aliyuncs.com"} {
				if got := do(host, "GET /"+path, ""); got.Body != want {
					t.Errorf("get /%s at %s: got %d %s, want %s", path, host, got.Status, got.Body, want)
				}
			}
		}
		if got := do(d.host(), "GET /"+bucket+"/?max-keys=1000", ""); strings.Count(got.Body, "<Key>") != 9 {
			t.Errorf("%s: got %s, want nine keys: the first two are one", bucket, got.Body)
		}
	}
}
