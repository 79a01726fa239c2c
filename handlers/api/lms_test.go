package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/def"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web/sign"
)

// storePaths are where the operations on stores are.
var storePaths = map[string]string{
	"CreateStore": "/v1/stores/create", "ListStores": "/v1/stores/list", "DescribeStore": "/v1/stores/describe",
	"DeleteStore": "/v1/stores/delete", "ScaleStore": "/v1/stores/scale", "DescribeJob": "/v1/jobs/describe", "ListJobs": "/v1/jobs/list",
}

// body is a JSON object, or what stands in its place.
type body = map[string]any

// storesAnswer is what an operation on stores came to, as its client read it.
type storesAnswer struct {
	Status        int
	Code, Message string
	Data          any
}

// field is a member of the answer's data, by a path as "stores.0.status".
func (a storesAnswer) field(path string) any {
	v := a.Data
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// storesWay is one way to call the operations on stores; client is its column
// in the matrix.
type storesWay struct {
	client string
	call   func(t testing.TB, d *desk, k key, operation string, in body, query url.Values) storesAnswer
}

var storesWays = []storesWay{{"go-sdk", storesBySDK}, {"http sdk", storesBySignature}, {"http token", storesByToken}}

// storesQuery is a query as the vendor's client sends it.
type storesQuery struct {
	Body      *body
	StartTime *string `json:"start_time,omitempty"`
	EndTime   *string `json:"end_time,omitempty"`
	Status    *string `json:"status,omitempty"`
	Offset    *string `json:"offset,omitempty"`
	Limit     *string `json:"limit,omitempty"`
}

// storesBySDK calls through the vendor's own client, which signs and decodes.
func storesBySDK(t testing.TB, d *desk, k key, operation string, in body, query url.Values) storesAnswer {
	t.Helper()
	type reply struct {
		Code           string `json:"code"`
		Message        string `json:"message"`
		Data           any    `json:"data"`
		HttpStatusCode int    `json:"-"`
	}
	b := def.NewHttpRequestDefBuilder().WithMethod(http.MethodPost).WithPath(storePaths[operation]).
		WithResponse(new(reply)).WithContentType("application/json")
	request := &storesQuery{}
	if in != nil {
		request.Body = &in
		b = b.WithRequestField(def.NewFieldDef().WithName("Body").WithLocationType(def.Body))
	}
	for name, to := range map[string]**string{"StartTime": &request.StartTime, "EndTime": &request.EndTime, "Status": &request.Status, "Offset": &request.Offset, "Limit": &request.Limit} {
		tag := map[string]string{"StartTime": "start_time", "EndTime": "end_time", "Status": "status", "Offset": "offset", "Limit": "limit"}[name]
		if query.Has(tag) {
			value := query.Get(tag)
			*to = &value
			b = b.WithRequestField(def.NewFieldDef().WithName(name).WithJsonTag(tag).WithLocationType(def.Query))
		}
	}
	got, err := d.stores(t, k).Sync(request, b.Build())
	var refused *sdkerr.ServiceResponseError
	switch {
	case errors.As(err, &refused):
		if refused.RequestId == "" {
			t.Errorf("%s: a refusal without a request id", operation)
		}
		return storesAnswer{Status: refused.StatusCode, Code: refused.ErrorCode, Message: refused.ErrorMessage}
	case err != nil:
		t.Fatalf("%s: %v", operation, err)
	}
	// Its numbers are of a type of their own: they are read again.
	r := got.(*reply)
	text, err := json.Marshal(r.Data)
	if err == nil {
		err = json.Unmarshal(text, &r.Data)
	}
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return storesAnswer{r.HttpStatusCode, r.Code, r.Message, r.Data}
}

func storesBySignature(t testing.TB, d *desk, k key, operation string, in body, query url.Values) storesAnswer {
	t.Helper()
	return readStores(t, d.send(t, storesRequest(t, d, operation, in, query).SignSDK(k.ID, k.Secret, d.DB.Now())))
}

// storeTokens are the tokens that were issued, by key.
var storeTokens sync.Map

func storesByToken(t testing.TB, d *desk, k key, operation string, in body, query url.Values) storesAnswer {
	t.Helper()
	token, issued := storeTokens.Load(k.ID)
	if !issued {
		_, fresh, err := d.DB.IssueToken(t.Context(), d.Team.Admin, k.ID, models.TokenInput{Hours: 24})
		if err != nil {
			t.Fatalf("issue token: %v", err)
		}
		token = fresh
		storeTokens.Store(k.ID, token)
	}
	r := storesRequest(t, d, operation, in, query)
	r.Header.Set("X-Auth-Token", token.(string))
	return readStores(t, d.send(t, r))
}

func storesRequest(t testing.TB, d *desk, operation string, in body, query url.Values) sign.Request {
	t.Helper()
	var text []byte
	if in != nil {
		var err error
		if text, err = json.Marshal(in); err != nil {
			t.Fatal(err)
		}
	}
	return rawStores(d, operation, string(text), query)
}

// rawStores is a request with any bytes for a body. Its content type is no
// JSON: the body is taken as that all the same.
func rawStores(d *desk, operation, text string, query url.Values) sign.Request {
	return sign.Request{Method: http.MethodPost, Path: storePaths[operation], Query: query.Encode(), Host: d.host(),
		Length: int64(len(text)), Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(text)}
}

// readStores reads an answer, which must have the shape of its kind exactly.
func readStores(t testing.TB, a answer) storesAnswer {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(a.Body), &fields); err != nil {
		t.Fatalf("got %d %q, want JSON: %v", a.Status, a.Body, err)
	}
	text := func(name string) string { s, _ := fields[name].(string); return s }
	out := storesAnswer{Status: a.Status, Code: text("code") + text("error_code"), Message: text("message") + text("error_msg"), Data: fields["data"]}
	want := []string{"code", "message"}
	switch {
	case a.Status == http.StatusOK:
		want = []string{"code", "data", "message"}
	case strings.HasPrefix(out.Code, "APIGW."):
		want = []string{"error_code", "error_msg", "request_id"}
	}
	if got := slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s %v, want application/json %v", a.Header.Get("Content-Type"), got, want)
	}
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(a.Header.Get("X-Request-Id")) {
		t.Errorf("got X-Request-Id %q, want 32 hex digits", a.Header.Get("X-Request-Id"))
	}
	return out
}

// sample is the page's own request.
func sampleStore(t testing.TB) body {
	t.Helper()
	var in body
	if err := json.Unmarshal(readSample(t, "create_store.request.json"), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func readSample(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func namedStore(t testing.TB, name string) body {
	t.Helper()
	in := sampleStore(t)
	in["store_name"] = name
	return in
}

// without makes every UUID the same, which no two runs share.
func without(text []byte) []byte {
	return regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAll(text, []byte("UUID"))
}

func TestStoreIsCreatedAsThePagePrintsIt(t *testing.T) {
	t.Parallel()
	d := open(t)
	request := rawStores(d, "CreateStore", string(readSample(t, "create_store.request.json")), nil)
	for _, c := range []struct {
		file   string
		status int
	}{{"create_store.reply.json", http.StatusOK}, {"create_store.exists.400.json", http.StatusBadRequest}} {
		a := d.send(t, request.SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now()))
		var want bytes.Buffer
		if err := json.Compact(&want, readSample(t, c.file)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(without(want.Bytes())), string(without([]byte(a.Body)))); diff != "" || a.Status != c.status {
			t.Errorf("%s: got %d, want %d; the page's (-) and ours (+):\n%s", c.file, a.Status, c.status, diff)
		}
	}
}

func TestStoreFromCreationToDeletionByEveryClient(t *testing.T) {
	t.Parallel()
	for _, w := range storesWays {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			call := func(operation string, in body, query url.Values, message string) storesAnswer {
				t.Helper()
				a := w.call(t, d, d.Key, operation, in, query)
				if a.Status != http.StatusOK || a.Code != "LMS.00000000" || a.Message != message {
					t.Fatalf("%s: got %d %s %s, want 200 LMS.00000000 %s", operation, a.Status, a.Code, a.Message, message)
				}
				return a
			}
			text := `产品手册 <b>"&'`
			in := sampleStore(t)
			in["description"] = text
			made := call("CreateStore", in, nil, "Request success, store is creating")
			name := body{"store_name": "test-storename"}
			if got := call("DescribeStore", name, nil, "Request success"); got.field("status") != "CREATING" || got.field("description") != text || got.field("id") != made.field("id") {
				t.Errorf("created: got %v", got.Data)
			}
			job := body{"job_id": made.field("job_id")}
			if got := call("DescribeJob", job, nil, "Request success").Data.(map[string]any); got["status"] != "Running" || got["progress"] != "1%" || len(got) != 6 {
				t.Errorf("job under way: got %v, want neither end_time nor fail_reason", got)
			}
			modelstest.Work(t, d.DB)
			got := call("DescribeJob", job, nil, "Request success").Data.(map[string]any)
			if got["status"] != "Completed" || got["name"] != "CreateStore" || got["store_name"] != "test-storename" || got["progress"] != "100%" || len(got) != 7 || !isTime(got["end_time"]) || !isTime(got["create_time"]) {
				t.Errorf("job done: got %v", got)
			}
			list := call("ListStores", nil, nil, "Request success")
			one, _ := list.field("stores.0").(map[string]any)
			want := maps.Clone(made.Data.(map[string]any))
			delete(want, "job_id")
			want["status"], want["private_link"], want["create_time"] = "NORMAL", "", one["create_time"]
			if diff := cmp.Diff(want, one); diff != "" || !isTime(one["create_time"]) {
				t.Errorf("list: %s", diff)
			}
			if diff := cmp.Diff(any(want), call("DescribeStore", name, nil, "Request success").Data); diff != "" {
				t.Errorf("describe: %s", diff)
			}
			for _, scale := range []struct {
				num            int
				action, status string
			}{{3, "", "SCALING"}, {2, "SCALE_IN", "SCALING_IN"}, {4, "SCALE_OUT", "SCALING"}} {
				in := body{"store_name": "test-storename", "cu_num": scale.num}
				if scale.action != "" {
					in["action"] = scale.action
				}
				got := call("ScaleStore", in, nil, "Request success, store is scaling")
				want := body{"id": made.field("id"), "job_id": got.field("job_id"), "store_name": "test-storename", "status": scale.status, "cu_num": float64(scale.num)}
				if diff := cmp.Diff(any(want), got.Data); diff != "" {
					t.Errorf("scale: %s", diff)
				}
				modelstest.Work(t, d.DB)
				if got := call("DescribeStore", name, nil, "Request success"); fmt.Sprint(got.field("flavor.num")) != strconv.Itoa(scale.num) || got.field("status") != "NORMAL" {
					t.Errorf("scaled: got %v, want %d units", got.Data, scale.num)
				}
			}
			dropped := call("DeleteStore", name, nil, "Request success, store is deleting")
			if data := dropped.Data.(map[string]any); len(data) != 1 || len(fmt.Sprint(data["job_id"])) != 36 {
				t.Errorf("delete: got %v, want a job_id alone", data)
			}
			modelstest.Work(t, d.DB)
			jobs := call("ListJobs", nil, url.Values{"limit": {"100"}}, "Request success").field("jobs").([]any)
			if len(jobs) != 5 || jobs[0].(map[string]any)["job_id"] != dropped.field("job_id") || jobs[4].(map[string]any)["job_id"] != made.field("job_id") {
				t.Errorf("got jobs %v, want those of the store that is gone, newest first", jobs)
			}
			if a := w.call(t, d, d.Key, "DescribeStore", name, nil); a.Code != "LMS.10002001" {
				t.Errorf("gone: got %s, want LMS.10002001", a.Code)
			}
			if list := call("ListStores", nil, nil, "Request success"); fmt.Sprint(list.Data) != "map[stores:[]]" {
				t.Errorf("got %v, want an empty list", list.Data)
			}
		})
	}
}

func isTime(v any) bool {
	text, _ := v.(string)
	return regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`).MatchString(text)
}
