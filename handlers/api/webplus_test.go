package api_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/webplus"
	"github.com/google/go-cmp/cmp"

	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/web/sign"
)

// way is one way to call Web+; client is its column in the matrix.
type way struct {
	client string
	call   func(t testing.TB, d *desk, k key, operation string, params map[string]string) outcome
}

// outcome is what a call came to, as its client read it.
type outcome struct {
	Status                   int
	Code, Message, RequestID string
	Result                   map[string]any
}

// ways are the vendor's own client in both formats, and every shape in which
// other clients were seen to send parameters.
var ways = []way{
	{"go-sdk json", viaSDK("JSON")},
	{"go-sdk xml", viaSDK("XML")},
	{"http roa1", byHand(form, sign.Request.SignROA)},
	{"http roa1 json", byHand(typedJSON, sign.Request.SignROA)},
	{"http roa1 untyped json", byHand(untypedJSON, sign.Request.SignROA)},
	{"http roa1 query", byHand(query, sign.Request.SignROA)},
	{"http v3", byHand(form, sign.Request.SignACS3)},
}

// sdkCalls make the vendor's own requests and what their replies are read into.
var sdkCalls = map[string]func() (requests.AcsRequest, responses.AcsResponse){
	"CreateStorage": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateCreateStorageRequest(), webplus.CreateCreateStorageResponse()
	},
	"DescribeStorage": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateDescribeStorageRequest(), webplus.CreateDescribeStorageResponse()
	},
	"CreatePkgVersion": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateCreatePkgVersionRequest(), webplus.CreateCreatePkgVersionResponse()
	},
	"DescribePkgVersions": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateDescribePkgVersionsRequest(), webplus.CreateDescribePkgVersionsResponse()
	},
	"DeletePkgVersion": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateDeletePkgVersionRequest(), webplus.CreateDeletePkgVersionResponse()
	},
	"CreateApplication": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateCreateApplicationRequest(), webplus.CreateCreateApplicationResponse()
	},
	"DescribeApplications": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateDescribeApplicationsRequest(), webplus.CreateDescribeApplicationsResponse()
	},
	"UpdateApplication": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateUpdateApplicationRequest(), webplus.CreateUpdateApplicationResponse()
	},
	"DeleteApplication": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateDeleteApplicationRequest(), webplus.CreateDeleteApplicationResponse()
	},
	"DescribeCategories": func() (requests.AcsRequest, responses.AcsResponse) {
		return webplus.CreateDescribeCategoriesRequest(), webplus.CreateDescribeCategoriesResponse()
	},
}

// viaSDK calls through the vendor's own client. Parameters that its first
// generation does not know go where the second puts them.
func viaSDK(format string) func(testing.TB, *desk, key, string, map[string]string) outcome {
	return func(t testing.TB, d *desk, k key, operation string, params map[string]string) outcome {
		t.Helper()
		request, response := sdkCalls[operation]()
		fields := reflect.ValueOf(request).Elem()
		fields.FieldByName("AcceptFormat").SetString(format)
		fields.FieldByName("Port").SetString(d.port())
		for name, value := range params {
			if f, known := fields.Type().FieldByName(name); known && len(f.Index) == 1 {
				fields.FieldByName(name).SetString(value)
			} else if name == "RegionId" || request.GetMethod() == http.MethodGet {
				request.GetQueryParams()[name] = value
			} else {
				request.GetFormParams()[name] = value
			}
		}
		err := d.webPlus(t, k).DoAction(request, response)
		o := outcome{Status: response.GetHttpStatus()}
		var refused *sdkerrors.ServerError
		switch {
		case errors.As(err, &refused) && format == "XML":
			// The client reads no errors in XML: it gives them as they came.
			o.readError(t, refused.Message())
		case errors.As(err, &refused):
			o.Code, o.Message, o.RequestID = refused.ErrorCode(), refused.Message(), refused.RequestId()
		case err != nil:
			t.Fatalf("%s: %v", operation, err)
		default:
			text, err := json.Marshal(response)
			if err != nil {
				t.Fatal(err)
			}
			o.readResult(t, string(text))
		}
		return o
	}
}

func (o *outcome) readError(t testing.TB, text string) {
	t.Helper()
	var e struct{ Code, Message, RequestId, HostId string }
	if err := xml.Unmarshal([]byte(text), &e); err != nil || e.HostId == "" {
		t.Fatalf("error %s: %v", text, err)
	}
	o.Code, o.Message, o.RequestID = e.Code, e.Message, e.RequestId
}

// readResult reads a reply; what it has besides its envelope is the result.
func (o *outcome) readResult(t testing.TB, text string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &o.Result); err != nil {
		t.Fatalf("reply %s: %v", text, err)
	}
	for name, to := range map[string]*string{"Code": &o.Code, "Message": &o.Message, "RequestId": &o.RequestID} {
		*to, _ = o.Result[name].(string)
		delete(o.Result, name)
	}
}

// The shapes in which the parameters of a POST or PUT were seen.
type shape func(r *sign.Request, params url.Values)

func form(r *sign.Request, params url.Values) {
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Body = []byte(params.Encode())
}

func typedJSON(r *sign.Request, params url.Values) {
	r.Header.Set("Content-Type", "application/json")
	untypedJSON(r, params)
}

func untypedJSON(r *sign.Request, params url.Values) {
	object := map[string]string{}
	for name := range params {
		object[name] = params.Get(name)
	}
	r.Body, _ = json.Marshal(object)
}

func query(r *sign.Request, params url.Values) {
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Query = params.Encode()
}

// webPlusRequest is a request for an operation, not signed yet.
func webPlusRequest(t testing.TB, d *desk, operation string, params map[string]string, s shape) sign.Request {
	t.Helper()
	doc, err := load()
	if err != nil {
		t.Fatal(err)
	}
	op := described(doc)[operation]
	r := sign.Request{Method: op.method, Path: op.path, Host: d.host(), Header: http.Header{
		"Accept": {"application/json"}, "X-Acs-Version": {"2019-03-20"}, "X-Acs-Action": {operation},
	}}
	values := url.Values{}
	for name, value := range params {
		values.Set(name, value)
	}
	if op.method == http.MethodPost || op.method == http.MethodPut {
		s(&r, values)
	} else {
		r.Query = values.Encode()
	}
	r.Length = int64(len(r.Body))
	return r
}

// byHand calls with a request of our own.
func byHand(s shape, signed func(sign.Request, string, string, time.Time, string) sign.Request) func(testing.TB, *desk, key, string, map[string]string) outcome {
	return func(t testing.TB, d *desk, k key, operation string, params map[string]string) outcome {
		t.Helper()
		r := webPlusRequest(t, d, operation, params, s)
		a := d.send(t, signed(r, k.ID, k.Secret, d.DB.Now(), d.DB.NewToken()))
		o := outcome{Status: a.Status}
		o.readResult(t, a.Body)
		if id := a.Header.Get("X-Acs-Request-Id"); id != o.RequestID {
			t.Errorf("%s: header x-acs-request-id got %q, want %q as in the body", operation, id, o.RequestID)
		}
		return o
	}
}

var requestID = regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$`)

// story is what one client does, call after call, on a server of its own.
type story struct {
	*testing.T
	way
	d       *desk
	options models.Options
}

// tell begins a story.
func tell(t *testing.T, w way, o models.Options) story {
	t.Helper()
	o = modelstest.Choose(t, o)
	return story{t, w, openWith(t, o, 0), o}
}

// exec runs a statement in the server's database.
func (s story) exec(statement string, args ...any) {
	s.Helper()
	modelstest.Exec(s, s.options, statement, args...)
}

// do calls an operation and looks at the code that it answers: "" when it is to
// be done.
func (s story) do(operation string, params map[string]string, want string) outcome {
	s.Helper()
	return s.as(s.d.Key, operation, params, want)
}

// as is do with another key.
func (s story) as(k key, operation string, params map[string]string, want string) outcome {
	s.Helper()
	o := s.call(s, s.d, k, operation, params)
	if !requestID.MatchString(o.RequestID) {
		s.Errorf("%s: RequestId got %q, want an upper-case UUID", operation, o.RequestID)
	}
	if want != "" {
		if o.Code != want {
			s.Fatalf("%s %v: got %d %s %s, want %s", operation, params, o.Status, o.Code, o.Message, want)
		}
		covers(s, operation, "error "+want, s.client)
		return o
	}
	if o.Status != http.StatusOK || o.Code != "OK" || o.Message != "success" {
		s.Fatalf("%s %v: got %d %s %s, want OK", operation, params, o.Status, o.Code, o.Message)
	}
	covers(s, operation, "ok", s.client)
	for name := range params {
		covers(s, operation, "field "+name, s.client)
	}
	return o
}

// p are parameters: names and values in turn.
func p(pairs ...string) map[string]string {
	params := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		params[pairs[i]] = pairs[i+1]
	}
	return params
}

// object is an object of the result.
func (o outcome) object(name string) map[string]any {
	object, _ := o.Result[name].(map[string]any)
	return object
}

// list is a list of the result: the values of one field of its elements.
func (o outcome) list(wrapper, element, field string) []string {
	values := []string{}
	elements, _ := o.object(wrapper)[element].([]any)
	for _, e := range elements {
		object, _ := e.(map[string]any)
		values = append(values, fmt.Sprint(object[field]))
	}
	return values
}

// same fails when two values differ.
func (s story) same(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestWebPlusStoryByEveryClient(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			s := tell(t, w, models.Options{})
			s.storage()
			app := s.applications()
			s.versions(app)
			s.removal(app)
			s.elsewhere()
		})
	}
}

func (s story) storage() {
	s.do("DescribeStorage", p(), "OSSBucketNotExists")
	made := s.do("CreateStorage", p("RegionId", "cn-shenzhen"), "").object("Storage")
	if name := fmt.Sprint(made["BucketName"]); !regexp.MustCompile(`^webplus-cn-shenzhen-s-[0-9a-f]{24}$`).MatchString(name) {
		s.Errorf("bucket is named %s", name)
	}
	if at, ok := made["CreateTime"].(float64); !ok || at < 1.7e12 || made["UpdateTime"] != at {
		s.Errorf("times got %v and %v, want the same milliseconds", made["CreateTime"], made["UpdateTime"])
	}
	again := s.do("CreateStorage", p("RegionId", "cn-shenzhen", "ClientToken", "once"), "")
	s.same("created again", again.object("Storage"), made)
	s.do("CreateStorage", p("RegionId", "cn-beijing", "ClientToken", "once"), "IdempotentParameterMismatch")
	seen := s.do("DescribeStorage", p("RegionId", "cn-shenzhen", "UsingSharedStorage", "true"), "")
	s.same("described", seen.object("Storage"), made)
	s.do("DescribeStorage", p("RegionId", ""), "OSSBucketNotExists")
	if name := fmt.Sprint(s.do("CreateStorage", p(), "").object("Storage")["BucketName"]); !strings.HasPrefix(name, "webplus-"+region+"-s-") {
		s.Errorf("bucket of the default region is named %s", name)
	}
	s.do("CreateStorage", p("RegionId", "atlantis"), "ParameterValidationFailed")
}

// applications makes and changes applications, and returns the id of one.
func (s story) applications() string {
	s.same("categories", s.do("DescribeCategories", p("RegionId", "cn-beijing"), "").list("Categories", "Category", "CategoryName"),
		[]string{"Tomcat", "Java", "Node.js", "Go", "PHP", "Python", "ASP.NET Core", "Ruby", "Native"})

	empty := s.do("DescribeApplications", p(), "")
	s.same("no applications", empty.list("Applications", "Application", "AppId"), []string{})
	s.do("CreateApplication", p("AppDescription", "nameless"), "ParameterValidationFailed")
	s.do("CreateApplication", p("AppName", strings.Repeat("长", 65)), "ParameterValidationFailed")
	s.do("CreateApplication", p("AppName", "shop", "CategoryName", "Cobol"), "CategoryNotExists")
	made := s.do("CreateApplication", p("AppName", "商店 & <shop>", "AppDescription", "sells \"things\" + more", "CategoryName", "Tomcat", "UsingSharedStorage", "false", "ClientToken", "shop-1"), "").object("Application")
	s.do("CreateApplication", p("AppName", "another shop", "ClientToken", "shop-1"), "IdempotentParameterMismatch")
	s.do("CreateApplication", p("AppName", "商店 & <shop>", "AppDescription", "sells \"things\" + more", "CategoryName", "Tomcat", "UsingSharedStorage", "true", "ClientToken", "shop-1"), "IdempotentParameterMismatch")
	id := fmt.Sprint(made["AppId"])
	if !regexp.MustCompile(`^wa-[0-9a-f]{24}$`).MatchString(id) {
		s.Errorf("application has the id %s", id)
	}
	by := s.d.Team.Requester.UserName
	for name, want := range p("AppName", "商店 & <shop>", "AppDescription", "sells \"things\" + more", "CategoryName", "Tomcat", "CreateUsername", by, "UpdateUsername", by) {
		s.same(name, made[name], any(want))
	}
	s.do("CreateApplication", p("AppName", "商店 & <shop>"), "AppNameUsed")
	s.do("CreateApplication", p("AppName", "商店 & <shop>", "RegionId", "cn-beijing"), "")
	s.do("CreateApplication", p("AppName", "desk", "CategoryName", ""), "")

	names := func(want []string, params map[string]string) {
		s.Helper()
		o := s.do("DescribeApplications", params, "")
		s.same(fmt.Sprint("applications ", params), o.list("Applications", "Application", "AppName"), want)
	}
	names([]string{"desk", "商店 & <shop>"}, p("AppName", "", "AppSearch", ""))
	names([]string{"商店 & <shop>"}, p("AppName", "商店 & <shop>"))
	names([]string{}, p("AppName", "商店"))
	names([]string{"商店 & <shop>"}, p("AppSearch", "& <SHOP"))
	names([]string{"商店 & <shop>"}, p("AppId", id))
	names([]string{}, p("AppId", id, "RegionId", "cn-beijing"))
	names([]string{"商店 & <shop>"}, p("CategorySearch", "tom"))
	names([]string{}, p("StackSearch", "tomcat"))
	names([]string{}, p("EnvSearch", "prod"))
	page := s.do("DescribeApplications", p("PageNumber", "2", "PageSize", "1"), "")
	s.same("second page", page.list("Applications", "Application", "AppName"), []string{"商店 & <shop>"})
	s.same("where it is", []any{page.Result["PageNumber"], page.Result["PageSize"], page.Result["TotalCount"]}, []any{2.0, 1.0, 2.0})
	for _, wrong := range []string{"0", "101", "ten", "-1", "99999999999999999999"} {
		s.do("DescribeApplications", p("PageSize", wrong), "ParameterValidationFailed")
	}
	s.do("DescribeApplications", p("PageNumber", "0"), "ParameterValidationFailed")

	changed := s.do("UpdateApplication", p("AppId", id, "AppDescription", "closed"), "").object("Application")
	s.same("changed", []any{changed["AppId"], changed["AppDescription"], changed["CategoryName"]}, []any{id, "closed", "Tomcat"})
	kept := s.do("UpdateApplication", p("AppId", id, "AppDescription", ""), "").object("Application")
	s.same("without a description", kept["AppDescription"], any("closed"))
	s.do("UpdateApplication", p("AppId", id, "AppDescription", strings.Repeat("x", 256)), "ParameterValidationFailed")
	s.foreign("UpdateApplication", "AppId", id)
	return id
}

// foreign tries a parameter that names a thing with everything that is not the
// caller's.
func (s story) foreign(operation, param, id string, more ...string) {
	s.Helper()
	others := s.d.newKeyOf(s.T, s.d.Other)
	s.do(operation, p(more...), "ResourceAuthFailed")
	s.do(operation, p(append(more, param, "wa-000000000000000000000000")...), "ResourceAuthFailed")
	s.do(operation, p(append(more, param, id, "RegionId", "cn-beijing")...), "ResourceAuthFailed")
	s.as(others, operation, p(append(more, param, id)...), "ResourceAuthFailed")
}

func (s story) versions(app string) {
	source := "oss://elsewhere-than-here/dir/a b 版本.war"
	want := func(label, source, code string) {
		s.Helper()
		s.do("CreatePkgVersion", p("AppId", app, "PkgVersionLabel", label, "PackageSource", source), code)
	}
	made := s.do("CreatePkgVersion", p("AppId", app, "PkgVersionLabel", "v1.0", "PackageSource", source, "PkgVersionDescription", "first & best 版本*~", "ClientToken", "v1"), "")
	v := made.object("PkgVersion")
	id := fmt.Sprint(v["PkgVersionId"])
	if !regexp.MustCompile(`^wp-[0-9a-f]{24}$`).MatchString(id) {
		s.Errorf("version has the id %s", id)
	}
	for name, want := range p("AppId", app, "AppName", "商店 & <shop>", "PkgVersionLabel", "v1.0", "PackageSource", source, "PkgVersionDescription", "first & best 版本*~", "CreateUsername", s.d.Team.Requester.UserName) {
		s.same(name, v[name], any(want))
	}
	again := s.do("CreatePkgVersion", p("AppId", app, "PkgVersionLabel", "v1.0", "PackageSource", source, "PkgVersionDescription", "first & best 版本*~", "ClientToken", "v1"), "")
	s.same("asked for again with the same ClientToken", again.object("PkgVersion"), v)

	s.do("CreatePkgVersion", p("AppId", app, "PkgVersionLabel", "v1.0", "PackageSource", source, "ClientToken", "v1"), "IdempotentParameterMismatch")

	want("v1.0", source, "VersionLabelExists")
	for _, path := range []string{"", "elsewhere/a.war", "oss://elsewhere", "oss://elsewhere/", "oss:///a.war", "oss://Else_where/a.war", "https://elsewhere/a.war", "oss://ab/a.war"} {
		want("v1.1", path, "OSSPathInvalid")
	}
	want("v1.1", "oss://elsewhere/"+strings.Repeat("x", 1024), "ParameterValidationFailed")
	want("", source, "ParameterValidationFailed")
	want(strings.Repeat("x", 65), source, "ParameterValidationFailed")
	s.do("CreatePkgVersion", p("AppId", app, "PkgVersionLabel", "v1.1", "PackageSource", source, "PkgVersionDescription", strings.Repeat("x", 256)), "ParameterValidationFailed")
	s.foreign("CreatePkgVersion", "AppId", app, "PkgVersionLabel", "v1.1", "PackageSource", source)

	own, others := s.d.bucketWith(s.T, s.d.Team, "kept/a.jar"), s.d.bucketWith(s.T, s.d.Other, "kept/a.jar")
	want("v1.1", "oss://"+own+"/kept/b.jar", "OSSApiCallFailed")
	want("v1.1", "oss://"+others+"/kept/a.jar", "ResourceAuthFailed")
	want("v1.1", "oss://"+own+"/kept/a.jar", "")
	s.exec("UPDATE teams SET verified_only = ? WHERE id = ?", true, s.d.Team.ID)
	want("v2.0", source, "OSSApiCallFailed")
	want("v2.0", "oss://"+own+"/kept/a.jar", "")
	s.exec("UPDATE teams SET verified_only = ? WHERE id = ?", false, s.d.Team.ID)

	labels := func(want []string, more ...string) {
		s.Helper()
		o := s.do("DescribePkgVersions", p(append(more, "AppId", app)...), "")
		s.same(fmt.Sprint("versions ", more), o.list("PkgVersions", "PkgVersion", "PkgVersionLabel"), want)
	}
	labels([]string{"v2.0", "v1.1", "v1.0"}, "PkgVersionSearch", "")
	labels([]string{"v1.1", "v1.0"}, "PkgVersionSearch", "V1.")
	labels([]string{}, "PkgVersionSearch", "elsewhere")
	labels([]string{"v1.0"}, "PkgVersionLabel", "v1.0")
	labels([]string{}, "PkgVersionLabel", "v1")
	labels([]string{"v1.1"}, "PageNumber", "2", "PageSize", "1")
	listed := s.do("DescribePkgVersions", p("AppId", app, "PkgVersionLabel", "v1.0"), "")
	s.same("listed as created", listed.object("PkgVersions")["PkgVersion"], any([]any{map[string]any(v)}))
	s.same("counted", []any{listed.Result["PageNumber"], listed.Result["PageSize"], listed.Result["TotalCount"]}, []any{1.0, 10.0, 1.0})
	s.do("DescribePkgVersions", p("AppId", app, "PageSize", "101"), "ParameterValidationFailed")
	s.do("DescribePkgVersions", p("AppId", app, "PageNumber", "one"), "ParameterValidationFailed")
	s.foreign("DescribePkgVersions", "AppId", app)

	s.foreign("DeletePkgVersion", "PkgVersionId", id)
	s.same("deleted", s.do("DeletePkgVersion", p("PkgVersionId", id), "").Result, map[string]any{})
	s.do("DeletePkgVersion", p("PkgVersionId", id), "ResourceAuthFailed")
	labels([]string{"v2.0", "v1.1"})
}

// elsewhere does everything in a region that the calls name.
func (s story) elsewhere() {
	const region = "cn-zhangjiakou"
	there := func(pairs ...string) map[string]string { return p(append(pairs, "RegionId", region)...) }
	made := s.do("CreateApplication", there("AppName", "far"), "").object("Application")
	app := fmt.Sprint(made["AppId"])
	v := s.do("CreatePkgVersion", there("AppId", app, "PkgVersionLabel", "1", "PackageSource", "oss://elsewhere/a.war"), "").object("PkgVersion")
	s.same("listed", s.do("DescribePkgVersions", there("AppId", app), "").object("PkgVersions")["PkgVersion"], any([]any{any(v)}))
	s.do("UpdateApplication", there("AppId", app, "AppDescription", "farther"), "")
	s.do("DeletePkgVersion", there("PkgVersionId", fmt.Sprint(v["PkgVersionId"])), "")
	s.do("DeleteApplication", there("AppId", app), "")
}

func (s story) removal(app string) {
	s.foreign("DeleteApplication", "AppId", app)
	s.same("deleted", s.do("DeleteApplication", p("AppId", app), "").Result, map[string]any{})
	s.do("DeleteApplication", p("AppId", app), "ResourceAuthFailed")
	s.do("DescribePkgVersions", p("AppId", app), "ResourceAuthFailed")
}

// newKeyOf is a key of the requester of a team.
func (d *desk) newKeyOf(t testing.TB, team modelstest.Team) key {
	t.Helper()
	k, secret, err := d.DB.CreateAccessKey(t.Context(), team.Admin, models.AccessKeyInput{Name: "of a team", User: team.Requester.UserID})
	if err != nil {
		t.Fatalf("create access key: %v", err)
	}
	return key{k.ID, secret}
}

// bucketWith makes a bucket of a team with an object, and returns its name.
func (d *desk) bucketWith(t testing.TB, team modelstest.Team, key string) string {
	t.Helper()
	order, err := d.DB.PlaceOrder(t.Context(), team.Requester, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Region: region}}})
	if err != nil {
		t.Fatalf("make bucket: %v", err)
	}
	line := order.Order.Lines[0]
	in := models.ObjectInput{BucketID: line.ResourceID, Key: key}
	if _, err := d.DB.PutObject(t.Context(), team.Requester, in, strings.NewReader("bytes")); err != nil {
		t.Fatalf("put object: %v", err)
	}
	return line.ResourceName
}

// webPlusCalls are calls of every operation that would be done, were it not for
// what a test put in their way.
func (s story) webPlusCalls() map[string]map[string]string {
	s.Helper()
	by := s.d.Team.Requester
	app, err := s.d.DB.CreateApp(s.Context(), by, models.AppInput{Name: "there", Region: region})
	if err != nil {
		s.Fatal(err)
	}
	order, err := s.d.DB.PlaceOrder(s.Context(), by, models.OrderInput{Lines: []models.LineInput{
		&models.PkgVersionInput{AppID: app.ID, Label: "v0", Source: "oss://elsewhere/a.war"},
	}})
	if err != nil {
		s.Fatal(err)
	}
	return map[string]map[string]string{
		"CreateStorage":        p(),
		"DescribeStorage":      p(),
		"CreatePkgVersion":     p("AppId", app.ID, "PkgVersionLabel", "v1", "PackageSource", "oss://elsewhere/a.war"),
		"DescribePkgVersions":  p("AppId", app.ID),
		"DeletePkgVersion":     p("PkgVersionId", order.Order.Lines[0].ResourceID),
		"CreateApplication":    p("AppName", "new"),
		"DescribeApplications": p(),
		"UpdateApplication":    p("AppId", app.ID, "AppDescription", "new"),
		"DeleteApplication":    p("AppId", app.ID),
		"DescribeCategories":   p(),
	}
}

func TestWebPlusRefusesByEveryClient(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			s := tell(t, w, models.Options{})
			calls := s.webPlusCalls()
			s.rights(calls)
			s.objectStorage()
			s.faults(calls)
		})
	}
}

// rights tries a key for other operations, and that of someone who may only see.
func (s story) rights(calls map[string]map[string]string) {
	limited := s.d.newKey(s, models.AccessKeyInput{Name: "plans", User: s.d.Team.Requester.UserID, Operations: []string{"QueryOrders"}})
	viewer := s.d.newKey(s, models.AccessKeyInput{Name: "viewer", User: s.d.Team.Viewer.UserID})
	for _, o := range api.Documented() {
		params, ours := calls[o.Name]
		if !ours {
			continue
		}
		s.as(limited, o.Name, params, "PermissionDenied")
		if o.Writes {
			s.as(viewer, o.Name, params, "PermissionDenied")
		}
	}
}

// objectStorage tries what comes of buckets when there can be none.
func (s story) objectStorage() {
	s.exec("UPDATE teams SET object_storage = ? WHERE id = ?", false, s.d.Team.ID)
	s.do("CreateStorage", p(), "OSSDisabled")
	s.exec("UPDATE teams SET object_storage = ? WHERE id = ?", true, s.d.Team.ID)

	// Whoever may write everything is stopped by a file where the folder was.
	staging := filepath.Join(s.options.Folder, "objects", "staging")
	if err := os.Rename(staging, staging+"-gone"); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(staging, nil, 0o600); err != nil {
		s.Fatal(err)
	}
	s.do("CreateStorage", p(), "OSSApiCallFailed")
	s.do("DescribeStorage", p(), "OSSBucketNotExists")
	if err := errors.Join(os.Remove(staging), os.Rename(staging+"-gone", staging)); err != nil {
		s.Fatal(err)
	}
	s.do("CreateStorage", p(), "")
}

// faults takes the tables away from under every operation, and sees that
// nothing was done.
func (s story) faults(calls map[string]map[string]string) {
	counts := func() []int {
		var n []int
		apps, _, err := modelstest.List(s.Context(), s.d.DB, s.d.Team.Requester, models.Apps, list.Query{})
		versions, _, err2 := modelstest.List(s.Context(), s.d.DB, s.d.Team.Requester, models.PkgVersions, list.Query{})
		buckets, _, err3 := modelstest.List(s.Context(), s.d.DB, s.d.Team.Requester, models.Buckets, list.Query{})
		orders, _, err4 := modelstest.List(s.Context(), s.d.DB, s.d.Team.Requester, models.Orders, list.With("free", "true"))
		if err := errors.Join(err, err2, err3, err4); err != nil {
			s.Fatal(err)
		}
		return append(n, len(apps), len(versions), len(buckets), len(orders))
	}
	before := counts()
	broken := []string{"buckets", "apps", "categories", "pkg_versions"}
	for _, table := range broken {
		s.exec("ALTER TABLE " + table + " RENAME TO " + table + "_away")
	}
	for _, operation := range slices.Sorted(maps.Keys(calls)) {
		if o := s.do(operation, calls[operation], "InternalError"); o.Status != http.StatusInternalServerError {
			s.Errorf("%s: got %d, want 500", operation, o.Status)
		}
	}
	for _, table := range broken {
		s.exec("ALTER TABLE " + table + "_away RENAME TO " + table)
	}
	s.same("what there is", counts(), before)
}

func TestWebPlusTellsWhereAHeldOrderWaits(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			hold := func(_ context.Context, by models.Actor, _ *models.Order) (bool, string) {
				return by.Face == models.ByAPI, "everything"
			}
			s := tell(t, w, models.Options{Policy: hold})
			calls := s.webPlusCalls()
			calls["CreatePkgVersion"]["ClientToken"] = "v1"
			said := s.do("CreatePkgVersion", calls["CreatePkgVersion"], "PermissionDenied").Message
			number := s.heldNumber(said)
			s.heldNumber(s.do("CreateStorage", p(), "PermissionDenied").Message)
			s.do("DescribeStorage", p(), "OSSBucketNotExists")
			if again := s.do("CreatePkgVersion", calls["CreatePkgVersion"], "PermissionDenied").Message; again != said {
				s.Errorf("asked again with the same ClientToken: got %q, want the first order's %q", again, said)
			}
			order, err := s.d.DB.FindOrder(s.Context(), s.d.Team.Approver, number)
			if err != nil || order.State != models.OrderPending {
				s.Fatalf("order %d: got %v, %v, want it to wait", number, order, err)
			}
			if _, err := s.d.DB.DecideOrder(s.Context(), s.d.Team.Approver, number, order.Version, true, "go"); err != nil {
				s.Fatal(err)
			}
			v := s.do("CreatePkgVersion", calls["CreatePkgVersion"], "").object("PkgVersion")
			s.same("approved", v["PkgVersionLabel"], any("v1"))
		})
	}
}

var orderAddress = regexp.MustCompile(`http://desk\.example\.com/orders/(\d+)$`)

// heldNumber is the number of the order whose address a message ends with.
func (s story) heldNumber(message string) int64 {
	s.Helper()
	m := orderAddress.FindStringSubmatch(message)
	if m == nil {
		s.Fatalf("message %q has no address of an order", message)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// TestWebPlusAnswersAsTheDocuments sends the documents' own requests and
// compares the replies whole, apart from ids and times and the three fields that
// the documents' tables have and their samples leave out.
func TestWebPlusAnswersAsTheDocuments(t *testing.T) {
	t.Parallel()
	d := open(t)
	app, err := d.DB.CreateApp(t.Context(), d.Team.Requester, models.AppInput{Name: "demo", Region: "cn-shenzhen"})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"json", "xml"} {
		storage := webPlusRequest(t, d, "CreateStorage", nil, form)
		line, _, _ := strings.Cut(sample(t, "create_storage.request.http"), "\n")
		parts := strings.Fields(line)
		storage.Method = parts[0]
		storage.Path, storage.Query, _ = strings.Cut(parts[1], "?")
		compareSample(t, d, storage, "create_storage.reply."+format)

		var params map[string]string
		if err := json.Unmarshal([]byte(sample(t, "create_pkg_version.request.json")), &params); err != nil {
			t.Fatal(err)
		}
		params["AppId"] = app.ID
		if format == "xml" {
			params["PkgVersionLabel"] = "version-demo-tmc-1.4" // as that reply has it
		}
		compareSample(t, d, webPlusRequest(t, d, "CreatePkgVersion", params, typedJSON), "create_pkg_version.reply."+format)
	}
}

func sample(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// compareSample sends a request for the region of the samples and compares the
// reply with one of them.
func compareSample(t *testing.T, d *desk, r sign.Request, file string) {
	t.Helper()
	r.Header.Set("X-Acs-Region-Id", "cn-shenzhen")
	r.Header.Set("Accept", "application/"+strings.TrimPrefix(filepath.Ext(file), "."))
	covers(t, "webplus", "field x-acs-region-id", "http roa1")
	a := d.send(t, r.SignROA(d.Key.ID, d.Key.Secret, d.DB.Now(), ""))
	read := fields
	if filepath.Ext(file) == ".xml" {
		read = elements
	}
	got, want := read(t, a.Body), read(t, sample(t, file))
	for _, field := range []string{"AppName", "PackageSource", "CreateUsername"} {
		if got["PkgVersion."+field] == "" && want["PkgVersion.PkgVersionId"] != "" {
			t.Errorf("%s: the reply has no %s", file, field)
		}
		delete(got, "PkgVersion."+field)
	}
	for name := range want {
		if got[name] != "" && changing.MatchString(name) {
			got[name] = want[name]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// changing are the names of ids and times.
var changing = regexp.MustCompile(`(Id|Time|BucketName)$`)

// fields are the values of a JSON object by their dotted names.
func fields(t testing.TB, text string) map[string]string {
	t.Helper()
	var object map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	values := url.Values{}
	flatten(values, "", object)
	out := map[string]string{}
	for name := range values {
		out[name] = values.Get(name)
	}
	return out
}

// elements are the texts of an XML document by their dotted names, without the
// root's.
func elements(t testing.TB, text string) map[string]string {
	t.Helper()
	out := map[string]string{}
	var at []string
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			at = append(at, e.Name.Local)
		case xml.EndElement:
			at = at[:len(at)-1]
		case xml.CharData:
			if value := strings.TrimSpace(string(e)); value != "" && len(at) > 1 {
				out[strings.Join(at[1:], ".")] = value
			}
		}
	}
}

func TestOfFiftyEqualVersionsOneIsMade(t *testing.T) {
	t.Parallel()
	d := open(t)
	app, err := d.DB.CreateApp(t.Context(), d.Team.Requester, models.AppInput{Name: "shop", Region: region})
	if err != nil {
		t.Fatal(err)
	}
	params := p("AppId", app.ID, "PkgVersionLabel", "v1", "PackageSource", "oss://elsewhere/a.war")
	codes := atOnce(t, d, "CreatePkgVersion", params)
	if codes["OK"] != 1 || codes["VersionLabelExists"] != 49 {
		t.Errorf("got %v, want one OK and 49 VersionLabelExists", codes)
	}
	versions, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.PkgVersions, list.Query{})
	if err != nil || len(versions) != 1 {
		t.Errorf("got %d versions, %v, want 1", len(versions), err)
	}
}

func TestFiftyEqualStoragesAreOneBucket(t *testing.T) {
	t.Parallel()
	d := open(t)
	if codes := atOnce(t, d, "CreateStorage", nil); codes["OK"] != 50 {
		t.Errorf("got %v, want 50 OK", codes)
	}
	buckets, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Buckets, list.Query{})
	if err != nil || len(buckets) != 1 {
		t.Errorf("got %d buckets, %v, want 1", len(buckets), err)
	}
}

// atOnce calls an operation fifty times at the same moment and counts the codes.
func atOnce(t *testing.T, d *desk, operation string, params map[string]string) map[string]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[string]int{}
	for range 50 {
		r := webPlusRequest(t, d, operation, params, form).SignROA(d.Key.ID, d.Key.Secret, d.DB.Now(), d.DB.NewToken())
		all.Go(func() {
			var o outcome
			o.readResult(t, d.send(t, r).Body)
			mu.Lock()
			defer mu.Unlock()
			codes[o.Code]++
		})
	}
	all.Wait()
	return codes
}

func TestSDKSaysThatASecretIsWrong(t *testing.T) {
	t.Parallel()
	d := open(t)
	wrong := key{d.Key.ID, "another"}
	request := webplus.CreateCreateStorageRequest()
	request.Port = d.port()
	_, err := d.webPlus(t, wrong).CreateStorage(request)
	if err == nil || !strings.Contains(err.Error(), "InvalidAccessKeySecret") {
		t.Errorf("got %v, want the client's own words for a wrong secret", err)
	}
	covers(t, "webplus", "error SignatureDoesNotMatch", "go-sdk json")
}

func TestBodyWinsOverQueryUnlessItIsEmpty(t *testing.T) {
	t.Parallel()
	d := open(t)
	for body, want := range map[string]string{
		`{"AppName":"of the body"}`:                       "of the body",
		`{"AppName":""}`:                                  "of the query",
		`{"AppName":null,"Other":{"AppName":"x"},"A":[]}`: "of the query",
		`{"AppName":12.50}`:                               "12.50",
		`{"AppName":true}`:                                "true",
		`{"AppName":"cut off`:                             "of the query",
		`[]`:                                              "of the query",
	} {
		r := webPlusRequest(t, d, "CreateApplication", p("AppName", "of the query"), query)
		r.Body = []byte(body)
		a := d.send(t, r.SignROA(d.Key.ID, d.Key.Secret, d.DB.Now(), ""))
		var o outcome
		o.readResult(t, a.Body)
		id := fmt.Sprint(o.object("Application")["AppId"])
		if got := fmt.Sprint(o.object("Application")["AppName"]); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
		if err := d.DB.DeleteApp(t.Context(), d.Team.Requester, id, models.AnyVersions); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// FuzzWebPlus sends anything below the path of Web+, signed and not: it is
// answered in the product's shape, and never with a fault, a page or a redirect.
func FuzzWebPlus(f *testing.F) {
	f.Add("POST", "/v1/wam/storage", "ServiceCode=webx", "", "", "application/json", true)
	f.Add("POST", "/v1/wam/pkgVersion", "", `{"AppId":"wa-1","PkgVersionLabel":"v1","PackageSource":"oss://b/k"}`, "application/json", "", true)
	f.Add("POST", "/v1/wam/application", "RegionId=cn-shenzhen", "AppName=%00%ff&AppName=b;c", "application/x-www-form-urlencoded", "text/xml", true)
	f.Add("GET", "/v1/wam/pkgVersion", "AppId=%zz&PageSize=1e9&PkgVersionSearch=%25_\\", "", "", "*/*", true)
	f.Add("GET", "/v1/wam/application", "PageNumber=99999999999999999999", "\x1f\x8b", "multipart/form-data; boundary=x", "application/xml", true)
	f.Add("DELETE", "/v1/wam/application/", "AppId=wa-%F0%9F%92%A9", "", "", "", true)
	f.Add("PUT", "//v1/../wam/%2e%2e/storage", "Format=csv", "{", "", "text/html", false)
	f.Add("OPTIONS", "", "", "", "", "", false)
	d := open(f)
	f.Fuzz(func(t *testing.T, method, path, query, body, contentType, accept string, signed bool) {
		r := sign.Request{Method: method, Path: "/pop" + path, Query: query, Host: d.host(), Body: []byte(body), Header: http.Header{
			"X-Acs-Version": {"2019-03-20"}, "Accept": {accept}, "Content-Type": {contentType},
		}}
		if signed {
			r = r.SignROA(d.Key.ID, d.Key.Secret, d.DB.Now(), "")
		}
		req, err := r.HTTP(d.URL)
		if err != nil || !strings.HasPrefix(req.URL.Path, "/pop/") && req.URL.Path != "/pop" {
			t.Skip("bytes of the fuzzer that make no address below /pop: there is nothing to send")
		}
		var sent atomic.Bool
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(w httptrace.WroteRequestInfo) { sent.Store(w.Err == nil) }})
		resp, err := http.DefaultTransport.RoundTrip(req.WithContext(ctx))
		if err != nil && !sent.Load() {
			t.Skip("the client itself refuses to send what the fuzzer made: ", err)
		}
		if err != nil {
			t.Fatalf("%s %s?%s %q: got no answer: %v", method, r.Path, query, body, err)
		}
		defer resp.Body.Close()
		kind := resp.Header.Get("Content-Type")
		if resp.StatusCode >= 500 || resp.StatusCode/100 == 3 || kind != "application/json;charset=utf-8" && kind != "text/xml;charset=utf-8" {
			t.Errorf("%s %s?%s %q: got %d %s", method, r.Path, query, body, resp.StatusCode, kind)
		}
	})
}
