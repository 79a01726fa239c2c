package handlers_test

import (
	"strings"
	"testing"

	"quartermaster/models"
)

func TestConformancePageSaysWhatNoTestTried(t *testing.T) {
	t.Parallel()
	c := open(t).SignIn(t, models.Viewer)
	p := c.Get(t, "/api/conformance")
	if p.Status != 200 || p.Has("tbody tr") || p.Find("*").Length() > 1000 {
		t.Fatalf("got %d with %d elements, want the operations without their rows", p.Status, p.Find("*").Length())
	}
	p = c.Get(t, p.Links("#CreateStorage")[0])
	if p.Status != 200 || !p.Has("#CreateStorage tbody tr") || p.Find("table").Length() != 1 {
		t.Fatalf("got %d without the rows of CreateStorage alone", p.Status)
	}
	rows, words := p.Find("#CreateStorage tbody tr").Length(), p.Text("#CreateStorage .matrix-head")
	if want := "of " + itoa(int64(rows)) + " rows tested"; !strings.Contains(words, want) {
		t.Errorf("got %q, want %q", words, want)
	}
	for _, at := range p.Links(".matrix-head") {
		if strings.Contains(c.Get(t, at).Text("tbody"), "Not tested") {
			return
		}
	}
	t.Error("nothing is said of what no test tried")
}
