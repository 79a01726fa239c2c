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
	if p.Status != 200 || !p.Has("details#CreateStorage tbody tr") {
		t.Fatalf("got %d without the rows of CreateStorage", p.Status)
	}
	rows, words := p.Find("details#CreateStorage tbody tr").Length(), p.Text("details#CreateStorage summary")
	if want := "of " + itoa(int64(rows)) + " rows tested"; !strings.Contains(words, want) {
		t.Errorf("got %q, want %q", words, want)
	}
	if !strings.Contains(p.Text("main"), "Not tested") {
		t.Error("nothing is said of what no test tried")
	}
}
