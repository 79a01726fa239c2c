package api_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	oss2 "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	oss1 "github.com/aliyun/aliyun-oss-go-sdk/oss"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// cut is a way to the server that breaks after some requests of parts, until it is
// mended, and counts them.
type cut struct {
	parts  atomic.Int64
	breaks atomic.Int64 // after so many; 0 is never
}

// RoundTrip implements http.RoundTripper.
func (c *cut) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Query().Has("partNumber") || r.Header.Get("Range") != "" {
		if n := c.parts.Add(1); c.breaks.Load() > 0 && n > c.breaks.Load() {
			return nil, errors.New("the way is cut")
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestOSSTransfersGoOnWhereTheyWereCut(t *testing.T) {
	t.Parallel()
	d, ctx, dir := open(t), t.Context(), t.TempDir()
	data := bytes.Repeat([]byte("0123456789abcdef"), 64<<10) // 1 MiB, 11 parts
	file := filepath.Join(dir, "in")
	mustDo(t, "file", os.WriteFile(file, data, 0o600))
	way := &cut{}
	again := func(client string, transfer func() error) {
		t.Helper()
		way.parts.Store(0)
		way.breaks.Store(4)
		if transfer() == nil {
			t.Errorf("%s: got no error, want the way cut", client)
		}
		way.parts.Store(0)
		way.breaks.Store(0)
		mustDo(t, client, transfer())
		if n := way.parts.Load(); n == 0 || n > 8 {
			t.Errorf("%s: got %d parts after the cut, want only those that were missing", client, n)
		}
	}
	same := func(client, path string) {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: got %d bytes, %v, want the file", client, len(got), err)
		}
	}
	for client, version := range oss1Versions {
		c, err := oss1.New(d.URL, d.Key.ID, d.Key.Secret, oss1.AuthVersion(version), oss1.Region(region), oss1.HTTPClient(&http.Client{Transport: way}))
		mustDo(t, "client", err)
		mustDo(t, "bucket", c.CreateBucket("some-bucket"))
		b, err := c.Bucket("some-bucket")
		mustDo(t, "bucket", err)
		key, out := "by "+client, filepath.Join(dir, client)
		again(client+" up", func() error { return b.UploadFile(key, file, 100<<10, oss1.Checkpoint(true, out+".up")) })
		again(client+" down", func() error { return b.DownloadFile(key, out, 100<<10, oss1.Checkpoint(true, out+".down")) })
		same(client, out)
	}
	for client, version := range oss2Versions {
		c := oss2.NewClient(oss2.LoadDefaultConfig().WithCredentialsProvider(credentials.NewStaticCredentialsProvider(d.Key.ID, d.Key.Secret)).
			WithRegion(region).WithEndpoint(d.URL).WithSignatureVersion(version).WithRetryMaxAttempts(1).WithHttpClient(&http.Client{Transport: way}))
		b, key, out := oss2.Ptr("some-bucket"), oss2.Ptr("by "+client), filepath.Join(dir, client)
		again(client+" up", func() error {
			_, err := oss2.NewUploader(c, func(o *oss2.UploaderOptions) {
				o.PartSize, o.ParallelNum, o.EnableCheckpoint, o.CheckpointDir, o.LeavePartsOnError = 100<<10, 1, true, dir, true
			}).UploadFile(ctx, &oss2.PutObjectRequest{Bucket: b, Key: key}, file)
			return err
		})
		again(client+" down", func() error {
			_, err := oss2.NewDownloader(c, func(o *oss2.DownloaderOptions) {
				o.PartSize, o.ParallelNum, o.EnableCheckpoint, o.CheckpointDir = 100<<10, 1, true, dir
			}).DownloadFile(ctx, &oss2.GetObjectRequest{Bucket: b, Key: key}, out)
			return err
		})
		same(client, out)
	}
}

func TestOSSFaultsTellNothing(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	d := openWith(t, o, 0)
	bucket := d.bucketWith(t, d.Team, "k")
	now := d.DB.Now()
	do := func(line string) answer {
		t.Helper()
		return d.send(t, d.ossRequest(line, "").SignOSS4(d.Key.ID, d.Key.Secret, region, now))
	}
	modelstest.Exec(t, o, "UPDATE teams SET object_storage = ? WHERE id = ?", false, d.Team.ID)
	for operation, line := range map[string]string{"GetObject": "GET /" + bucket + "/k", "PutObject": "PUT /" + bucket + "/k", "PutBucket": "PUT /new-bucket", "ListBuckets": "GET /"} {
		got := do(line)
		if got.wants(t, operation, 403, "AccessDenied"); !strings.Contains(got.Body, "OSS service") {
			t.Errorf("%s: got %s, want that the storage is off", operation, got.Body)
		}
		covers(t, operation, "error AccessDenied.Off", "http OSS V4")
	}
	modelstest.Exec(t, o, "UPDATE teams SET object_storage = ? WHERE id = ?", true, d.Team.ID)
	modelstest.Exec(t, o, "ALTER TABLE objects RENAME TO objects_away")
	for operation, line := range map[string]string{
		"GetObject": "GET /" + bucket + "/k", "HeadObject": "HEAD /" + bucket + "/k", "PutObject": "PUT /" + bucket + "/k", "DeleteObject": "DELETE /" + bucket + "/k",
		"ListObjects": "GET /" + bucket, "ListObjectsV2": "GET /" + bucket + "?list-type=2",
	} {
		got := do(line)
		if got.wants(t, operation, 500, "InternalError"); strings.Contains(got.Body, "objects") {
			t.Errorf("%s: got %s, which tells of the database", operation, got.Body)
		}
		covers(t, operation, "error InternalError", "http OSS V4")
	}
}

func TestOSSHasARateOfItsOwn(t *testing.T) {
	t.Parallel()
	d := openWith(t, models.Options{}, 0.5) // five in a moment
	r := d.ossRequest("GET /", "").SignOSS1(d.Key.ID, d.Key.Secret, d.DB.Now())
	var got answer
	for range 8 {
		got = d.send(t, r)
	}
	if got.wants(t, "too many", 503, "ServiceUnavailable"); got.Header.Get("Retry-After") == "" {
		t.Errorf("got %v, want when to come again", got.Header)
	}
	covers(t, "oss", "error ServiceUnavailable", "http OSS V1")
}

func TestOSSCallsAndChangesAreOnRecord(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := d.DB.Now()
	d.send(t, d.ossRequest("PUT /some-bucket", "").SignOSS1(d.Key.ID, d.Key.Secret, now))
	put := d.send(t, d.ossRequest("PUT /some-bucket/k", "x").SignOSS1(d.Key.ID, d.Key.Secret, now))
	d.send(t, d.ossRequest("GET /some-bucket/none", "").SignOSS1(d.Key.ID, d.Key.Secret, now))
	d.send(t, d.ossRequest("GET /some-bucket/k?OSSAccessKeyId="+d.Key.ID+"&Signature=x&Expires=9999999999", ""))
	calls, _, err := modelstest.List(t.Context(), d.DB, d.Team.Admin, models.Calls, list.Query{Of: d.Key.ID})
	if err != nil || len(calls) != 4 {
		t.Fatalf("got %+v, %v, want four calls", calls, err)
	}
	for i, want := range []struct {
		operation, code string
		status          int
		unproven        bool
	}{{"GetObject", "SignatureDoesNotMatch", 403, true}, {"GetObject", "NoSuchKey", 404, false}, {"PutObject", "", 200, false}, {"PutBucket", "", 200, false}} {
		c := calls[i]
		if c.Product != models.ProductOSS || c.Operation != want.operation || c.Code != want.code || c.Status != want.status || c.Unproven != want.unproven {
			t.Errorf("call %d: got %+v, want %+v", i, c, want)
		}
	}
	events, _, err := modelstest.List(t.Context(), d.DB, d.Team.Admin, models.Events, list.Query{})
	if err != nil || len(events) == 0 {
		t.Fatal(err)
	}
	e := events[0]
	if e.Action != "object.uploaded" || e.Face != models.ByAPI || e.KeyID != d.Key.ID || e.RequestID != put.Header.Get("X-Oss-Request-Id") || e.SubjectName != "k" {
		t.Errorf("got %+v, want the upload by the key", e)
	}
}

func TestOSSRepliesAreNoPagesOfOurs(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := d.DB.Now()
	do := func(line, body string, headers ...string) answer {
		t.Helper()
		return d.send(t, d.ossRequest(line, body, headers...).PresignOSS4(d.Key.ID, d.Key.Secret, region, now, time.Minute))
	}
	do("PUT /some-bucket", "")
	put := do("PUT /some-bucket/page.html", "<script src='/some-bucket/k.js'></script>", "Content-Type", "text/html", "Content-Disposition", "inline", "Cache-Control", "no-cache")
	for what, c := range map[string]struct {
		got    answer
		status int
	}{
		"object":      {do("GET /some-bucket/page.html", "", "Sec-Fetch-Dest", "document"), 200},
		"seen before": {do("GET /some-bucket/page.html", "", "If-None-Match", put.Header.Get("ETag")), 304},
		"head":        {do("HEAD /some-bucket/page.html", ""), 200},
		"range":       {do("GET /some-bucket/page.html", "", "Range", "bytes=0-3"), 206},
		"list":        {do("GET /some-bucket", ""), 200},
		"refusal":     {do("GET /some-bucket/none", ""), 404},
		"script":      {do("GET /some-bucket/page.html", "", "Sec-Fetch-Dest", "script"), 403},
		"worker":      {do("GET /some-bucket/page.html", "", "Sec-Fetch-Dest", "serviceworker"), 403},
		"frame":       {do("GET /some-bucket/page.html", "", "Sec-Fetch-Dest", "iframe"), 403},
	} {
		if c.got.Status != c.status || c.got.Header.Get("Content-Security-Policy") != "sandbox; default-src 'none'" || c.got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %d %v, want %d in a sandbox", what, c.got.Status, c.got.Header, c.status)
		}
	}
}

func TestAKeyWithGrantsCallsNoOtherAPI(t *testing.T) {
	t.Parallel()
	d := open(t)
	some := d.newKey(t, models.AccessKeyInput{Name: "some", User: d.Team.Requester.UserID, Grants: "read,write,list oss://some-bucket/*"})
	for k, want := range map[key]int{d.Key: 200, some: 403} {
		r := roa(d)
		r.Header.Set("X-Acs-Action", "DescribeCategories")
		if got := d.send(t, r.SignACS3(k.ID, k.Secret, d.DB.Now(), nonce())); got.Status != want {
			t.Errorf("DescribeCategories: got %d %s, want %d", got.Status, got.Body, want)
		}
	}
}
