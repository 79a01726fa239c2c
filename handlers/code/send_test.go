package code_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/web/sign"
)

// listen is a server that gives on each request that it gets.
func listen(t *testing.T) (string, <-chan sign.Request) {
	t.Helper()
	got := make(chan sign.Request, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		got <- sign.From(r, body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, got
}

// What the panel says is run as it stands, by a real bash, openssl and curl, and
// what arrives has a signature that verifies and says what the form says.
func TestCurlIsSignedByOpenSSL(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "openssl", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("install %s and try again", tool)
		}
	}
	text := `it's "$HOME" ` + "`id` \\ 100%+a&b=c 版本 😀\nline\ttab"
	for _, c := range []struct {
		what, op string
		form     url.Values
		claim    func(sign.Request) (*sign.Claim, error)
		want     sign.Scheme
		has      string // in the body
	}{
		{"a bucket", "CreateStorage", url.Values{"region": {"cn-shenzhen"}, "bucket_name": {text}}, sign.ROA, sign.ROA1, ""},
		{"a bucket anywhere", "CreateStorage", url.Values{}, sign.ROA, sign.ROA1, ""},
		{"a version", "CreatePkgVersion", url.Values{"app_id": {"wa-1"}, "label": {text}, "source": {"oss://b/a b.war"}}, sign.ROA, sign.ROA1, "AppId=wa-1"},
		{"an application", "CreateApplication", url.Values{"region": {"cn-beijing"}, "app_name": {text}}, sign.ROA, sign.ROA1, "AppName=it%27s"},
		{"a plan", "CreateResourcePackage", url.Values{"product_code": {text}, "duration": {"6"}, "effective_date": {"2026-12-01T00:00:00Z"}}, sign.RPC, sign.RPC1, "Duration=6"},
		{"a store", "CreateStore", url.Values{"store_name": {"kb"}, "description": {text}, "num": {"2"}}, sign.Huawei, sign.SDK, `"num": 2`},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			address, requests := listen(t)
			program := code.From(c.op, c.form).Write(code.Curl, address)
			cmd := exec.CommandContext(t.Context(), "bash", "--norc", "-eu", "-o", "pipefail", "-c", program)
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8",
				"ALIBABA_CLOUD_ACCESS_KEY_ID=testAK", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=test+SK/&'$",
				"HUAWEICLOUD_SDK_AK=testAK", "HUAWEICLOUD_SDK_SK=test+SK/&'$"}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s\n%s", err, out, program)
			}
			r := <-requests
			claim, err := c.claim(r)
			if err != nil {
				t.Fatalf("claim: %v\n%s", err, program)
			}
			if claim.Scheme != c.want || claim.KeyID != "testAK" {
				t.Errorf("got %s by %q, want %s by testAK", claim.Scheme, claim.KeyID, c.want)
			}
			for name, err := range map[string]error{
				"fresh": claim.Fresh(models.SystemClock()), "intact": claim.Intact(), "signature": claim.Verify("test+SK/&'$"),
			} {
				if err != nil {
					t.Errorf("%s: %v, string to sign %q\n%s", name, err, claim.StringToSign(), program)
				}
			}
			if claim.Verify("another") == nil {
				t.Error("any secret verifies")
			}
			if !bytes.Contains(r.Body, []byte(c.has)) || len(r.Body) > 0 != (c.has != "") {
				t.Errorf("got body %q, want %q in it", r.Body, c.has)
			}
			said(t, c.op, r, c.form)
		})
	}
}

// What only a shell can put in is told by a character that no text should have.
// A form may have it all the same.
func TestCurlNeverRunsWhatAFormSays(t *testing.T) {
	t.Parallel()
	for _, field := range documented["CreateResourcePackage"] {
		program := code.From("CreateResourcePackage", url.Values{field: {"\uFDD0\"; touch hacked; \""}}).Write(code.Curl, base)
		if !strings.Contains(program, "=%EF%B7%90%22%3B%20touch%20hacked%3B%20%22&") || strings.Contains(program, "touch hacked") {
			t.Errorf("%s is not escaped:\n%s", field, program)
		}
	}
}

// The vendor's own client, in the program that the panel shows, finds a server
// that is not at the usual port.
func TestGoProgramFindsItsServer(t *testing.T) {
	t.Parallel()
	address, requests := listen(t)
	for op, claim := range map[string]func(sign.Request) (*sign.Claim, error){"CreateStorage": sign.ROA, "CreateResourcePackage": sign.RPC} {
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(code.From(op, url.Values{"region": {"cn-shenzhen"}}).Write(code.Go, address)), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "go", "run", file)
		cmd.Env = append(os.Environ(), "ALIBABA_CLOUD_ACCESS_KEY_ID=testAK", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=testSK")
		out, _ := cmd.CombinedOutput() // it cannot read the answer
		select {
		case r := <-requests:
			if c, err := claim(r); err != nil || c.Verify("testSK") != nil {
				t.Errorf("%s: got %+v, %v; want a claim that verifies", op, c, err)
			}
		default:
			t.Errorf("%s: nothing arrived: %s", op, out)
		}
	}
}

// said fails when a request does not say what the form does.
func said(t *testing.T, op string, r sign.Request, form url.Values) {
	t.Helper()
	text := "curl -X " + r.Method + " 'http://desk.test" + r.Path + "?" + r.Query + "'"
	var got code.Request
	var err error
	if op == "CreateStore" {
		got, _, err = code.Parse(string(r.Body), op)
	} else {
		got, _, err = code.Parse(text+" --data-raw '"+string(r.Body)+"'", op)
	}
	want := maps.Clone(form)
	want.Del("bucket_name")
	if err != nil || !maps.EqualFunc(got.Form(), want, slices.Equal) {
		t.Errorf("the request says %q, %v, want %q", got.Form(), err, want)
	}
}
