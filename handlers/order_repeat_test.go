package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
)

func TestAFormThatWasPlacedIsNoOtherOrder(t *testing.T) {
	t.Parallel()
	c := open(t).SignIn(t, models.Requester)
	bucket := url.Values{"token": {"form-1"}, "bucket_name": {"team-data"}, "region": {"cn-hangzhou"}}
	plan := url.Values{"token": {"form-1"}, "product_code": {"ossbag"}, "package_type": {"FPT_ossbag_absolute_Storage_sh"},
		"specification": {"40"}, "duration": {"6"}, "pricing_cycle": {"Month"}}
	first := c.Post(t, "/buckets", bucket)
	if again := c.Post(t, "/buckets", bucket); again.Status != http.StatusSeeOther || again.Location() != first.Location() {
		t.Errorf("sent again: got %d %s, want %s", again.Status, again.Location(), first.Location())
	}
	changed := url.Values{"token": {"form-1"}, "bucket_name": {"other-data"}, "region": {"cn-hangzhou"}}
	for _, f := range []struct {
		path, field, typed, made string
		values                   url.Values
	}{{"/buckets", "bucket_name", "other-data", "/buckets/", changed}, {"/plans", "specification", "40", "/plans/", plan}} {
		p := c.Post(t, f.path, f.values)
		token := p.Find("input[name=token]").First().AttrOr("value", "")
		if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "placed order 20") || token == "" || token == "form-1" {
			t.Errorf("%s: got %d %q and the token %q; want it refused as placed, with a new token", f.path, p.Status, p.Text(".error-summary"), token)
		}
		f.values.Set("token", token)
		if p := c.Post(t, f.path, f.values); p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Location(), f.made) {
			t.Errorf("%s pressed again: got %d to %s", f.path, p.Status, p.Location())
		}
	}
}
