package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/sign"
	"quartermaster/web/webtest"
)

// An operation that is given as one description more is called, offered to keys,
// described on pages and to programs, and written as code and read from it.
func TestAnOperationIsOneDescription(t *testing.T) {
	t.Parallel()
	all := append(api.Documented(), api.NewTable(api.Operation{
		Name: "CreateToy", Product: api.LMS(), Method: "POST", Path: "/v1/toys/create", Writes: true, Makes: models.KindApp, Input: &models.AppInput{},
		Params: []api.Param{{Name: "toy_name", Field: "app_name", Words: "AppName"}, {Name: "limit", Type: api.Number, Rules: "min=1,max=9", Query: true},
			{Name: "action", Rules: "omitempty,oneof=GROW SHRINK"}},
		Run: func(_ *api.Server, _ context.Context, c *api.Call) (any, error) {
			return map[string]string{"toy": string(c.Body)}, nil
		},
	})...)
	db := modelstest.OpenWith(t, models.Options{Operations: all.Limits()})
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db}, Operations: all})
	if err != nil {
		t.Fatal(err)
	}
	site := webtest.New(t, db, h)
	ada := site.SignIn(t, models.Admin)

	if p := ada.Get(t, "/team/keys/new"); !p.Has("input[name=operations][value=CreateToy]") {
		t.Error("a key cannot be limited to it")
	}
	key, secret, err := db.CreateAccessKey(t.Context(), site.Team.Admin, models.AccessKeyInput{Name: "toys", Operations: []string{"CreateToy"}})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{"": http.StatusOK, "limit=9": http.StatusOK, "limit=10": http.StatusBadRequest} {
		r := sign.Request{Method: "POST", Path: "/v1/toys/create", Query: query, Host: strings.TrimPrefix(site.URL, "http://"), Body: []byte("{}"), Header: http.Header{}}
		req, err := r.SignSDK(key.ID, secret, db.Now()).HTTP(site.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != want {
			t.Errorf("called with %q: got %d, want %d", query, resp.StatusCode, want)
		}
	}

	if links := ada.Get(t, "/api").Links("main"); !strings.Contains(strings.Join(links, " "), "/api/CreateToy") {
		t.Error("the guide does not lead to it")
	}
	params := ada.Get(t, "/api/CreateToy").Text("#params")
	for _, want := range []string{"toy_name", "1–64", "limit", "1–9", "GROW | SHRINK"} {
		if !strings.Contains(params, want) {
			t.Errorf("its page has no %q: %s", want, params)
		}
	}
	if doc := ada.Get(t, "/api/openapi.json").Body; !strings.Contains(doc, `"/v1/toys/create":{`) || !strings.Contains(doc, `"toy_name":{`) {
		t.Error("the OpenAPI document does not have it")
	}

	written := code.NewTable(all).From("CreateToy", url.Values{"app_name": {"bear"}, "region": {"cn-beijing"}}).Write(code.Curl, "http://h")
	for _, want := range []string{"http://h/v1/toys/create", `"toy_name": "bear"`, "Not part of this API: region"} {
		if !strings.Contains(written, want) {
			t.Errorf("as code it has no %q:\n%s", want, written)
		}
	}
	if links := ada.Post(t, "/stores/paste", url.Values{"paste": {written}}).Links("#pasted"); len(links) != 1 || links[0] != "/apps/new?app_name=bear" {
		t.Errorf("pasted: got %q, want a link to its form", links)
	}
}
