package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/bssopenapi"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/webplus"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/sign"
	"quartermaster/web/webtest"
)

// region is where requests that name none are served.
const region = "cn-hangzhou"

// desk is a running server with an access key of the team's requester.
type desk struct {
	*webtest.Site
	Key key
	// handler answers without a connection, and is held against nothing.
	handler http.Handler
}

// key is an access key as its owner has it.
type key struct{ ID, Secret string }

func open(t testing.TB) *desk {
	t.Helper()
	return openWith(t, models.Options{}, 0)
}

// openWith is open with options of the database, and with a limit of calls a
// second where rate is not 0.
func openWith(t testing.TB, o models.Options, rate float64) *desk {
	t.Helper()
	return openAs(t, o, func(c *handlers.Config) { c.Rate, c.ObjectRate = rate, rate })
}

// openAs is open with options of the database, and of the server.
func openAs(t testing.TB, o models.Options, set func(*handlers.Config)) *desk {
	t.Helper()
	o.Operations = api.Documented().Limits()
	return serveAs(t, modelstest.OpenWith(t, o), set)
}

// serveAs is openAs for a database that is open.
func serveAs(t testing.TB, db *models.DB, set func(*handlers.Config)) *desk {
	t.Helper()
	// The links in messages have this address; the server listens on another.
	cfg := handlers.Config{Site: web.Site{DB: db, BaseURL: "http://desk.example.com"}, UploadLimit: 2 << 30, Region: region}
	set(&cfg)
	h, err := handlers.Routes(cfg)
	if err != nil {
		t.Fatalf("routes: %v", err)
	}
	d := &desk{Site: webtest.New(t, db, recorded(t, h)), handler: h}
	d.Key = d.newKey(t, models.AccessKeyInput{Name: "script", User: d.Team.Requester.UserID})
	return d
}

// newKey is a key of the team.
func (d *desk) newKey(t testing.TB, in models.AccessKeyInput) key {
	t.Helper()
	k, secret, err := d.DB.CreateAccessKey(t.Context(), d.Team.Admin, in)
	if err != nil {
		t.Fatalf("create access key: %v", err)
	}
	return key{k.ID, secret}
}

// host is where the server listens, as an SDK is told.
func (d *desk) host() string { return strings.TrimPrefix(d.URL, "http://") }

// webPlus is the vendor's own client of Web+, with a key. It puts a colon behind
// the domain of every request, so the requests have the port: port.
func (d *desk) webPlus(t testing.TB, k key) *webplus.Client {
	t.Helper()
	c, err := webplus.NewClientWithAccessKey(region, k.ID, k.Secret)
	if err != nil {
		t.Fatalf("client of Web+: %v", err)
	}
	c.Domain, _, _ = strings.Cut(d.host(), ":")
	t.Cleanup(c.Shutdown)
	return c
}

// port is where the server listens.
func (d *desk) port() string {
	_, port, _ := strings.Cut(d.host(), ":")
	return port
}

// bss is the vendor's own client of the BSS OpenAPI, with a key.
func (d *desk) bss(t testing.TB, k key) *bssopenapi.Client {
	t.Helper()
	c, err := bssopenapi.NewClientWithAccessKey(region, k.ID, k.Secret)
	if err != nil {
		t.Fatalf("client of BSS: %v", err)
	}
	c.Domain = d.host()
	t.Cleanup(c.Shutdown)
	return c
}

// stores is the core of the vendor's own client, with a key.
func (d *desk) stores(t testing.TB, k key) *core.HcHttpClient {
	t.Helper()
	credentials, err := basic.NewCredentialsBuilder().WithAk(k.ID).WithSk(k.Secret).WithProjectId("p1").SafeBuild()
	if err != nil {
		t.Fatalf("credentials: %v", err)
	}
	c, err := core.NewHcHttpClientBuilder().WithCredential(credentials).WithEndpoint(d.URL).SafeBuild()
	if err != nil {
		t.Fatalf("client of the stores: %v", err)
	}
	return c
}

// answer is what a request by hand got.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// send sends a request, signed or not, as it stands.
func (d *desk) send(t testing.TB, r sign.Request) answer {
	t.Helper()
	req, err := r.HTTP(d.URL)
	if err != nil {
		t.Fatalf("request: %v", err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req.WithContext(t.Context()))
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.Path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", r.Method, r.Path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}
