package handlers

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/handlers/api"
	"quartermaster/handlers/checker"
	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// APIDocs are the pages for people who write programs for the APIs.
type APIDocs struct {
	DB         *models.DB
	Operations api.Table
	// ObjectDomain is that of Config.
	ObjectDomain string
	// Described is their OpenAPI document, made when it is first asked for.
	Described func() []byte
}

// Guide shows where the APIs are and what to know before calling them.
func (h APIDocs) Guide(c *gin.Context) error {
	ctx := c.Request.Context()
	return web.Render(c, http.StatusOK, views.APIGuide(views.APIGuideProps{
		BaseURL: web.SiteURL(ctx, ""), Operations: h.Operations.Listed(), Administers: models.ActorFrom(ctx).May(models.Administer),
	}))
}

// OpenAPI gives the description of the APIs to programs that read one.
func (h APIDocs) OpenAPI(c *gin.Context) error {
	c.Data(http.StatusOK, "application/json; charset=utf-8", h.Described())
	return nil
}

// Operation shows one operation.
func (h APIDocs) Operation(c *gin.Context) error {
	o, ok := h.Operations.Page(c.Param("operation"))
	if !ok {
		return models.ErrNotFound
	}
	return web.Render(c, http.StatusOK, views.APIOperationShow(o))
}

// Signing shows an example of each scheme.
func (h APIDocs) Signing(c *gin.Context) error {
	base, err := url.Parse(web.SiteURL(c.Request.Context(), ""))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.APISigning(views.APIGuideProps{
		Examples: signingExamples(base.Host), KeyID: exampleKey, Secret: exampleSecret,
	}))
}

// What the examples are signed with. The same request always has the same
// signature, except for the host.
const exampleKey, exampleSecret, exampleNonce = "testAK", "testSK", "1ae8c72f7a733b0c81ef409c885cbb85"

var exampleTime = time.Date(2026, time.November, 21, 17, 32, 21, 0, time.UTC)

// signingExamples signs a request for each scheme.
func signingExamples(host string) []views.SigningExample {
	const form = "application/x-www-form-urlencoded"
	version := sign.Request{Method: "GET", Path: "/pop/v1/wam/pkgVersion", Query: "AppId=wa-1&PkgVersionSearch=a+b", Host: host,
		Header: http.Header{"Accept": {"application/json"}, "X-Acs-Action": {"DescribePkgVersions"}, "X-Acs-Version": {"2019-03-20"}}}
	price := sign.Request{Method: "POST", Path: "/", Host: host, Header: http.Header{"Content-Type": {form}},
		Query: "Action=DescribeResourcePackageProduct&Format=JSON&ProductCode=ossbag&Version=2017-12-14"}
	plan := sign.Request{Method: "POST", Path: "/", Host: host, Body: []byte("ProductCode=ossbag"),
		Header: http.Header{"Content-Type": {form}, "X-Acs-Action": {"DescribeResourcePackageProduct"}, "X-Acs-Version": {"2017-12-14"}}}
	store := sign.Request{Method: "POST", Path: "/v1/stores/list", Query: "limit=10&offset=0", Host: host, Body: []byte("{}"),
		Header: http.Header{"Content-Type": {"application/json"}}}
	file := sign.Request{Method: "GET", Path: "/examplebucket/dir%20a/b%2Bc.txt", Query: "response-content-type=text%2Fplain", Host: host,
		Header: http.Header{"Range": {"bytes=0-9"}}}
	bucket := func(r sign.Request) (*sign.Claim, error) { return sign.OSS(r, "") }
	return []views.SigningExample{
		signingExample("roa", version.SignROA(exampleKey, exampleSecret, exampleTime, exampleNonce), sign.ROA),
		signingExample("rpc", price.SignRPC(exampleKey, exampleSecret, exampleTime, exampleNonce), sign.RPC),
		signingExample("acs3", plan.SignACS3(exampleKey, exampleSecret, exampleTime, exampleNonce), sign.RPC),
		signingExample("sdk", store.SignSDK(exampleKey, exampleSecret, exampleTime), sign.Huawei),
		signingExample("oss1", file.SignOSS1(exampleKey, exampleSecret, exampleTime), bucket),
		signingExample("oss4", file.SignOSS4(exampleKey, exampleSecret, "cn-hangzhou", exampleTime, "range"), bucket),
	}
}

// signingExample reads a signed request again, as the server does.
func signingExample(id string, r sign.Request, read func(sign.Request) (*sign.Claim, error)) views.SigningExample {
	claim, err := read(r)
	if err != nil {
		panic(fmt.Sprintf("example %s: %v", id, err)) // the examples are constant, and tests show all of them
	}
	e := views.SigningExample{ID: id, Scheme: string(claim.Scheme), Request: printed(r), Signed: claim.StringToSign(), Signature: claim.Signature()}
	text := claim.Canonical()
	if e.Canonical = text != ""; !e.Canonical {
		text = e.Signed
	}
	e.Rows = checker.Rows(claim.Scheme, text)
	return e
}

// printed is a request as it goes over the wire.
func printed(r sign.Request) string {
	target := r.Path
	if r.Query != "" {
		target += "?" + r.Query
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\nHost: %s\n", r.Method, target, r.Host)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&b, "%s: %s\n", name, r.Header.Get(name))
	}
	fmt.Fprintf(&b, "\n%s", r.Body)
	return b.String()
}

// checkInput is what somebody wants compared.
type checkInput struct {
	Request string `form:"sent_request"`
	Text    string `form:"string_to_sign"`
	Key     string `form:"checked_key"`
}

// Checker shows the form of the signature checker.
func (h APIDocs) Checker(c *gin.Context) error {
	return h.checker(c, http.StatusOK, web.NewForm(c, checkInput{}), nil)
}

// Check compares what was pasted. It changes nothing.
func (h APIDocs) Check(c *gin.Context) error {
	ctx := c.Request.Context()
	var in checkInput
	form, err := web.Decode(c, &in)
	var found *views.SignatureCheck
	if err == nil {
		err = in.refused()
	}
	if err == nil {
		found, err = in.check(h.ObjectDomain, func(key string) (*models.Caller, error) {
			return h.DB.FindCheckableKey(ctx, models.ActorFrom(ctx), key)
		}, h.DB.Now())
	}
	if form.Reject(err) {
		return h.checker(c, http.StatusUnprocessableEntity, form, nil)
	}
	if err != nil {
		return err
	}
	return h.checker(c, http.StatusOK, form, found)
}

func (h APIDocs) checker(c *gin.Context, status int, form ui.Form, found *views.SignatureCheck) error {
	ctx := c.Request.Context()
	keys, err := h.DB.ListCheckableKeys(ctx, models.ActorFrom(ctx))
	if err != nil {
		return err
	}
	return web.Render(c, status, views.APIChecker(views.APICheckerProps{Form: form, Keys: keys, Check: found}))
}

// check compares a request, or only a string. domain is that of buckets, find finds
// secrets.
func (in checkInput) check(domain string, find func(key string) (*models.Caller, error), now time.Time) (*views.SignatureCheck, error) {
	if strings.TrimSpace(in.Request) == "" {
		return checker.Text(in.Text)
	}
	pasted, err := checker.Read(in.Request)
	if err != nil {
		return nil, err
	}
	pasted.Domain = domain
	if claim, err := pasted.Claim(); err == nil && in.Key == "" {
		in.Key = claim.KeyID
	}
	caller, about := &models.Caller{}, []views.SignatureFinding{}
	if in.Key != "" && in.Key != "none" {
		caller, err = find(in.Key)
		switch {
		case errors.Is(err, models.ErrNotFound):
			caller, about = &models.Caller{}, []views.SignatureFinding{{Tone: ui.Info, Key: "key-unknown"}}
		case err != nil:
			return nil, err
		case !caller.Active(now):
			about = []views.SignatureFinding{{Tone: ui.Danger, Key: "key-inactive"}}
		}
	}
	found := checker.Request(pasted, in.Text, caller.Secret, now)
	found.Findings = append(about, found.Findings...)
	return found, nil
}

// refused is what cannot be compared at all.
func (in checkInput) refused() error {
	switch {
	case len(in.Request) > checker.Limit:
		return models.Invalid{{Field: "sent_request", Rule: "pasted_large"}}
	case len(in.Text) > checker.Limit:
		return models.Invalid{{Field: "string_to_sign", Rule: "pasted_large"}}
	case strings.TrimSpace(in.Request+in.Text) == "":
		return models.Invalid{{Field: "sent_request", Rule: "required"}}
	}
	return nil
}
