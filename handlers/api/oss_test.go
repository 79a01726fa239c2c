package api_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"quartermaster/models"
	"quartermaster/models/list"
)

// ossChoices are the operations of OSS by method and kind of path, with what
// chooses each there; the first that is asked for is meant.
var ossChoices = map[string][]struct{ asks, name string }{
	"GET /":         {{"", "ListBuckets"}},
	"PUT bucket":    {{"acl", "PutBucketAcl"}, {"", "PutBucket"}},
	"DELETE bucket": {{"", "DeleteBucket"}},
	"HEAD bucket":   {{"", "GetBucketInfo"}},
	"POST bucket":   {{"delete", "DeleteMultipleObjects"}},
	"GET bucket": {{"bucketInfo", "GetBucketInfo"}, {"location", "GetBucketLocation"}, {"acl", "GetBucketAcl"}, {"stat", "GetBucketStat"},
		{"uploads", "ListMultipartUploads"}, {"list-type", "ListObjectsV2"}, {"", "ListObjects"}},
	"GET key":    {{"acl", "GetObjectACL"}, {"uploadId", "ListParts"}, {"", "GetObject"}},
	"HEAD key":   {{"objectMeta", "GetObjectMeta"}, {"", "HeadObject"}},
	"PUT key":    {{"acl", "PutObjectACL"}, {"partNumber", "UploadPart"}, {"", "PutObject"}},
	"POST key":   {{"uploads", "InitiateMultipartUpload"}, {"uploadId", "CompleteMultipartUpload"}},
	"DELETE key": {{"uploadId", "AbortMultipartUpload"}, {"", "DeleteObject"}},
}

// ossOperation is the operation of OSS that was asked for, in path style or, at a
// bucket's host, by that.
func (x *exchange) ossOperation() string {
	path := strings.TrimPrefix(x.url.EscapedPath(), "/")
	if strings.Contains(x.request.Host, ".localhost") || strings.Contains(x.request.Host, ".aliyuncs.com") {
		// The client for Node.js has the bucket in the host also where it has it in the
		// path, and something in its place where there is none.
		host, _, _ := strings.Cut(x.request.Host, ".")
		if host != "" && host != "undefined" && !strings.HasPrefix(path+"/", host+"/") {
			path = "b/" + path
		}
	}
	bucket, key, _ := strings.Cut(path, "/")
	place := "key"
	if key == "" {
		place = "bucket"
	}
	if bucket == "" {
		place = "/"
	}
	name := ""
	for _, c := range ossChoices[x.request.Method+" "+place] {
		if c.asks == "" || x.url.Query().Has(c.asks) {
			name = c.name
			break
		}
	}
	if x.request.Header.Get("X-Oss-Copy-Source") != "" {
		name = map[string]string{"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}[name]
	}
	return name
}

// checkXML holds a reply of OSS against its sample: it has the same root.
func (x *exchange) checkXML(op *operation, r *openapi3.Response) error {
	for _, name := range []string{"X-Oss-Request-Id", "X-Oss-Server-Time", "X-Content-Type-Options"} {
		if x.header.Get(name) == "" {
			return fmt.Errorf("no header %s", name)
		}
	}
	for _, p := range op.Parameters {
		if p.Value.In == "header" && x.request.Header.Get(p.Value.Name) != "" {
			sees(op.OperationID, "field "+p.Value.Name)
		}
	}
	if slices.ContainsFunc(slices.Collect(keysOf(x.request.Header)), func(name string) bool { return strings.HasPrefix(name, "X-Oss-Meta-") }) {
		sees(op.OperationID, "field x-oss-meta-*")
	}
	media := r.Content["application/xml"]
	if x.answer.Len() == 0 || x.request.Method == http.MethodHead || r.Content["application/octet-stream"] != nil {
		return nil
	}
	var got, want struct{ XMLName xml.Name }
	if media == nil || x.header.Get("Content-Type") != "application/xml" {
		return errors.New("a body that is not described")
	}
	sample, _ := media.Example.(string)
	if err := errors.Join(xml.Unmarshal(x.answer.Bytes(), &got), xml.Unmarshal([]byte(sample), &want)); err != nil || got != want {
		return fmt.Errorf("root element %v, want %v (%v)", got, want, err)
	}
	return nil
}

func keysOf(h http.Header) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range h {
			if !yield(name) {
				return
			}
		}
	}
}

// count is how often something stands in the team's activity.
func (d *desk) count(t testing.TB, action string) (n int) {
	t.Helper()
	events, err := models.Events.Read(t.Context(), d.DB, d.Team.Admin, list.Query{Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Rows {
		if e.Action == action {
			n++
		}
	}
	return n
}
