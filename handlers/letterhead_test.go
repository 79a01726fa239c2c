package handlers_test

import (
	"bytes"
	"image"
	"image/png"
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

// sendLetterhead posts the form with a logo.
func sendLetterhead(t *testing.T, c *webtest.Client, name string, logo []byte) *webtest.Page {
	t.Helper()
	return c.Upload(t, "/team/letterhead", url.Values{"legal_name": {name}}, webtest.File{Field: "logo", Name: "logo.png", Text: string(logo)})
}

func TestLetterheadKeepsWhatWasTypedAndServesPixels(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin := site.SignIn(t, models.Admin)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 900, 90))); err != nil {
		t.Fatal(err)
	}
	p := sendLetterhead(t, admin, "Starlight <b>Ltd</b>", []byte("<svg/>"))
	value, _ := p.Find("#legal_name").Attr("value")
	if p.Status != 422 || value != "Starlight <b>Ltd</b>" || !strings.Contains(p.Text(".error-summary"), "PNG or JPEG") {
		t.Fatalf("a wrong logo: got %d, %q, %q", p.Status, value, p.Text(".error-summary"))
	}
	if p := sendLetterhead(t, admin, "Starlight <b>Ltd</b>", append(picture.Bytes(), make([]byte, models.MaxLogoBytes)...)); p.Status != 422 {
		t.Errorf("a logo that is too large: got %d, want 422", p.Status)
	}
	if p := sendLetterhead(t, admin, "Starlight <b>Ltd</b>", picture.Bytes()); p.Status != 303 {
		t.Fatalf("got %d, want 303", p.Status)
	}
	viewer := site.SignIn(t, models.Viewer)
	logo := viewer.Get(t, "/team/logo")
	if logo.Status != 200 || logo.Header.Get("Content-Type") != "image/png" || logo.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("logo: got %d, %v", logo.Status, logo.Header)
	}
	o := place(t, site, freeOrder("data-lake", ""))
	sheet := viewer.Get(t, "/orders/"+strings.TrimSpace(itoa(o.Number))+"/print")
	if got := sheet.Text(".letter-name"); got != "Starlight <b>Ltd</b>" || !sheet.Has(".letterhead img") {
		t.Errorf("the paper begins with %q", got)
	}
	if got := site.SignInOther(t, models.Admin).Get(t, "/team/logo").Status; got != 404 {
		t.Errorf("another team's logo: got %d, want 404", got)
	}
	for _, role := range []models.Role{models.Viewer, models.Requester, models.Approver} {
		c := site.SignIn(t, role)
		if got := c.Get(t, "/team/letterhead").Status; got != 403 {
			t.Errorf("%s: got %d, want 403", role, got)
		}
		if got := sendLetterhead(t, c, "Mine\xff", nil).Status; got != 403 {
			t.Errorf("%s sends what is no text: got %d, want 403", role, got)
		}
		if got := sendLetterhead(t, c, "Mine", nil).Status; got != 403 {
			t.Errorf("%s changes it: got %d, want 403", role, got)
		}
	}
}
