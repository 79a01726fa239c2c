package handlers_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/models/modelstest"
	"quartermaster/web"
)

func TestRoutesOfTheAPIsAreThoseDescribed(t *testing.T) {
	t.Parallel()
	h, err := handlers.APIRoutes(handlers.Config{Site: web.Site{DB: modelstest.Open(t)}, Operations: api.Documented()})
	if err != nil {
		t.Fatal(err)
	}
	var served []string
	for _, r := range h.(*gin.Engine).Routes() {
		if r.Path != "/" { // one address for all of BSS
			served = append(served, r.Method+" "+r.Path)
		}
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(api.Documented().OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	var described []string
	for path, item := range doc.Paths {
		for method := range item {
			if method != "parameters" && !strings.HasPrefix(path, "/#") {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served %v, described %v", served, described)
	}
}
