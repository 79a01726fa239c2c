package api_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	oss1 "github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// oss1 is the vendor's older client of OSS, unmodified but for its endpoint.
func (d *desk) oss1(t testing.TB, k key, version oss1.AuthVersionType) *oss1.Client {
	t.Helper()
	c, err := oss1.New(d.URL, k.ID, k.Secret, oss1.AuthVersion(version), oss1.Region(region))
	if err != nil {
		t.Fatalf("client of OSS: %v", err)
	}
	return c
}

// The versions of the older client, by the name of the row that they try.
var oss1Versions = map[string]oss1.AuthVersionType{"OSS Go SDK 1, V1": oss1.AuthV1, "OSS Go SDK 1, V4": oss1.AuthV4}

// ossKeys are keys that a path could be cleaned of, or be read in another way for.
var ossKeys = []string{"a", "dir a/b+c%2F版.txt", "dir//x", "x/../y", "..", "./.", "k&l=m;n", "*~!'()", "ends/", "\u202e\u0301", "b?acl=1#f"}

func mustDo(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func TestOSSBucketsByTheOlderClient(t *testing.T) {
	t.Parallel()
	for client, version := range oss1Versions {
		d := open(t)
		c := d.oss1(t, d.Key, version)
		for _, op := range []string{"PutBucket", "ListBuckets", "GetBucketInfo", "GetBucketLocation", "GetBucketAcl", "PutBucketAcl", "GetBucketStat", "DeleteBucket"} {
			covers(t, op, "ok", client)
		}
		there, err := c.IsBucketExist("first-bucket")
		if err != nil || there {
			t.Fatalf("%s: before it is made: got %t, %v, want no bucket", client, there, err)
		}
		mustDo(t, client+": make a bucket", c.CreateBucket("first-bucket", oss1.ACL(oss1.ACLPrivate)))
		mustDo(t, client+": make it again", c.CreateBucket("first-bucket"))
		mustDo(t, client+": make another", c.CreateBucket("other-bucket"))
		if there, err = c.IsBucketExist("first-bucket"); err != nil || !there {
			t.Errorf("%s: made: got %t, %v, want the bucket", client, there, err)
		}
		list, err := c.ListBuckets(oss1.MaxKeys(1))
		if err != nil || len(list.Buckets) != 1 || list.Buckets[0].Name != "first-bucket" || !list.IsTruncated || list.NextMarker != "first-bucket" ||
			list.Owner.ID != d.Team.ID || list.Buckets[0].Region != region {
			t.Errorf("%s: list: got %+v, %v, want the first bucket and that there is another", client, list, err)
		}
		if list, err = c.ListBuckets(oss1.Marker("first-bucket"), oss1.Prefix("o")); err != nil || len(list.Buckets) != 1 || list.IsTruncated {
			t.Errorf("%s: list behind it: got %+v, %v, want the other bucket alone", client, list, err)
		}
		info, err := c.GetBucketInfo("first-bucket")
		if err != nil || info.BucketInfo.Name != "first-bucket" || info.BucketInfo.Location != "oss-"+region || info.BucketInfo.ACL != "private" || info.BucketInfo.Owner.ID != d.Team.ID ||
			info.BucketInfo.ExtranetEndpoint != d.host() {
			t.Errorf("%s: info: got %+v, %v", client, info.BucketInfo, err)
		}
		if at, err := c.GetBucketLocation("first-bucket"); err != nil || at != "oss-"+region {
			t.Errorf("%s: location: got %q, %v, want oss-%s", client, at, err, region)
		}
		mustDo(t, client+": private", c.SetBucketACL("first-bucket", oss1.ACLPrivate))
		if acl, err := c.GetBucketACL("first-bucket"); err != nil || acl.ACL != "private" || acl.Owner.ID != d.Team.ID {
			t.Errorf("%s: ACL: got %+v, %v, want private", client, acl, err)
		}
		if stat, err := c.GetBucketStat("first-bucket"); err != nil || stat.ObjectCount != 0 || stat.Storage != 0 {
			t.Errorf("%s: stat: got %+v, %v, want nothing in it", client, stat, err)
		}
		mustDo(t, client+": delete", c.DeleteBucket("first-bucket"))
		if there, err = c.IsBucketExist("first-bucket"); err != nil || there {
			t.Errorf("%s: deleted: got %t, %v, want no bucket", client, there, err)
		}
		if orders := d.count(t, "order.placed"); orders != 2 {
			t.Errorf("%s: got %d orders, want one of each bucket", client, orders)
		}
	}
}

func TestOSSObjectsByTheOlderClient(t *testing.T) {
	t.Parallel()
	for client, version := range oss1Versions {
		d := open(t)
		c := d.oss1(t, d.Key, version)
		mustDo(t, "bucket", c.CreateBucket("some-bucket"))
		b, err := c.Bucket("some-bucket")
		mustDo(t, "bucket", err)
		for _, op := range []string{"PutObject", "GetObject", "HeadObject", "GetObjectMeta", "CopyObject", "DeleteObject", "DeleteMultipleObjects", "ListObjects", "ListObjectsV2", "GetObjectACL", "PutObjectACL"} {
			covers(t, op, "ok", client)
		}
		for i, key := range ossKeys {
			if version == oss1.AuthV1 && strings.Contains(key, "?") {
				continue // which V1 cannot tell from a parameter
			}
			text := strings.Repeat(key, i) + "\x00"
			mustDo(t, client+": put "+key, b.PutObject(key, strings.NewReader(text)))
			got, err := b.GetObject(key)
			mustDo(t, client+": get "+key, err)
			body, err := io.ReadAll(got)
			if got.Close(); err != nil || string(body) != text {
				t.Errorf("%s: %q: got %q, %v, want what was put", client, key, body, err)
			}
		}
		const key = "dir/plain.txt"
		put := []oss1.Option{oss1.ContentType("text/x-Own; charset=GBK"), oss1.ContentDisposition(`inline; filename="a.txt"`), oss1.ContentEncoding("x-own"), oss1.CacheControl("max-age=1"),
			oss1.ContentLanguage("zh"), oss1.Meta("Own-Word", "版"), oss1.ForbidOverWrite(true), oss1.ObjectACL(oss1.ACLPrivate), oss1.ObjectStorageClass(oss1.StorageStandard),
			oss1.ContentMD5("eB5eJF1ptWaXm4bijSPyxw==")}
		mustDo(t, client+": put with headers", b.PutObject(key, strings.NewReader("0123456789"), put...))
		checkHeaders := func(what string, h http.Header, err error) {
			t.Helper()
			for name, want := range map[string]string{"Content-Type": "text/x-Own; charset=GBK", "Content-Disposition": `inline; filename="a.txt"`, "Content-Encoding": "x-own", "Cache-Control": "max-age=1",
				"Content-Language": "zh", "X-Oss-Meta-Own-Word": "版", "Content-Length": "10", "Etag": `"781E5E245D69B566979B86E28D23F2C7"`, "Content-Md5": "eB5eJF1ptWaXm4bijSPyxw==",
				"X-Oss-Object-Type": "Normal", "X-Oss-Storage-Class": "Standard", "Accept-Ranges": "bytes", "X-Oss-Hash-Crc64ecma": "any"} {
				if got := h.Get(name); name != "X-Oss-Hash-Crc64ecma" && got != want || got == "" {
					t.Errorf("%s: %s: %s: got %q, want %q (%v)", client, what, name, got, want, err)
				}
			}
		}
		h, err := b.GetObjectDetailedMeta(key)
		checkHeaders("head", h, err)
		if h, err = b.GetObjectMeta(key); err != nil || h.Get("Content-Length") != "10" || h.Get("Etag") == "" || h.Get("X-Oss-Meta-Own-Word") != "" {
			t.Errorf("%s: meta: got %v, %v, want size and ETag alone", client, h, err)
		}
		part, err := b.DoGetObject(&oss1.GetObjectRequest{ObjectKey: key}, []oss1.Option{oss1.Range(2, 4)})
		mustDo(t, client+": a range", err)
		body, err := io.ReadAll(part.Response)
		if part.Response.Close(); err != nil || string(body) != "234" || part.Response.StatusCode != http.StatusPartialContent || part.Response.Headers.Get("Content-Range") != "bytes 2-4/10" {
			t.Errorf("%s: a range: got %d %q %v, want three bytes", client, part.Response.StatusCode, body, part.Response.Headers)
		}
		if there, err := b.IsObjectExist(key); err != nil || !there {
			t.Errorf("%s: there: got %t, %v", client, there, err)
		}
		if there, err := b.IsObjectExist("none"); err != nil || there {
			t.Errorf("%s: not there: got %t, %v", client, there, err)
		}
		copied, err := b.CopyObject(key, "copy of it")
		mustDo(t, client+": copy", err)
		if copied.ETag != `"781E5E245D69B566979B86E28D23F2C7"` {
			t.Errorf("%s: copy: got %+v, want the ETag of the source", client, copied)
		}
		h, err = b.GetObjectDetailedMeta("copy of it")
		checkHeaders("copy", h, err)
		mustDo(t, client+": other headers", b.SetObjectMeta("copy of it", oss1.Meta("two", "2"), oss1.ContentType("a/b")))
		if h, err = b.GetObjectDetailedMeta("copy of it"); err != nil || h.Get("X-Oss-Meta-Two") != "2" || h.Get("Content-Type") != "a/b" || h.Get("X-Oss-Meta-Own-Word") != "" {
			t.Errorf("%s: other headers: got %v, %v", client, h, err)
		}
		mustDo(t, client+": ACL", b.SetObjectACL(key, oss1.ACLDefault))
		if acl, err := b.GetObjectACL(key); err != nil || acl.ACL != "default" {
			t.Errorf("%s: ACL: got %+v, %v, want default", client, acl, err)
		}
		list1, err := b.ListObjects(oss1.Delimiter("/"), oss1.MaxKeys(3), oss1.EncodingType("url"))
		if err != nil || !list1.IsTruncated || len(list1.Objects)+len(list1.CommonPrefixes) != 3 || list1.Objects[0].Owner.ID != d.Team.ID {
			t.Errorf("%s: list: got %+v, %v, want three of them", client, list1, err)
		}
		seen := listAll(t, b)
		if want := 2 + len(ossKeys) - map[oss1.AuthVersionType]int{oss1.AuthV1: 1}[version]; len(seen) != want || !slices.IsSorted(seen) || !slices.Contains(seen, ossKeys[1]) {
			t.Errorf("%s: list by pages: got %q, want all %d in order", client, seen, want)
		}
		gone, err := b.DeleteObjects([]string{"a", "never", ossKeys[1]})
		if err != nil || !slices.Equal(gone.DeletedObjects, []string{"a", "never", ossKeys[1]}) {
			t.Errorf("%s: delete several: got %+v, %v, want all three told", client, gone, err)
		}
		if gone, err = b.DeleteObjects([]string{ossKeys[2]}, oss1.DeleteObjectsQuiet(true)); err != nil || len(gone.DeletedObjects) != 0 {
			t.Errorf("%s: delete quietly: got %+v, %v, want nothing told", client, gone, err)
		}
		mustDo(t, client+": delete", b.DeleteObject(key))
		mustDo(t, client+": delete again", b.DeleteObject(key))
		if left := listAll(t, b); len(left) != len(seen)-4 {
			t.Errorf("%s: left: got %q, want four fewer than %q", client, left, seen)
		}
	}
}

// listAll is all keys of a bucket, by pages of two.
func listAll(t testing.TB, b *oss1.Bucket) (keys []string) {
	t.Helper()
	token := ""
	for range 100 {
		list, err := b.ListObjectsV2(oss1.MaxKeys(2), oss1.ContinuationToken(token))
		mustDo(t, "list", err)
		for _, o := range list.Objects {
			keys = append(keys, o.Key)
		}
		if token = list.NextContinuationToken; !list.IsTruncated {
			return keys
		}
	}
	t.Fatal("the list does not end")
	return nil
}

func TestOSSURLsByTheOlderClient(t *testing.T) {
	t.Parallel()
	for client, version := range oss1Versions {
		d := open(t)
		c := d.oss1(t, d.Key, version)
		mustDo(t, "bucket", c.CreateBucket("some-bucket"))
		b, err := c.Bucket("some-bucket")
		mustDo(t, "bucket", err)
		u, err := b.SignURL("dir/page.html", oss1.HTTPPut, 60, oss1.ContentType("text/html"))
		mustDo(t, client+": sign", err)
		mustDo(t, client+": put by URL", b.PutObjectWithURL(u, strings.NewReader("<script>"), oss1.ContentType("text/html")))
		u, err = b.SignURL("dir/page.html", oss1.HTTPGet, 60)
		mustDo(t, client+": sign", err)
		resp, err := http.Get(u)
		mustDo(t, client+": get by URL", err)
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		h := resp.Header
		if resp.StatusCode != http.StatusOK || string(body) != "<script>" || h.Get("Content-Disposition") != "attachment" ||
			h.Get("Content-Security-Policy") != "sandbox; default-src 'none'" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Set-Cookie") != "" {
			t.Errorf("%s: got %d %q %v, want the page as a file that runs nothing", client, resp.StatusCode, body, h)
		}
		if resp, err = http.Get(strings.Replace(u, "page", "pag3", 1)); err != nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: a changed URL: got %v, %v, want it refused", client, resp, err)
		}
		resp.Body.Close()
	}
}

func TestOSSUploadsInPartsByTheOlderClient(t *testing.T) {
	t.Parallel()
	for client, version := range oss1Versions {
		d := open(t)
		c := d.oss1(t, d.Key, version)
		mustDo(t, "bucket", c.CreateBucket("some-bucket"))
		b, err := c.Bucket("some-bucket")
		mustDo(t, "bucket", err)
		for _, op := range []string{"InitiateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload", "ListMultipartUploads", "ListParts"} {
			covers(t, op, "ok", client)
		}
		data := bytes.Repeat([]byte("0123456789abcdef"), 40<<10) // 640 KiB
		file := filepath.Join(t.TempDir(), "in")
		mustDo(t, "file", os.WriteFile(file, data, 0o600))
		mustDo(t, client+": upload", b.UploadFile("big", file, 100<<10, oss1.Routines(3), oss1.Checkpoint(true, file+".cp")))
		got := filepath.Join(t.TempDir(), "out")
		mustDo(t, client+": download", b.DownloadFile("big", got, 100<<10, oss1.Routines(3), oss1.Checkpoint(true, got+".cp")))
		if back, err := os.ReadFile(got); err != nil || !bytes.Equal(back, data) {
			t.Errorf("%s: got %d bytes, %v, want the file", client, len(back), err)
		}
		h, err := b.GetObjectDetailedMeta("big")
		if err != nil || h.Get("X-Oss-Object-Type") != "Multipart" || !strings.HasSuffix(h.Get("Etag"), `-7"`) || h.Get("Content-Md5") != "" {
			t.Errorf("%s: got %v, %v, want what was joined from seven parts", client, h, err)
		}
		mustDo(t, client+": copy in parts", b.CopyFile("some-bucket", "big", "big copy", 300<<10, oss1.Routines(2)))
		up, err := b.InitiateMultipartUpload("other")
		mustDo(t, client+": begin", err)
		_, err = b.UploadPart(up, bytes.NewReader(data[:5]), 5, 1)
		mustDo(t, client+": part", err)
		parts, err := b.ListUploadedParts(up)
		if err != nil || len(parts.UploadedParts) != 1 || parts.UploadedParts[0].Size != 5 || parts.Key != "other" {
			t.Errorf("%s: parts: got %+v, %v, want one", client, parts, err)
		}
		ups, err := b.ListMultipartUploads(oss1.Prefix("o"))
		if err != nil || len(ups.Uploads) != 1 || ups.Uploads[0].UploadID != up.UploadID || ups.Uploads[0].Key != "other" {
			t.Errorf("%s: uploads: got %+v, %v, want one", client, ups, err)
		}
		mustDo(t, client+": abort", b.AbortMultipartUpload(up))
		err = b.AbortMultipartUpload(up)
		wantOSS1(t, client+": abort again", err, http.StatusNotFound, "NoSuchUpload")
		covers(t, "AbortMultipartUpload", "error NoSuchUpload", client)
		wantOSS1(t, client+": a bucket with something in it", c.DeleteBucket("some-bucket"), http.StatusConflict, "BucketNotEmpty")
		covers(t, "DeleteBucket", "error BucketNotEmpty", client)
	}
}

// wantOSS1 tells what the older client reports another error than is wanted.
func wantOSS1(t testing.TB, what string, err error, status int, code string) oss1.ServiceError {
	t.Helper()
	var got oss1.ServiceError
	if !errors.As(err, &got) || got.StatusCode != status || got.Code != code || got.RequestID == "" {
		t.Errorf("%s: got %#v, want %d %s", what, err, status, code)
	}
	return got
}
