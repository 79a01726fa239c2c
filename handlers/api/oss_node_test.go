package api_test

import (
	"os"
	"os/exec"
	"testing"
)

// The vendor's client for Node.js, which the browser's tests bring along, makes the
// same calls here, where it is seen what it asks for.
func TestOSSByTheClientForNode(t *testing.T) {
	t.Parallel()
	d := open(t)
	const script = "../../web/webtest/browser/oss.test.mjs"
	cmd := exec.CommandContext(t.Context(), "node", "--test", script)
	cmd.Env = append(os.Environ(), "QUARTERMASTER_URL="+d.URL, "QUARTERMASTER_KEY="+d.Key.ID+":"+d.Key.Secret)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v (the client is installed by npm ci)\n%s", script, err, out)
	}
	for _, client := range []string{"ali-oss 6, V1", "ali-oss 6, V4"} {
		for _, op := range []string{
			"PutBucket", "ListBuckets", "GetBucketInfo", "GetBucketLocation", "PutBucketAcl", "GetBucketAcl", "DeleteBucket", "PutObject", "GetObject", "HeadObject", "CopyObject", "PutObjectACL",
			"GetObjectACL", "ListObjects", "ListObjectsV2", "DeleteObject", "DeleteMultipleObjects", "InitiateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload",
			"AbortMultipartUpload", "ListMultipartUploads", "ListParts",
		} {
			covers(t, op, "ok", client)
		}
		for op, code := range map[string]string{"GetObject": "NoSuchKey", "DeleteBucket": "BucketNotEmpty", "PutObject": "FileAlreadyExists", "GetBucketInfo": "NoSuchBucket", "oss": "NotImplemented"} {
			covers(t, op, "error "+code, client)
		}
	}
}
