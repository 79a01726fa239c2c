package fold_test

import (
	"testing"

	"quartermaster/models/fold"
)

func TestJoinersStayWhereTheyShapeWhatIsRead(t *testing.T) {
	t.Parallel()
	for _, kept := range []string{"", "👩\u200d💻", "👩🏽\u200d💻", "🏳\ufe0f\u200d🌈", "ශ\u0dca\u200dරී", "می\u200cخواهم", "क\u094d\u200dष", "a\u202eb", "a\u2060b", "a\n\tb", "\xff\u200b "} {
		if got := fold.Tidy(kept); got != kept {
			t.Errorf("%+q: got %+q", kept, got)
		}
	}
	for text, want := range map[string]string{
		" a\u200bb\u00adc ":    "abc",
		"\ufeff資源":             "資源",
		"cafe\u200b\u0301":     "café",
		"v\u200d3 版\u200c本":    "v3 版本",
		"\u200d👩\u200d \u200d": "👩",
		"\u200b \u200b":        "",
	} {
		if got := fold.Tidy(text); got != want {
			t.Errorf("%+q: got %+q, want %+q", text, got, want)
		}
	}
}
