package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// BenchmarkOrder measures a plan that one person orders by its form, with
// everything that stands before and around it.
func BenchmarkOrder(b *testing.B) {
	h, cookie, host := ground(b, 1)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		form := url.Values{"product_code": {"cdnbag"}, "package_type": {"FPT_cdnbag_deadlineAcc_NetworkOut_china_common"}, "specification": {"100"},
			"duration": {"6"}, "pricing_cycle": {"Month"}, "cost_centre": {"CC-2100"}, "note": {"bench"}, "token": {fmt.Sprint("bench-", n)}}
		r := httptest.NewRequest(http.MethodPost, "/plans", strings.NewReader(form.Encode()))
		r.Host = host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther {
			b.Fatalf("got %d: %s", w.Code, w.Body)
		}
	}
}

// ground is a desk with orders, and what a requester's browser sends.
func ground(b *testing.B, orders int) (h http.Handler, cookie *http.Cookie, host string) {
	db := modelstest.OpenWith(b, models.Options{Operations: api.Documented().Limits()})
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db}, UploadLimit: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	site := webtest.New(b, db, h)
	for range orders {
		if _, err := db.PlaceOrder(b.Context(), site.Team.Requester, paidOrder()); err != nil {
			b.Fatal(err)
		}
	}
	c := site.SignIn(b, models.Requester)
	at, err := url.Parse(site.URL)
	if err != nil {
		b.Fatal(err)
	}
	return h, &http.Cookie{Name: "qm_session_" + at.Port(), Value: c.Cookie(b, "qm_session")}, at.Host // #nosec G124 -- for tests
}

// BenchmarkList measures the first page and those of lists of 50 rows, with
// everything that stands before and around them, and how many bytes they have.
func BenchmarkList(b *testing.B) {
	h, cookie, host := ground(b, 60)
	for _, path := range []string{"/", "/orders", "/plans", "/plans?state=ACTIVE", "/activity"} {
		b.Run(path, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = host
			r.AddCookie(cookie)
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
