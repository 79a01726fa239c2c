package fold_test

import (
	"strings"
	"testing"

	"quartermaster/models/fold"
)

func TestTextsThatReadTheSameAreTheSame(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                "",
		"Ｃａｆé CAFE\u0301": "cafe cafe",
		"Straße ﬁn":       "strasse fin",
		"ΣΊΣΥΦΟΣ Йод":     "σισυφοσ иод",
		"İstanbul":        "istanbul",
		"１２ ㎏ ①":          "12 kg 1",
		"がｶﾞ ガ":           "がガ ガ",
		"한글":              "한글",
		"知识仓":             "知识仓",
		"a-b_c\tD":        "a-b_c\td",
		"\xff A":          "\ufffd a",
		"می\u200cخواهم":   "میخواهم",
	} {
		if got := fold.Text(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if again := fold.Text(fold.Text(text)); again != fold.Text(text) {
			t.Errorf("%q: folded twice it is %q", text, again)
		}
	}
}

func TestHanComesInPairsAndTheRestInWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "",
		" ,. ":                    "",
		"Store's  Knowledge-base": "store s knowledge base",
		"资源台保管知识仓。":               "资源 源台 台保 保管 管知 知识 识仓",
		"仓 A100型GPU服务器 v1.2":      "仓 a100 型 gpu 服务 务器 v1 2",
		"𠮷野家":                     "𠮷野 野家",
	} {
		if got := strings.Join(fold.Words(text), " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
