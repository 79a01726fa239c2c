package api_test

import (
	"bytes"
	"context"
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
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/def"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// storePaths are where the operations on stores are.
var storePaths = map[string]string{
	"CreateStore": "/v1/stores/create", "ListStores": "/v1/stores/list", "DescribeStore": "/v1/stores/describe",
	"DeleteStore": "/v1/stores/delete", "ScaleStore": "/v1/stores/scale", "DescribeJob": "/v1/jobs/describe", "ListJobs": "/v1/jobs/list",
	"ListCollections": "/v1/collections/list", // is not served
}

var storeOperations = []string{"CreateStore", "ListStores", "DescribeStore", "DeleteStore", "ScaleStore", "DescribeJob", "ListJobs"}

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
	call   func(t testing.TB, d *desk, k key, operation string, in any, query url.Values) storesAnswer
}

var storesWays = []storesWay{{"go-sdk", storesBySDK}, {"http sdk", storesBySignature}, {"http token", storesByToken}}

// storesQuery is a query as the vendor's client sends it.
type storesQuery struct {
	Body      any
	StartTime *string `json:"start_time,omitempty"`
	EndTime   *string `json:"end_time,omitempty"`
	Status    *string `json:"status,omitempty"`
	Offset    *string `json:"offset,omitempty"`
	Limit     *string `json:"limit,omitempty"`
}

// storesBySDK calls through the vendor's own client, which signs and decodes.
func storesBySDK(t testing.TB, d *desk, k key, operation string, in any, query url.Values) storesAnswer {
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
		request.Body = in
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

func storesBySignature(t testing.TB, d *desk, k key, operation string, in any, query url.Values) storesAnswer {
	t.Helper()
	return readStores(t, d.send(t, storesRequest(t, d, operation, in, query).SignSDK(k.ID, k.Secret, d.DB.Now())))
}

// storeTokens are the tokens that were issued, by key.
var storeTokens sync.Map

func storesByToken(t testing.TB, d *desk, k key, operation string, in any, query url.Values) storesAnswer {
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

func storesRequest(t testing.TB, d *desk, operation string, in any, query url.Values) sign.Request {
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
			call := func(operation string, in any, query url.Values, message string) storesAnswer {
				t.Helper()
				covers(t, operation, "ok", w.client)
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
			covers(t, "DescribeJob", "field job_id", w.client)
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

// storeValues is what a person types into the form for the page's own request.
func storeValues(name string) url.Values {
	return url.Values{"store_name": {name}, "region": {"cn-north-7"}, "availability_zones": {"cn-north-7c"}, "cu": {"xlarge"}, "num": {"1"}}
}

// storeBody is the same request as a script sends it.
func storeBody(t testing.TB, values url.Values) body {
	t.Helper()
	number := func(text string) any {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		return json.Number(text)
	}
	in, flavor, charge := body{}, body{}, body{}
	for name, v := range values {
		switch name {
		case "availability_zones":
			in[name] = v
		case "cu":
			flavor[name] = v[0]
		case "num":
			flavor[name] = number(v[0])
		case "charge_mode", "period_type":
			charge[name] = v[0]
		case "period_num":
			charge[name] = number(v[0])
		case "auto_renew", "auto_pay":
			charge["is_"+name] = v[0] == "true"
		default:
			in[name] = v[0]
		}
	}
	in["flavor"] = flavor
	if len(charge) > 0 {
		in["charge_info"] = charge
	}
	return in
}

// A store obeys the same rules whether a person or a script orders it.
func TestFormAndAPIRefuseTheSameStores(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada := d.SignIn(t, models.Requester)
	taken := storesBySignature(t, d, d.Key, "CreateStore", storeBody(t, storeValues("taken")), nil)
	if taken.Status != http.StatusOK {
		t.Fatalf("got %s", taken.Code)
	}
	const missing, invalid, exists = "LMS.00001003", "LMS.00001001", "LMS.10001005"
	set := func(pairs ...string) func(url.Values) {
		return func(v url.Values) {
			for i := 0; i < len(pairs); i += 2 {
				v[pairs[i]] = strings.Fields(pairs[i+1])
				if len(v[pairs[i]]) == 0 {
					v[pairs[i]] = []string{pairs[i+1]}
				}
			}
		}
	}
	drop := func(name string) func(url.Values) { return func(v url.Values) { v.Del(name) } }
	prepaid := func(unit, n string) func(url.Values) {
		return set("charge_mode", "prePaid", "period_type", unit, "period_num", n)
	}
	description := func(text string) func(url.Values) {
		return func(v url.Values) { v.Set("description", text) }
	}
	for i, c := range []struct {
		what   string
		change func(url.Values)
		field  string // of the form, "" when it is accepted
		code   string
	}{
		{"as the page has it", set(), "", ""},
		{"no name", drop("store_name"), "store_name", missing},
		{"an empty name", set("store_name", ""), "store_name", missing},
		{"two letters", set("store_name", "ab"), "store_name", invalid},
		{"three letters", set("store_name", "abc"), "", ""},
		{"63 letters", set("store_name", strings.Repeat("a", 63)), "", ""},
		{"64 letters", set("store_name", strings.Repeat("a", 64)), "store_name", invalid},
		{"a digit first", set("store_name", "1abc"), "store_name", invalid},
		{"a hyphen first", set("store_name", "-abc"), "store_name", invalid},
		{"a hyphen last", set("store_name", "abc-"), "store_name", invalid},
		{"a capital", set("store_name", "aBc"), "store_name", invalid},
		{"Chinese", set("store_name", "知识仓"), "store_name", invalid},
		{"a name that is taken", set("store_name", "taken"), "store_name", exists},
		{"a name that is taken, and no such zone", set("store_name", "taken", "availability_zones", "cn-north-7z"), "availability_zones", invalid},
		{"no region", drop("region"), "region", missing},
		{"an empty region", set("region", ""), "region", missing},
		{"an unknown region", set("region", "mars"), "region", invalid},
		{"no zone", drop("availability_zones"), "availability_zones", missing},
		{"an empty zone", set("availability_zones", ""), "availability_zones", invalid},
		{"another region's zone", set("availability_zones", "cn-north-4a"), "availability_zones", invalid},
		{"a zone twice", set("availability_zones", "cn-north-7a cn-north-7a"), "availability_zones", invalid},
		{"two zones", set("availability_zones", "cn-north-7a cn-north-7b"), "", ""},
		{"no flavor", drop("cu"), "cu", missing},
		{"an unknown flavor", set("cu", "large"), "cu", invalid},
		{"the largest flavor", set("cu", "16xlarge"), "", ""},
		{"no number", drop("num"), "num", missing},
		{"no units", set("num", "0"), "num", invalid},
		{"less than none", set("num", "-1"), "num", invalid},
		{"more than the quota", set("num", "101"), "num", invalid},
		{"more than a number holds", set("num", "99999999999999999999"), "num", invalid},
		{"another charge mode", set("charge_mode", "free"), "charge_mode", invalid},
		{"by the hour", set("charge_mode", "postPaid"), "", ""},
		{"by the hour for a week", set("charge_mode", "postPaid", "period_type", "week", "period_num", "-3"), "", ""},
		{"prepaid without a period", set("charge_mode", "prePaid"), "period_type", missing},
		{"prepaid without a length", set("charge_mode", "prePaid", "period_type", "month"), "period_num", missing},
		{"prepaid by the week", prepaid("week", "1"), "period_type", invalid},
		{"no months", prepaid("month", "0"), "period_num", invalid},
		{"nine months", prepaid("month", "9"), "", ""},
		{"ten months", prepaid("month", "10"), "period_num", invalid},
		{"three years", prepaid("year", "3"), "", ""},
		{"four years", prepaid("year", "4"), "period_num", invalid},
		{"five years", prepaid("year", "5"), "", ""},
		{"255 bytes of description", description(strings.Repeat("知", 85)), "", ""},
		{"256 bytes of description", description(strings.Repeat("知", 85) + "a"), "description", invalid},
		{"a control character", description("a\x07b"), "description", invalid},
	} {
		values := storeValues(fmt.Sprintf("by-script-%d", i))
		c.change(values)
		a := storesBySignature(t, d, d.Key, "CreateStore", storeBody(t, values), nil)
		want := storesAnswer{Status: http.StatusOK, Code: "LMS.00000000"}
		if c.code != "" {
			want = storesAnswer{Status: http.StatusBadRequest, Code: c.code}
		}
		if a.Status != want.Status || a.Code != want.Code {
			t.Errorf("%s, by script: got %d %s, want %d %s", c.what, a.Status, a.Code, want.Status, want.Code)
		}
		if name := values.Get("store_name"); strings.HasPrefix(name, "by-script") {
			values.Set("store_name", fmt.Sprintf("by-form-%d", i))
		} else if c.code == "" {
			values.Set("store_name", "f"+name[1:])
		}
		p := ada.Post(t, "/stores", values)
		switch {
		case c.field == "" && p.Status != http.StatusSeeOther:
			t.Errorf("%s, by form: got %d %s, want it made", c.what, p.Status, p.Text(".error-summary"))
		case c.field != "" && (p.Status != http.StatusUnprocessableEntity || !p.Has(".error-summary a[href='#"+c.field+"']")):
			t.Errorf("%s, by form: got %d %s, want %s refused", c.what, p.Status, p.Text(".error-summary"), c.field)
		}
		modelstest.Work(t, d.DB)
		for _, name := range []string{fmt.Sprintf("by-script-%d", i), fmt.Sprintf("by-form-%d", i), "abc", "fbc", strings.Repeat("a", 63), "f" + strings.Repeat("a", 62)} {
			if s, err := d.DB.FindStoreByName(t.Context(), d.Team.Viewer, name, ""); err == nil { // the quota is for the next
				if _, err := d.DB.DeleteStore(t.Context(), d.Team.Requester, s.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		modelstest.Work(t, d.DB)
	}
}

// What the documents allow comes back as it was sent.
func TestStoreIsEchoed(t *testing.T) {
	t.Parallel()
	d := open(t)
	for i, c := range []struct {
		field  string
		change body
		want   body // what the reply has otherwise
	}{
		{"description", body{"description": ""}, nil},
		{"description", body{"description": nil}, nil},
		{"description", body{"description": "<a href='x'>&amp;</a> \\ \"知识仓\"\n第二行"}, nil},
		{"availability_zones", body{"availability_zones": []any{"cn-north-7b", "cn-north-7a"}}, nil},
		{"region", body{"region": "cn-north-4", "availability_zones": []any{"cn-north-4a"}}, nil},
		{"flavor.num", body{"flavor": body{"cu": "2xlarge", "num": 2.0}}, nil},
		{"flavor.cu", body{"flavor": body{"cu": "16xlarge", "num": 1.0}}, nil},
		{"charge_info.charge_mode", body{"charge_info": nil}, body{"charge_info": body{"charge_mode": "postPaid"}}},
		{"charge_info.charge_mode", body{"charge_info": body{}}, body{"charge_info": body{"charge_mode": "postPaid"}}},
		{"charge_info.period_type", body{"charge_info": body{"charge_mode": "postPaid", "period_type": "year", "period_num": 4.0, "is_auto_renew": true}}, body{"charge_info": body{"charge_mode": "postPaid"}}},
		{"charge_info.period_num", body{"charge_info": body{"charge_mode": "prePaid", "period_type": "month", "period_num": 9.0}},
			body{"charge_info": body{"charge_mode": "prePaid", "period_type": "month", "period_num": 9.0, "is_auto_renew": false, "is_auto_pay": false}}},
		{"charge_info.is_auto_renew", body{"charge_info": body{"charge_mode": "prePaid", "period_type": "year", "period_num": 2.0, "is_auto_renew": true, "is_auto_pay": true}}, nil},
		{"charge_info.is_auto_pay", body{"charge_info": body{"charge_mode": "prePaid", "period_type": "year", "period_num": 2.0, "is_auto_renew": false, "is_auto_pay": true}}, nil},
		{"store_name", body{"x_unknown": []any{1.0, body{"a": nil}}}, nil},
	} {
		in := namedStore(t, fmt.Sprintf("echo-%d", i))
		maps.Copy(in, c.change)
		for _, w := range storesWays {
			in["store_name"] = fmt.Sprintf("echo-%d-%s", i, strings.ReplaceAll(w.client, " ", "-"))
			covers(t, "CreateStore", "field "+c.field, w.client)
			checkEcho(t, w.call(t, d, d.Key, "CreateStore", in, nil), in, c.want)
		}
	}
}

// checkEcho holds a new store's data against what was asked for and what the
// answer adds to it.
func checkEcho(t *testing.T, a storesAnswer, in, more body) {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Errorf("%v: got %d %s", in, a.Status, a.Code)
		return
	}
	want := body{"description": nil}
	maps.Copy(want, in)
	maps.Copy(want, more)
	delete(want, "x_unknown")
	want["id"], want["job_id"], want["status"] = a.field("id"), a.field("job_id"), "CREATING"
	if diff := cmp.Diff(any(want), a.Data); diff != "" {
		t.Errorf("%v: %s", in, diff)
	}
}

// errorsOfStores are ways to every error that the stores' service documents,
// for a team that has the stores "ready" in two regions, "lone", "busy" (still
// CREATING) and "full" of the rest of the quota.
var errorsOfStores = []struct {
	operation string
	in        any
	query     url.Values
	code      string
}{
	{"CreateStore", body{"flavor": body{"cu": "xlarge", "num": 0}}, nil, "LMS.00001001"},
	{"CreateStore", body{"store_name": 1}, nil, "LMS.00001002"},
	{"CreateStore", body{"availability_zones": "cn-north-7c"}, nil, "LMS.00001002"},
	{"CreateStore", body{"availability_zones": []any{1}}, nil, "LMS.00001002"},
	{"CreateStore", body{"availability_zones": []any{nil}}, nil, "LMS.00001002"},
	{"CreateStore", body{"flavor": "xlarge"}, nil, "LMS.00001002"},
	{"CreateStore", body{"flavor": body{"cu": "xlarge", "num": "1"}}, nil, "LMS.00001002"},
	{"CreateStore", body{"flavor": body{"cu": "xlarge", "num": 1.5}}, nil, "LMS.00001002"},
	{"CreateStore", body{"flavor": body{"cu": 2, "num": 1}}, nil, "LMS.00001002"},
	{"CreateStore", body{"charge_info": []any{}}, nil, "LMS.00001002"},
	{"CreateStore", body{"charge_info": body{"is_auto_renew": "true"}}, nil, "LMS.00001002"},
	{"CreateStore", body{"charge_info": body{"charge_mode": true}}, nil, "LMS.00001002"},
	{"CreateStore", body{"charge_info": body{"period_num": "1"}}, nil, "LMS.00001002"},
	{"CreateStore", body{"description": 1, "store_name": ""}, nil, "LMS.00001002"},
	{"CreateStore", body{"client_token": 1}, nil, "LMS.00001002"},
	{"CreateStore", body{"client_token": strings.Repeat("t", 65)}, nil, "LMS.00001001"},
	{"CreateStore", body{"charge_info": body{"charge_mode": ""}}, nil, "LMS.00001001"},
	{"CreateStore", body{"store_name": "a\x00b"}, nil, "LMS.00001001"},
	{"CreateStore", body{"region": "a\x00b"}, nil, "LMS.00001001"},
	{"CreateStore", body{"availability_zones": []any{"a\x00b"}}, nil, "LMS.00001001"},
	{"CreateStore", body{"availability_zones": []any{}}, nil, "LMS.00001003"},
	{"CreateStore", body{"store_name": nil, "region": "mars"}, nil, "LMS.00001003"},
	{"CreateStore", body{"flavor": nil}, nil, "LMS.00001003"},
	{"CreateStore", body{"flavor": body{}}, nil, "LMS.00001003"},
	{"CreateStore", body{"flavor": body{"cu": nil, "num": 1}}, nil, "LMS.00001003"},
	{"CreateStore", body{"flavor": body{"cu": "xlarge", "num": nil}}, nil, "LMS.00001003"},
	{"CreateStore", body{"store_name": "lone"}, nil, "LMS.10001005"},
	{"CreateStore", body{"store_name": "busy"}, nil, "LMS.10001005"},
	{"CreateStore", body{"store_name": "lone", "description": strings.Repeat("a", 256)}, nil, "LMS.00001001"},

	{"DescribeStore", body{"store_name": "ready"}, nil, "LMS.00001001"},
	{"DescribeStore", body{"store_name": 1}, nil, "LMS.00001002"},
	{"DescribeStore", body{"store_name": "lone", "region": 1}, nil, "LMS.00001002"},
	{"DescribeStore", body{}, nil, "LMS.00001003"},
	{"DescribeStore", body{"store_name": ""}, nil, "LMS.00001003"},
	{"DescribeStore", body{"store_name": "nobody"}, nil, "LMS.10002001"},
	{"DescribeStore", body{"store_name": "Not A Name"}, nil, "LMS.10002001"},
	{"DescribeStore", body{"store_name": "lone", "region": "cn-north-4"}, nil, "LMS.10002001"},

	{"DeleteStore", body{"store_name": "ready"}, nil, "LMS.00001001"},
	{"DeleteStore", body{"store_name": []any{}}, nil, "LMS.00001002"},
	{"DeleteStore", body{"store_name": nil}, nil, "LMS.00001003"},
	{"DeleteStore", body{"store_name": "busy"}, nil, "LMS.00001024"},
	{"DeleteStore", body{"store_name": "nobody"}, nil, "LMS.10002001"},

	{"ScaleStore", body{"store_name": "lone", "cu_num": 0}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "nobody", "cu_num": -1}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": json.Number("99999999999999999999")}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": 2}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": 1}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": 2, "action": "SCALE_IN"}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": 3, "action": "SCALE_IN"}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": 3, "action": "scale_out"}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": 3, "action": ""}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": 101}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "ready", "cu_num": 3}, nil, "LMS.00001001"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": "3"}, nil, "LMS.00001002"},
	{"ScaleStore", body{"store_name": "lone", "cu_num": 3, "action": 1}, nil, "LMS.00001002"},
	{"ScaleStore", body{"store_name": "lone"}, nil, "LMS.00001003"},
	{"ScaleStore", body{"cu_num": 3}, nil, "LMS.00001003"},
	{"ScaleStore", body{"store_name": "busy", "cu_num": 3}, nil, "LMS.00001024"},
	{"ScaleStore", body{"store_name": "nobody", "cu_num": 3}, nil, "LMS.10002001"},

	{"DescribeJob", body{"job_id": "nobody"}, nil, "LMS.00001001"},
	{"DescribeJob", body{"job_id": "a\x00b"}, nil, "LMS.00001001"},
	{"DescribeJob", body{"job_id": 1}, nil, "LMS.00001002"},
	{"DescribeJob", body{"job_id": ""}, nil, "LMS.00001003"},
	{"DescribeJob", body{}, nil, "LMS.00001003"},

	{"ListStores", []any{}, nil, "LMS.00001002"},
	{"ListJobs", []any{}, nil, "LMS.00001002"},
	{"ListJobs", nil, url.Values{"limit": {"0"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"limit": {"101"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"limit": {"+1"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"limit": {"1.0"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"limit": {"99999999999999999999"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"offset": {"-1"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"offset": {"4097"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"status": {"running"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"start_time": {"2026-11-21"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"start_time": {"2026-02-30T00:00:00Z"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"end_time": {"2026-11-21T09:00:00.5Z"}}, "LMS.00001001"},
	{"ListJobs", nil, url.Values{"end_time": {"2026-11-21T09:00:00+00:00"}}, "LMS.00001001"},
}

func TestEveryErrorOfTheStoresByEveryClient(t *testing.T) {
	t.Parallel()
	messages := map[string]string{
		"LMS.00001001": "ErrInvalidParameter: The input parameter is incorrect",
		"LMS.00001002": "errInvalidParameterFormat: Request is not json format or missing required parameters",
		"LMS.00001003": "ErrMissingRequiredParameters: Missing required parameters",
		"LMS.00001024": "ErrBadRequest: The request is invalid",
		"LMS.10001005": "Store already exists",
		"LMS.10002001": "Store not found",
	}
	for _, w := range storesWays {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			far := namedStore(t, "ready")
			far["region"], far["availability_zones"] = "cn-north-4", []string{"cn-north-4a"}
			lone := namedStore(t, "lone")
			lone["flavor"] = body{"cu": "xlarge", "num": 2}
			for _, in := range []body{namedStore(t, "ready"), far, lone} {
				if a := w.call(t, d, d.Key, "CreateStore", in, nil); a.Status != http.StatusOK {
					t.Fatalf("got %s", a.Code)
				}
			}
			modelstest.Work(t, d.DB)
			if a := w.call(t, d, d.Key, "CreateStore", namedStore(t, "busy"), nil); a.Status != http.StatusOK {
				t.Fatalf("got %s", a.Code)
			}
			for _, c := range errorsOfStores {
				covers(t, c.operation, "error "+c.code, w.client)
				in := c.in
				if c.operation == "CreateStore" {
					create := namedStore(t, "another")
					maps.Copy(create, c.in.(body))
					in = create
				}
				a := w.call(t, d, d.Key, c.operation, in, c.query)
				if a.Status != http.StatusBadRequest || a.Code != c.code || a.Message != messages[c.code] {
					t.Errorf("%s %v %v: got %d %s %q, want 400 %s %q", c.operation, c.in, c.query, a.Status, a.Code, a.Message, c.code, messages[c.code])
				}
			}
			for _, region := range []string{"cn-north-7", "cn-north-4"} {
				in := body{"store_name": "ready", "region": region}
				for _, operation := range []string{"DescribeStore", "ScaleStore", "DeleteStore"} {
					covers(t, operation, "field region", w.client)
					covers(t, operation, "field store_name", w.client)
					if operation == "ScaleStore" {
						covers(t, operation, "field cu_num", w.client)
						covers(t, operation, "field action", w.client)
						in = body{"store_name": "ready", "region": region, "cu_num": 2, "action": "SCALE_OUT"}
					}
					a := w.call(t, d, d.Key, operation, in, nil)
					if a.Status != http.StatusOK || operation == "DescribeStore" && a.field("region") != region {
						t.Errorf("%s in %s: got %d %s %v", operation, region, a.Status, a.Code, a.Data)
					}
					modelstest.Work(t, d.DB)
				}
			}
			if s, err := d.DB.FindStoreByName(t.Context(), d.Team.Viewer, "lone", ""); err != nil || s.Num != 2 {
				t.Errorf("got %+v, %v; want that no refusal changed anything", s, err)
			}
		})
	}
}

// What is no proper JSON object has its place too, and never a fault of ours.
func TestBodyThatIsNoJSONObjectIsToldSo(t *testing.T) {
	t.Parallel()
	d := open(t)
	send := func(operation, text string) storesAnswer {
		t.Helper()
		return readStores(t, d.send(t, rawStores(d, operation, text, nil).SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now())))
	}
	good := string(readSample(t, "create_store.request.json"))
	deep := strings.Repeat("[", 200_000)
	for what, text := range map[string]string{
		"a text": `"store"`, "a list": `[` + good + `]`, "a number": `1`, "null": `null`, "true": `true`, "a form": "store_name=a", "half": good[:40],
		"something behind it": good + "x", "another behind it": good + good, "a member twice": strings.Replace(good, "{", `{"store_name": "a",`, 1),
		"a member within twice": strings.Replace(good, `"num" : 1`, `"num" : 1, "num" : 2`, 1), "single quotes": strings.ReplaceAll(good, `"`, `'`),
		"no UTF-8": strings.Replace(good, "test", "te\xffst", 1), "very deep": deep, "deep within": `{"store_name":` + deep + "}", "a mark of order": "\ufeff" + good,
		"a number in words": strings.Replace(good, `"num" : 1`, `"num" : NaN`, 1), "a comma too many": strings.Replace(good, "}", ",}", 1), "a zero byte": "\x00",
		"an exponent": strings.Replace(good, `"num" : 1`, `"num" : 1e400`, 1), "a fraction": strings.Replace(good, `"num" : 1`, `"num" : 1.0`, 1),
	} {
		for _, operation := range storeOperations {
			if a := send(operation, text); a.Code != "LMS.00001002" && (what != "an exponent" && what != "a fraction" && what != "a member within twice" && what != "deep within" || operation == "CreateStore") {
				t.Errorf("%s, %s: got %d %s, want LMS.00001002", operation, what, a.Status, a.Code)
			}
		}
	}
	for _, text := range []string{"", " \n", "{}", `{"limit": 5}`} {
		for operation, want := range map[string]string{"ListStores": "LMS.00000000", "ListJobs": "LMS.00000000", "CreateStore": "LMS.00001003",
			"DescribeStore": "LMS.00001003", "DeleteStore": "LMS.00001003", "ScaleStore": "LMS.00001003", "DescribeJob": "LMS.00001003"} {
			if a := send(operation, text); a.Code != want {
				t.Errorf("%s with the body %q: got %s, want %s", operation, text, a.Code, want)
			}
		}
	}
	// Names are exact: another spelling is another name, which nobody asked for.
	if a := send("CreateStore", strings.Replace(good, "store_name", "STORE_NAME", 1)); a.Code != "LMS.00001003" {
		t.Errorf("a name in capitals: got %s, want LMS.00001003", a.Code)
	}
	if stores, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Stores, list.Query{}); err != nil || len(stores) != 0 {
		t.Errorf("got %d stores, %v; want none", len(stores), err)
	}
}

func FuzzCreateStore(f *testing.F) {
	f.Add([]byte(`{"store_name":"test-storename","region":"cn-north-7","availability_zones":["cn-north-7c"],"flavor":{"cu":"xlarge","num":1},"charge_info":{"charge_mode":"prePaid","period_type":"year","period_num":5},"description":"\ud800"}`))
	f.Add([]byte(`{"store_name":"\u0000","region":null,"availability_zones":[[]],"flavor":{"num":-0},"charge_info":{}}`))
	f.Add([]byte(`[{}]`))
	f.Add([]byte("\xff"))
	d := open(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		r := rawStores(d, "CreateStore", string(text), nil)
		a := readStores(t, d.send(t, r.SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now())))
		if a.Status != http.StatusOK && a.Status != http.StatusBadRequest && a.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("%q: got %d %s", text, a.Status, a.Code)
		}
	})
}

func TestOneOfFiftyEqualStoresIsMade(t *testing.T) {
	t.Parallel()
	d := open(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for range 50 {
		all.Go(func() {
			a := d.send(t, storesRequest(t, d, "CreateStore", sampleStore(t), nil).SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now()))
			mu.Lock()
			defer mu.Unlock()
			got[strconv.Itoa(a.Status)+" "+readStores(t, a).Code]++
		})
	}
	all.Wait()
	if got["200 LMS.00000000"] != 1 || got["400 LMS.10001005"] != 49 {
		t.Errorf("got %v, want one 200 and 49 times LMS.10001005", got)
	}
	if stores, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Stores, list.Query{}); err != nil || len(stores) != 1 {
		t.Errorf("got %d stores, %v; want one", len(stores), err)
	}
}

func TestClientTokenMakesStoresSafeToRepeat(t *testing.T) {
	t.Parallel()
	for _, w := range storesWays {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			covers(t, "CreateStore", "field client_token", w.client)
			covers(t, "ScaleStore", "field client_token", w.client)
			create, other := sampleStore(t), namedStore(t, "another")
			create["client_token"], other["client_token"] = "token-1", "token-1"
			first := w.call(t, d, d.Key, "CreateStore", create, nil)
			modelstest.Work(t, d.DB)
			scale := body{"store_name": "test-storename", "cu_num": 3, "client_token": "token-1"}
			scaled := w.call(t, d, d.Key, "ScaleStore", scale, nil)
			modelstest.Work(t, d.DB)
			if scaled.Status != http.StatusOK || scaled.field("job_id") == first.field("job_id") {
				t.Fatalf("one token for both: got %d %s %v", scaled.Status, scaled.Code, scaled.Data)
			}
			again := w.call(t, d, d.Key, "ScaleStore", scale, nil)
			if diff := cmp.Diff(scaled, again); diff != "" {
				t.Errorf("scale again: %s", diff)
			}
			again = w.call(t, d, d.Key, "CreateStore", create, nil)
			if again.Status != http.StatusOK || again.field("id") != first.field("id") || again.field("job_id") != first.field("job_id") || again.field("status") != "CREATING" {
				t.Errorf("create again: got %d %s %v, want the first store", again.Status, again.Code, again.Data)
			}
			scale["cu_num"] = 4
			for operation, in := range map[string]body{"CreateStore": other, "ScaleStore": scale} {
				if a := w.call(t, d, d.Key, operation, in, nil); a.Status != http.StatusBadRequest || a.Code != "LMS.00001001" {
					t.Errorf("%s of something else: got %d %s, want LMS.00001001", operation, a.Status, a.Code)
				}
			}
			if stores, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Stores, list.Query{}); err != nil || len(stores) != 1 || stores[0].Num != 3 {
				t.Errorf("got %+v, %v; want one store of 3", stores, err)
			}
			w.call(t, d, d.Key, "DeleteStore", body{"store_name": "test-storename"}, nil)
			if a := w.call(t, d, d.Key, "CreateStore", create, nil); a.Code != "LMS.10001005" {
				t.Errorf("create while it is deleted: got %d %s %v, want that the name exists", a.Status, a.Code, a.Data)
			}
			modelstest.Work(t, d.DB)
			again = w.call(t, d, d.Key, "CreateStore", create, nil)
			if again.Status != http.StatusOK || again.field("id") == first.field("id") {
				t.Errorf("create after it was deleted: got %d %s %v, want a new store", again.Status, again.Code, again.Data)
			}
		})
	}
}

func TestStoreThatHasToBeApproved(t *testing.T) {
	t.Parallel()
	for _, w := range storesWays {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			waits := func(_ context.Context, _ models.Actor, o *models.Order) (bool, string) { return true, "everything" }
			d := openWith(t, models.Options{Policy: waits}, 0)
			in := sampleStore(t)
			in["client_token"] = "token-1"
			for range 2 { // the second is the same order
				a := w.call(t, d, d.Key, "CreateStore", in, nil)
				if a.Status != http.StatusForbidden || a.Code != "APIGW.0302" || !regexp.MustCompile(`^The IAM user is not authorized to access the API .*http://desk\.example\.com/orders/\d{15}$`).MatchString(a.Message) {
					t.Errorf("refuse: got %d %s %q, want APIGW.0302 and the order's address", a.Status, a.Code, a.Message)
				}
			}
			orders, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Orders, list.With("state", string(models.OrderPending), "free", "true"))
			if err != nil || len(orders) != 1 {
				t.Fatalf("got %d orders, %v; want the one that waits", len(orders), err)
			}
			modelstest.HoldAPIOrders(t, d.DB, d.Team)
			made := w.call(t, d, d.Key, "CreateStore", namedStore(t, "held"), nil)
			modelstest.Work(t, d.DB)
			got := w.call(t, d, d.Key, "DescribeStore", body{"store_name": "held"}, nil)
			job := w.call(t, d, d.Key, "DescribeJob", body{"job_id": made.field("job_id")}, nil)
			if made.Status != http.StatusOK || got.field("status") != "CREATING" || got.field("id") != made.field("id") || job.field("status") != "Running" {
				t.Fatalf("hold: got %d %s, store %v, job %v; want CREATING with ids", made.Status, made.Code, got.Data, job.Data)
			}
			orders, _, err = modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Orders, list.Query{Filters: list.With("state", string(models.OrderPending), "free", "true").Filters, Size: 1})
			if err != nil || len(orders) != 1 {
				t.Fatal(err)
			}
			held, err := d.DB.FindOrder(t.Context(), d.Team.Viewer, orders[0].Number)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.DB.DecideOrder(t.Context(), d.Team.Approver, held.Number, held.Version, false, "too dear"); err != nil {
				t.Fatal(err)
			}
			job = w.call(t, d, d.Key, "DescribeJob", body{"job_id": made.field("job_id")}, nil)
			if reason, _ := job.field("fail_reason").(string); job.field("status") != "Failed" || !isTime(job.field("end_time")) || reason == "" || strings.Contains(reason, "_") {
				t.Errorf("rejected: got job %v, want it failed with a reason in words", job.Data)
			}
		})
	}
}

func TestJobsAreListedByTheirQuery(t *testing.T) {
	t.Parallel()
	for _, w := range storesWays {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			// The vendor's client signs by the time there is, so the clock goes
			// with it, a minute ahead for each store.
			start := models.SystemClock()
			var ahead atomic.Int64
			d := openWith(t, models.Options{Clock: func() time.Time { return models.SystemClock().Add(time.Duration(ahead.Load())) }}, 0)
			at := func(d time.Duration) string { return start.Add(d).UTC().Format("2006-01-02T15:04:05Z") }
			for i := range 3 {
				if a := w.call(t, d, d.Key, "CreateStore", namedStore(t, fmt.Sprintf("store-%d", i)), nil); a.Status != http.StatusOK {
					t.Fatalf("got %s", a.Code)
				}
				if i < 2 {
					modelstest.Work(t, d.DB)
				}
				ahead.Add(int64(time.Minute))
			}
			for _, c := range []struct{ field, query, want string }{
				{"limit", "", "store-2"},
				{"limit", "limit=100", "store-2 store-1 store-0"},
				{"offset", "limit=1&offset=1", "store-1"},
				{"offset", "limit=5&offset=4096", ""},
				{"status", "limit=100&status=Running", "store-2"},
				{"status", "limit=100&status=Completed", "store-1 store-0"},
				{"status", "limit=100&status=Failed", ""},
				{"start_time", "limit=100&start_time=" + at(30*time.Second), "store-2 store-1"},
				{"end_time", "limit=100&end_time=" + at(90*time.Second), "store-1 store-0"},
				{"end_time", "limit=100&start_time=" + at(30*time.Second) + "&end_time=" + at(90*time.Second), "store-1"},
				{"end_time", "limit=100&start_time=" + at(90*time.Second) + "&end_time=" + at(30*time.Second), ""},
			} {
				covers(t, "ListJobs", "field "+c.field, w.client)
				query, err := url.ParseQuery(c.query)
				if err != nil {
					t.Fatal(err)
				}
				a := w.call(t, d, d.Key, "ListJobs", nil, query)
				list, ok := a.field("jobs").([]any)
				var got []string
				for _, j := range list {
					got = append(got, fmt.Sprint(j.(body)["store_name"]))
				}
				if got := strings.Join(got, " "); got != c.want || !ok {
					t.Errorf("%s: got %d %q, want %q", c.query, a.Status, got, c.want)
				}
			}
			r := storesRequest(t, d, "ListJobs", nil, nil)
			r.Query = "limit=1&limit=2"
			if a := readStores(t, d.send(t, r.SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now()))); a.Code != "LMS.00001001" {
				t.Errorf("a parameter twice: got %s, want LMS.00001001", a.Code)
			}
		})
	}
}

// A time covers the whole second that create_time shows.
func TestListedJobsIncludeTheSecondOfTheirEnd(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	clock.Move(400 * time.Millisecond)
	d := openWith(t, models.Options{Clock: clock.Now}, 0)
	made := storesBySignature(t, d, d.Key, "CreateStore", sampleStore(t), nil)
	at := storesBySignature(t, d, d.Key, "DescribeJob", body{"job_id": made.field("job_id")}, nil).field("create_time").(string)
	a := storesBySignature(t, d, d.Key, "ListJobs", nil, url.Values{"start_time": {at}, "end_time": {at}})
	if a.field("jobs.0.job_id") != made.field("job_id") || at != "2026-11-21T09:00:00Z" {
		t.Errorf("from %s to %s: got %v, want the job made then", at, at, a.Data)
	}
}

func TestJobThatFailedSaysWhyInWords(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	d := openWith(t, models.Options{Folder: folder}, 0)
	if err := os.WriteFile(filepath.Join(folder, "stores"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a := storesBySignature(t, d, d.Key, "CreateStore", sampleStore(t), nil)
	modelstest.Work(t, d.DB)
	job := storesBySignature(t, d, d.Key, "DescribeJob", body{"job_id": a.field("job_id")}, nil)
	reason, _ := job.field("fail_reason").(string)
	if job.field("status") != "Failed" || job.field("progress") != "25%" || !isTime(job.field("end_time")) || !strings.Contains(reason, "blocks the store’s data folder") || strings.Contains(reason, folder) {
		t.Errorf("got job %v, want it Failed at 25%% with the reason", job.Data)
	}
	if s := storesBySignature(t, d, d.Key, "DescribeStore", body{"store_name": "test-storename"}, nil); s.field("status") != "CREATED_FAILED" {
		t.Errorf("got %v, want CREATED_FAILED", s.field("status"))
	}
}

func TestStoresOfOthersAreNotThere(t *testing.T) {
	t.Parallel()
	d := open(t)
	mine := storesBySignature(t, d, d.Key, "CreateStore", sampleStore(t), nil)
	modelstest.Work(t, d.DB)
	k, secret, err := d.DB.CreateAccessKey(t.Context(), d.Other.Admin, models.AccessKeyInput{Name: "other", User: d.Other.Admin.UserID})
	if err != nil {
		t.Fatal(err)
	}
	other := key{k.ID, secret}
	name := body{"store_name": "test-storename"}
	for _, c := range []struct {
		operation string
		in        body
		query     url.Values
		want      string
	}{
		{"DescribeStore", name, nil, "LMS.10002001"},
		{"DeleteStore", name, nil, "LMS.10002001"},
		{"ScaleStore", body{"store_name": "test-storename", "cu_num": 2}, nil, "LMS.10002001"},
		{"DescribeJob", body{"job_id": mine.field("job_id")}, nil, "LMS.00001001"},
	} {
		if a := storesBySignature(t, d, other, c.operation, c.in, c.query); a.Code != c.want {
			t.Errorf("%s: got %s, want %s", c.operation, a.Code, c.want)
		}
	}
	for operation, want := range map[string]string{"ListStores": "map[stores:[]]", "ListJobs": "map[jobs:[]]"} {
		if a := storesBySignature(t, d, other, operation, nil, url.Values{"limit": {"100"}}); fmt.Sprint(a.Data) != want {
			t.Errorf("%s: got %v, want %s", operation, a.Data, want)
		}
	}
	if a := storesBySignature(t, d, other, "CreateStore", sampleStore(t), nil); a.Status != http.StatusOK {
		t.Errorf("a name that another team has: got %s", a.Code)
	}
	vera := d.newKey(t, models.AccessKeyInput{Name: "viewer", User: d.Team.Viewer.UserID})
	for operation, in := range map[string]body{"CreateStore": namedStore(t, "another"), "DeleteStore": name, "ScaleStore": {"store_name": "test-storename", "cu_num": 2}} {
		if a := storesBySignature(t, d, vera, operation, in, nil); a.Status != http.StatusForbidden || a.Code != "APIGW.0302" {
			t.Errorf("%s by a viewer: got %d %s, want 403 APIGW.0302", operation, a.Status, a.Code)
		}
	}
	if a := storesBySignature(t, d, vera, "DescribeStore", name, nil); a.Status != http.StatusOK {
		t.Errorf("a viewer looks: got %d %s, want 200", a.Status, a.Code)
	}
}

func TestEveryRefusalBeforeTheStoresByEveryClient(t *testing.T) {
	t.Parallel()
	for _, w := range storesWays {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			d := openWith(t, models.Options{}, 10_000)
			refused := func(name string, status int, message string, a storesAnswer) {
				t.Helper()
				covers(t, string(models.ProductStores), "error "+name, w.client)
				if a.Status != status || a.Code != name[:len("APIGW.0000")] || !strings.HasPrefix(a.Message, message) {
					t.Errorf("%s: got %d %s %q, want %d %q", name, a.Status, a.Code, a.Message, status, message)
				}
			}
			list := func(k key) storesAnswer { return w.call(t, d, k, "ListStores", nil, nil) }
			const verify = "Incorrect IAM authentication information: "
			if w.client == "http token" {
				storeTokens.Store("QMSTRANGER", "no-token-of-ours")
				refused("APIGW.0301.Token", http.StatusUnauthorized, verify+"decrypt token fail", list(key{"QMSTRANGER", "secret"}))
				r := storesRequest(t, d, "ListStores", nil, nil)
				refused("APIGW.0301.Absent", http.StatusUnauthorized, verify+"authorization header is missing or malformed", readStores(t, d.send(t, r)))
			} else {
				refused("APIGW.0301.Key", http.StatusUnauthorized, verify+"Get secretKey failed", list(key{"QMSTRANGER", "secret"}))
				refused("APIGW.0301.Signature", http.StatusUnauthorized, verify+"verify aksk signature fail", list(key{d.Key.ID, "another secret"}))
			}
			limited := d.newKey(t, models.AccessKeyInput{Name: "only", User: d.Team.Requester.UserID, Operations: []string{"DescribeJob"}})
			refused("APIGW.0302", http.StatusForbidden, "The IAM user is not authorized to access the API", list(limited))
			refused("APIGW.0201", http.StatusRequestEntityTooLarge, "Request entity too large", w.call(t, d, d.Key, "ListStores", body{"a": strings.Repeat("a", web.MaxBody)}, nil))
			refused("APIGW.0101", http.StatusNotFound, "The API does not exist or has not been published in the environment", w.call(t, d, d.Key, "ListCollections", nil, nil))
			slow := openWith(t, models.Options{}, 0.001)
			w.call(t, slow, slow.Key, "ListStores", nil, nil)
			refused("APIGW.0308", http.StatusTooManyRequests, "The throttling threshold has been reached", w.call(t, slow, slow.Key, "ListStores", nil, nil))
		})
	}
}

func TestStoresAnswerOnlyToPOSTAtTheirPaths(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, c := range [][2]string{{"GET", "/v1/stores/create"}, {"PUT", "/v1/stores/list"}, {"HEAD", "/v1/jobs/list"}, {"OPTIONS", "/v1/stores/list"}, {"DELETE", "/v1/jobs/describe"},
		{"POST", "/v1"}, {"POST", "/v1/stores"}, {"POST", "/v1/stores/create/"}, {"POST", "/v1//stores/create"}, {"POST", "/v1/stores/%63reate/x"}, {"POST", "/v1/stores/rename"}, {"POST", "/v1/collections/list"}} {
		r := sign.Request{Method: c[0], Path: c[1], Host: d.host(), Header: http.Header{}}
		a := d.send(t, r.SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now()))
		if a.Status != http.StatusNotFound || a.Header.Get("Location") != "" {
			t.Errorf("%s %s: got %d, want 404", c[0], c[1], a.Status)
		}
		if c[0] != http.MethodHead {
			if got := readStores(t, a); got.Code != "APIGW.0101" {
				t.Errorf("%s %s: got %s, want APIGW.0101", c[0], c[1], got.Code)
			}
		}
	}
}

func TestPrepaidStoreIsRefusedWhileNoneIsSold(t *testing.T) {
	t.Parallel()
	d := open(t)
	modelstest.Allow(t, d.DB, d.Team, func(in *models.SettingsInput) { in.StorePrepaid = false })
	in := namedStore(t, "prepaid")
	in["charge_info"] = body{"charge_mode": "prePaid", "period_type": "month", "period_num": 1}
	if a := storesBySignature(t, d, d.Key, "CreateStore", in, nil); a.Status != http.StatusBadRequest || a.Code != "LMS.00001001" {
		t.Errorf("got %d %s, want 400 LMS.00001001", a.Status, a.Code)
	}
}

func TestOrderOfAStoreSaysThatItCameByAPI(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := storesRequest(t, d, "CreateStore", sampleStore(t), nil)
	r.Header.Set("User-Agent", "huaweicloud-usdk-go/3.0")
	a := d.send(t, r.SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now()))
	orders, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Orders, list.Query{})
	if err != nil || len(orders) != 1 {
		t.Fatalf("got %d orders, %v", len(orders), err)
	}
	o, err := d.DB.FindOrder(t.Context(), d.Team.Viewer, orders[0].Number)
	if err != nil {
		t.Fatal(err)
	}
	if o.Face != models.ByAPI || o.RequestedBy != d.Team.Requester.UserID || o.Agent != "huaweicloud-usdk-go/3.0" || o.RequestID != a.Header.Get("X-Request-Id") || o.Address == "" {
		t.Errorf("got %+v, want the key's user, the agent and request id %s", o, a.Header.Get("X-Request-Id"))
	}
}
