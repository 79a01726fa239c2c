package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	oss2 "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

// oss2 is the vendor's newer client of OSS, unmodified but for its endpoint. It
// tries once.
func (d *desk) oss2(k key, version oss2.SignatureVersionType) *oss2.Client {
	return oss2.NewClient(oss2.LoadDefaultConfig().WithCredentialsProvider(credentials.NewStaticCredentialsProvider(k.ID, k.Secret)).
		WithRegion(region).WithEndpoint(d.URL).WithSignatureVersion(version).WithRetryMaxAttempts(1))
}

// The versions of the newer client, by the name of the row that they try.
var oss2Versions = map[string]oss2.SignatureVersionType{"OSS Go SDK 2, V1": oss2.SignatureVersionV1, "OSS Go SDK 2, V4": oss2.SignatureVersionV4}

// wantOSS2 tells when the newer client reports another error than is wanted.
func wantOSS2(t testing.TB, what string, err error, status int, code string) *oss2.ServiceError {
	t.Helper()
	var got *oss2.ServiceError
	if !errors.As(err, &got) {
		t.Errorf("%s: got %v, want %d %s", what, err, status, code)
		return &oss2.ServiceError{}
	}
	if got.StatusCode != status || got.Code != code || got.RequestID == "" || got.Message == "" {
		t.Errorf("%s: got %+v, want %d %s", what, got, status, code)
	}
	return got
}

func TestOSSBucketsByTheNewerClient(t *testing.T) {
	t.Parallel()
	for client, version := range oss2Versions {
		d, ctx := open(t), t.Context()
		c := d.oss2(d.Key, version)
		for _, op := range []string{"PutBucket", "ListBuckets", "GetBucketInfo", "GetBucketLocation", "GetBucketAcl", "PutBucketAcl", "GetBucketStat", "DeleteBucket"} {
			covers(t, op, "ok", client)
		}
		name := oss2.Ptr("first-bucket")
		if there, err := c.IsBucketExist(ctx, *name); err != nil || there {
			t.Fatalf("%s: before it is made: got %t, %v", client, there, err)
		}
		for range 2 {
			_, err := c.PutBucket(ctx, &oss2.PutBucketRequest{Bucket: name, Acl: oss2.BucketACLPrivate,
				CreateBucketConfiguration: &oss2.CreateBucketConfiguration{StorageClass: oss2.StorageClassStandard}})
			mustDo(t, client+": make a bucket", err)
		}
		if there, err := c.IsBucketExist(ctx, *name); err != nil || !there {
			t.Errorf("%s: made: got %t, %v", client, there, err)
		}
		list, err := c.ListBuckets(ctx, &oss2.ListBucketsRequest{Prefix: oss2.Ptr("first")})
		if err != nil || len(list.Buckets) != 1 || *list.Buckets[0].Name != *name || *list.Buckets[0].Region != region || *list.Owner.ID != d.Team.ID {
			t.Errorf("%s: list: got %+v, %v", client, list, err)
		}
		info, err := c.GetBucketInfo(ctx, &oss2.GetBucketInfoRequest{Bucket: name})
		if err != nil || *info.BucketInfo.Name != *name || *info.BucketInfo.ACL != "private" || info.BucketInfo.CreationDate == nil {
			t.Errorf("%s: info: got %+v, %v", client, info, err)
		}
		if at, err := c.GetBucketLocation(ctx, &oss2.GetBucketLocationRequest{Bucket: name}); err != nil || *at.LocationConstraint != "oss-"+region {
			t.Errorf("%s: location: got %+v, %v", client, at, err)
		}
		_, err = c.PutBucketAcl(ctx, &oss2.PutBucketAclRequest{Bucket: name, Acl: oss2.BucketACLPrivate})
		mustDo(t, client+": private", err)
		if acl, err := c.GetBucketAcl(ctx, &oss2.GetBucketAclRequest{Bucket: name}); err != nil || *acl.ACL != "private" {
			t.Errorf("%s: ACL: got %+v, %v", client, acl, err)
		}
		if stat, err := c.GetBucketStat(ctx, &oss2.GetBucketStatRequest{Bucket: name}); err != nil || stat.ObjectCount != 0 {
			t.Errorf("%s: stat: got %+v, %v", client, stat, err)
		}
		_, err = c.DeleteBucket(ctx, &oss2.DeleteBucketRequest{Bucket: name})
		mustDo(t, client+": delete", err)
		_, err = c.DeleteBucket(ctx, &oss2.DeleteBucketRequest{Bucket: name})
		wantOSS2(t, client+": delete again", err, http.StatusNotFound, "NoSuchBucket")
		covers(t, "DeleteBucket", "error NoSuchBucket", client)
	}
}

func TestOSSObjectsByTheNewerClient(t *testing.T) {
	t.Parallel()
	for client, version := range oss2Versions {
		d, ctx := open(t), t.Context()
		c := d.oss2(d.Key, version)
		for _, op := range []string{"PutObject", "GetObject", "HeadObject", "GetObjectMeta", "CopyObject", "DeleteObject", "DeleteMultipleObjects", "ListObjects", "ListObjectsV2", "GetObjectACL", "PutObjectACL"} {
			covers(t, op, "ok", client)
		}
		b := oss2.Ptr("some-bucket")
		_, err := c.PutBucket(ctx, &oss2.PutBucketRequest{Bucket: b})
		mustDo(t, client+": bucket", err)
		var put []string
		for i, key := range ossKeys {
			if version == oss2.SignatureVersionV1 && strings.Contains(key, "?") {
				continue // which V1 cannot tell from a parameter
			}
			put = append(put, key)
			text := strings.Repeat(key, i)
			_, err := c.PutObject(ctx, &oss2.PutObjectRequest{Bucket: b, Key: oss2.Ptr(key), Body: strings.NewReader(text)})
			mustDo(t, client+": put "+key, err)
			if got := read2(ctx, t, c, *b, key); got != text {
				t.Errorf("%s: %q: got %q, want %q", client, key, got, text)
			}
		}
		key := oss2.Ptr("dir/plain.txt")
		_, err = c.PutObject(ctx, &oss2.PutObjectRequest{Bucket: b, Key: key, Body: strings.NewReader("0123456789"), ContentType: oss2.Ptr("text/x-own"), CacheControl: oss2.Ptr("no-cache"),
			ContentDisposition: oss2.Ptr("inline"), ContentEncoding: oss2.Ptr("gzip"), Expires: oss2.Ptr("some day"), Metadata: map[string]string{"one": "版"}, ForbidOverwrite: oss2.Ptr("true"),
			Acl: oss2.ObjectACLPrivate, StorageClass: oss2.StorageClassStandard})
		mustDo(t, client+": put with headers", err)
		head, err := c.HeadObject(ctx, &oss2.HeadObjectRequest{Bucket: b, Key: key})
		if err != nil || head.ContentLength != 10 || *head.ETag != `"781E5E245D69B566979B86E28D23F2C7"` || *head.ContentType != "text/x-own" || *head.CacheControl != "no-cache" ||
			*head.ContentDisposition != "inline" || *head.ContentEncoding != "gzip" || *head.Expires != "some day" || head.Metadata["one"] != "版" || *head.ObjectType != "Normal" || head.HashCRC64 == nil {
			t.Errorf("%s: head: got %+v, %v", client, head, err)
		}
		if meta, err := c.GetObjectMeta(ctx, &oss2.GetObjectMetaRequest{Bucket: b, Key: key}); err != nil || meta.ContentLength != 10 || meta.LastModified == nil {
			t.Errorf("%s: meta: got %+v, %v", client, meta, err)
		}
		part, err := c.GetObject(ctx, &oss2.GetObjectRequest{Bucket: b, Key: key, Range: oss2.Ptr("bytes=-3"), RangeBehavior: oss2.Ptr("standard"),
			ResponseContentType: oss2.Ptr("a/b"), ResponseContentDisposition: oss2.Ptr("attachment; filename=a&z.txt")})
		mustDo(t, client+": a range", err)
		body, err := io.ReadAll(part.Body)
		if err != nil || string(body) != "789" || part.StatusCode != http.StatusPartialContent || *part.ContentType != "a/b" || part.Headers.Get("Content-Disposition") != "attachment; filename=a&z.txt" {
			t.Errorf("%s: a range: got %q %+v, %v", client, body, part, err)
		}
		if there, err := c.IsObjectExist(ctx, *b, *key); err != nil || !there {
			t.Errorf("%s: there: got %t, %v", client, there, err)
		}
		if there, err := c.IsObjectExist(ctx, *b, "none"); err != nil || there {
			t.Errorf("%s: not there: got %t, %v", client, there, err)
		}
		if _, err := c.IsObjectExist(ctx, "no-such-bucket", "none"); err == nil {
			t.Errorf("%s: not even a bucket: got no error", client)
		}
		copied, err := c.CopyObject(ctx, &oss2.CopyObjectRequest{Bucket: b, Key: oss2.Ptr("a copy+of it"), SourceKey: key, Metadata: map[string]string{"two": "2"}, MetadataDirective: oss2.Ptr("REPLACE")})
		if err != nil || *copied.ETag != *head.ETag {
			t.Errorf("%s: copy: got %+v, %v", client, copied, err)
		}
		if head, err = c.HeadObject(ctx, &oss2.HeadObjectRequest{Bucket: b, Key: oss2.Ptr("a copy+of it")}); err != nil || head.Metadata["two"] != "2" || head.Metadata["one"] != "" {
			t.Errorf("%s: copy: got %+v, %v", client, head, err)
		}
		_, err = c.PutObjectAcl(ctx, &oss2.PutObjectAclRequest{Bucket: b, Key: key, Acl: oss2.ObjectACLDefault})
		mustDo(t, client+": ACL", err)
		if acl, err := c.GetObjectAcl(ctx, &oss2.GetObjectAclRequest{Bucket: b, Key: key}); err != nil || *acl.ACL != "default" {
			t.Errorf("%s: ACL: got %+v, %v", client, acl, err)
		}
		var listed []string
		pages := c.NewListObjectsV2Paginator(&oss2.ListObjectsV2Request{Bucket: b, MaxKeys: 2, FetchOwner: true, Delimiter: oss2.Ptr("")})
		for pages.HasNext() {
			page, err := pages.NextPage(ctx)
			mustDo(t, client+": list", err)
			for _, o := range page.Contents {
				listed = append(listed, *o.Key)
			}
		}
		want := append(put, "a copy+of it", *key)
		slices.Sort(want)
		if !slices.Equal(listed, want) {
			t.Errorf("%s: list by pages: got %q, want %q", client, listed, want)
		}
		list1, err := c.ListObjects(ctx, &oss2.ListObjectsRequest{Bucket: b, Delimiter: oss2.Ptr("r/"), Prefix: oss2.Ptr("di"), Marker: oss2.Ptr("dir//")})
		if err != nil || len(list1.CommonPrefixes) != 1 || *list1.CommonPrefixes[0].Prefix != "dir/" || len(list1.Contents) != 0 {
			t.Errorf("%s: list with folders: got %+v, %v", client, list1, err)
		}
		gone, err := c.DeleteMultipleObjects(ctx, &oss2.DeleteMultipleObjectsRequest{Bucket: b, Objects: []oss2.DeleteObject{{Key: oss2.Ptr("a")}, {Key: oss2.Ptr("x&<>\"'")}}})
		if err != nil || len(gone.DeletedObjects) != 2 || *gone.DeletedObjects[1].Key != "x&<>\"'" {
			t.Errorf("%s: delete several: got %+v, %v", client, gone, err)
		}
		_, err = c.DeleteObject(ctx, &oss2.DeleteObjectRequest{Bucket: b, Key: key})
		mustDo(t, client+": delete", err)
		_, err = c.HeadObject(ctx, &oss2.HeadObjectRequest{Bucket: b, Key: key})
		wantOSS2(t, client+": deleted", err, http.StatusNotFound, "NoSuchKey")
		covers(t, "HeadObject", "error NoSuchKey", client)
		_, err = c.GetObject(ctx, &oss2.GetObjectRequest{Bucket: b, Key: key})
		if e := wantOSS2(t, client+": deleted", err, http.StatusNotFound, "NoSuchKey"); e.EC != "0026-00000001" {
			t.Errorf("%s: got %+v, want the number of the error", client, e)
		}
		covers(t, "GetObject", "error NoSuchKey", client)
	}
}

// read2 is the object that the newer client reads, whose checksum it compares.
func read2(ctx context.Context, t testing.TB, c *oss2.Client, bucket, key string) string {
	t.Helper()
	got, err := c.GetObject(ctx, &oss2.GetObjectRequest{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	return string(body)
}

func TestOSSUploadsInPartsByTheNewerClient(t *testing.T) {
	t.Parallel()
	for client, version := range oss2Versions {
		d, ctx := open(t), t.Context()
		c := d.oss2(d.Key, version)
		for _, op := range []string{"InitiateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload", "ListMultipartUploads", "ListParts"} {
			covers(t, op, "ok", client)
		}
		b, key := oss2.Ptr("some-bucket"), oss2.Ptr("dir/big+版")
		_, err := c.PutBucket(ctx, &oss2.PutBucketRequest{Bucket: b})
		mustDo(t, client+": bucket", err)
		data := bytes.Repeat([]byte("0123456789abcdef"), 40<<10)
		file := filepath.Join(t.TempDir(), "in")
		mustDo(t, "file", os.WriteFile(file, data, 0o600))
		up, err := oss2.NewUploader(c, func(o *oss2.UploaderOptions) { o.PartSize, o.ParallelNum = 100<<10, 2 }).
			UploadFile(ctx, &oss2.PutObjectRequest{Bucket: b, Key: key, ContentType: oss2.Ptr("a/b")}, file)
		if err != nil || !strings.HasSuffix(*up.ETag, `-7"`) {
			t.Fatalf("%s: upload: got %+v, %v", client, up, err)
		}
		out := filepath.Join(t.TempDir(), "out")
		_, err = oss2.NewDownloader(c, func(o *oss2.DownloaderOptions) { o.PartSize = 100 << 10 }).DownloadFile(ctx, &oss2.GetObjectRequest{Bucket: b, Key: key}, out)
		mustDo(t, client+": download", err)
		if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: download: got %d bytes, %v", client, len(got), err)
		}
		first, err := c.InitiateMultipartUpload(ctx, &oss2.InitiateMultipartUploadRequest{Bucket: b, Key: oss2.Ptr("joined"), ContentType: oss2.Ptr("a/c"), Metadata: map[string]string{"m": "1"}})
		mustDo(t, client+": begin", err)
		_, err = c.UploadPartCopy(ctx, &oss2.UploadPartCopyRequest{Bucket: b, Key: oss2.Ptr("joined"), UploadId: first.UploadId, PartNumber: 3, SourceKey: key, Range: oss2.Ptr("bytes=0-102399")})
		mustDo(t, client+": a part by copy", err)
		_, err = c.UploadPart(ctx, &oss2.UploadPartRequest{Bucket: b, Key: oss2.Ptr("joined"), UploadId: first.UploadId, PartNumber: 7, Body: strings.NewReader("end")})
		mustDo(t, client+": a part", err)
		parts, err := c.ListParts(ctx, &oss2.ListPartsRequest{Bucket: b, Key: oss2.Ptr("joined"), UploadId: first.UploadId, MaxParts: 1})
		if err != nil || len(parts.Parts) != 1 || !parts.IsTruncated || parts.NextPartNumberMarker != 3 || parts.Parts[0].Size != 102400 {
			t.Errorf("%s: parts: got %+v, %v", client, parts, err)
		}
		end := &oss2.CompleteMultipartUploadRequest{Bucket: b, Key: oss2.Ptr("joined"), UploadId: first.UploadId, CompleteAll: oss2.Ptr("yes")}
		done, err := c.CompleteMultipartUpload(ctx, end)
		mustDo(t, client+": complete", err)
		again, err := c.CompleteMultipartUpload(ctx, end) // as whoever did not get the answer does
		if err != nil || *again.ETag != *done.ETag || *again.HashCRC64 != *done.HashCRC64 || *again.Location != *done.Location {
			t.Errorf("%s: complete again: got %+v, %v; want %+v", client, again, err, done)
		}
		if got := read2(ctx, t, c, *b, "joined"); got != string(data[:102400])+"end" {
			t.Errorf("%s: joined: got %d bytes", client, len(got))
		}
		other, err := c.InitiateMultipartUpload(ctx, &oss2.InitiateMultipartUploadRequest{Bucket: b, Key: oss2.Ptr("other")})
		mustDo(t, client+": begin", err)
		ups, err := c.ListMultipartUploads(ctx, &oss2.ListMultipartUploadsRequest{Bucket: b})
		if err != nil || len(ups.Uploads) != 1 || *ups.Uploads[0].UploadId != *other.UploadId {
			t.Errorf("%s: uploads: got %+v, %v", client, ups, err)
		}
		_, err = c.AbortMultipartUpload(ctx, &oss2.AbortMultipartUploadRequest{Bucket: b, Key: oss2.Ptr("other"), UploadId: other.UploadId})
		mustDo(t, client+": abort", err)
	}
}

func TestOSSURLsByTheNewerClient(t *testing.T) {
	t.Parallel()
	for client, version := range oss2Versions {
		d, ctx := open(t), t.Context()
		c := d.oss2(d.Key, version)
		_, err := c.PutBucket(ctx, &oss2.PutBucketRequest{Bucket: oss2.Ptr("some-bucket")})
		mustDo(t, client+": bucket", err)
		for _, request := range []any{
			&oss2.PutObjectRequest{Bucket: oss2.Ptr("some-bucket"), Key: oss2.Ptr("a b/版"), ContentType: oss2.Ptr("text/plain")},
			&oss2.GetObjectRequest{Bucket: oss2.Ptr("some-bucket"), Key: oss2.Ptr("a b/版"), ResponseContentType: oss2.Ptr("")},
		} {
			signed, err := c.Presign(ctx, request, oss2.PresignExpires(time.Minute))
			mustDo(t, client+": sign", err)
			req, err := http.NewRequestWithContext(ctx, signed.Method, signed.URL, strings.NewReader(map[string]string{"PUT": "text"}[signed.Method]))
			mustDo(t, client+": request", err)
			for name, value := range signed.SignedHeaders {
				req.Header.Set(name, value)
			}
			resp, err := http.DefaultClient.Do(req)
			mustDo(t, client+": send", err)
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK || signed.Method == "GET" && string(body) != "text" {
				t.Errorf("%s: %s: got %d %s", client, signed.Method, resp.StatusCode, body)
			}
		}
	}
}
