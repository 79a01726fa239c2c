package web

import "net/http"

// Serve is the engine as the server calls it. A HEAD request goes the way of a
// GET; the server leaves the body out.
func Serve(engine http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			get := *r
			get.Method = http.MethodGet
			r = &get
		}
		engine.ServeHTTP(w, r)
	})
}
