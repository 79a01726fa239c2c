package ui_test

import (
	"context"
	"strings"
	"testing"

	"quartermaster/views/ui"
)

func TestWhatIsNotSeenIsMarked(t *testing.T) {
	t.Parallel()
	const key, marked = "oss://b/gpj\u202ezip\n\x1b\u200b.exe", "oss://b/gpj⟨202E⟩zip⟨A⟩⟨1B⟩⟨200B⟩.exe"
	var b strings.Builder
	if err := ui.Facts([]ui.Row{{Label: "address", Value: key, Copy: true}, {Label: "type", Value: key, Mono: true}}).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), marked); got != 3 {
		t.Errorf("marked %d times, want in both codes and in the button's words:\n%s", got, b.String())
	}
	if got := strings.Count(b.String(), "\u202e"); got != 1 {
		t.Errorf("as it is %d times, want once, for the button to copy", got)
	}
}
