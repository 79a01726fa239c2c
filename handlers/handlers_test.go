package handlers_test

import (
	"testing"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// open is the real site on a throwaway database, with two teams.
func open(t *testing.T) *webtest.Site {
	t.Helper()
	return openWith(t, models.Options{}, web.Site{})
}

// openWith is open with a clock, or with settings of the site.
func openWith(t *testing.T, o models.Options, site web.Site) *webtest.Site {
	t.Helper()
	o.Operations = api.Documented().Limits()
	db := modelstest.OpenWith(t, o)
	site.DB = db
	h, err := handlers.Routes(handlers.Config{Site: site, UploadLimit: 1 << 20})
	if err != nil {
		t.Fatalf("routes: %v", err)
	}
	return webtest.New(t, db, h)
}
