package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// BenchmarkList measures the first page and those of lists of 50 rows, with
// everything that stands before and around them, and how many bytes they have.
func BenchmarkList(b *testing.B) {
	db := modelstest.OpenWith(b, models.Options{Operations: api.Documented().Limits()})
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db}, UploadLimit: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	site := webtest.New(b, db, h)
	for range 60 {
		if _, err := db.PlaceOrder(b.Context(), site.Team.Requester, paidOrder()); err != nil {
			b.Fatal(err)
		}
	}
	c := site.SignIn(b, models.Requester)
	at, err := url.Parse(site.URL)
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range []string{"/", "/orders", "/plans", "/plans?state=ACTIVE", "/activity"} {
		b.Run(path, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = at.Host
			r.AddCookie(&http.Cookie{Name: "qm_session_" + at.Port(), Value: c.Cookie(b, "qm_session")}) // #nosec G124 -- for tests
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("got %d", w.Code)
				}
				b.ReportMetric(float64(w.Body.Len()), "bytes")
			}
		})
	}
}
