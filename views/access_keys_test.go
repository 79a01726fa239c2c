package views_test

import (
	"strings"
	"testing"

	"quartermaster/views"
	"quartermaster/views/i18n"
)

// The Web+ client of the vendor's SDK for Go refuses a domain with a port.
func TestEnvironmentLinesNameThePortWhereThereIsOne(t *testing.T) {
	t.Parallel()
	for site, want := range map[string]bool{"http://127.0.0.1:8080": true, "https://desk.example.com": false} {
		got := views.AliyunEnv(i18n.WithLang(t.Context(), "en"), "id", "secret", site)
		if strings.Contains(got, "# Web+ in Go: Domain 127.0.0.1, Port 8080") != want {
			t.Errorf("%s: got %q", site, got)
		}
	}
}
