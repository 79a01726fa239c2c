package ui_test

import (
	"context"
	"strings"
	"testing"

	"quartermaster/views/ui"
)

func TestWhatIsNotSeenIsMarked(t *testing.T) {
	t.Parallel()
	const key, marked = "oss://b/gpj\u202ezip\n\x1b\u200b.exe👩\u200d💻a\u200db🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f\U000e0067",
		"oss://b/gpj⟨202E⟩zip⟨A⟩⟨1B⟩⟨200B⟩.exe👩\u200d💻a⟨200D⟩b🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f⟨E0067⟩"
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
