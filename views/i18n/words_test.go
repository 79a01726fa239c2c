package i18n_test

import (
	"math"
	"testing"

	"quartermaster/views/i18n"
)

func TestCapitalAmountsFollowTheRulesOfBills(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		minor int64
		want  string
	}{
		// whole yuan
		{0, "零元整"},
		{1_00, "壹元整"},
		{10_00, "壹拾元整"},
		{12_00, "壹拾贰元整"},
		{20_00, "贰拾元整"},
		{100_00, "壹佰元整"},
		{101_00, "壹佰零壹元整"},
		{110_00, "壹佰壹拾元整"},
		{1000_00, "壹仟元整"},
		{1001_00, "壹仟零壹元整"},
		{1010_00, "壹仟零壹拾元整"},
		{1100_00, "壹仟壹佰元整"},
		{12_852_00, "壹万贰仟捌佰伍拾贰元整"},
		{9_876_543_21, "玖佰捌拾柒万陆仟伍佰肆拾叁元贰角壹分"},
		// noughts around the groups of four
		{1_0000_00, "壹万元整"},
		{1_0001_00, "壹万零壹元整"},
		{1_0010_00, "壹万零壹拾元整"},
		{1_0100_00, "壹万零壹佰元整"},
		{1_1000_00, "壹万壹仟元整"},
		{10_0000_00, "壹拾万元整"},
		{10_5000_00, "壹拾万伍仟元整"},
		{10_0500_00, "壹拾万零伍佰元整"},
		{100_0000_00, "壹佰万元整"},
		{1000_0000_00, "壹仟万元整"},
		{1001_0001_00, "壹仟零壹万零壹元整"},
		{1_0000_0000_00, "壹亿元整"},
		{1_0000_0001_00, "壹亿零壹元整"},
		{1_0000_1000_00, "壹亿零壹仟元整"},
		{1_0001_0000_00, "壹亿零壹万元整"},
		{1_0010_0010_00, "壹亿零壹拾万零壹拾元整"},
		{1_1000_0000_00, "壹亿壹仟万元整"},
		{10_0000_0000_00, "壹拾亿元整"},
		{2020_0202_2020_00, "贰仟零贰拾亿零贰佰零贰万贰仟零贰拾元整"},
		{1_0000_0000_0000_00, "壹万亿元整"},
		{1_0001_0000_0001_00, "壹万零壹亿零壹元整"},
		{10_0000_0000_0000_00, "壹拾万亿元整"}, // 10^15 fen
		// jiao and fen
		{5, "伍分"},
		{50, "伍角整"},
		{55, "伍角伍分"},
		{1_05, "壹元零伍分"},
		{1_50, "壹元伍角整"},
		{1_55, "壹元伍角伍分"},
		{10_05, "壹拾元零伍分"},
		{10_50, "壹拾元伍角整"},
		// the examples of the rules for filling in bills
		{1409_50, "壹仟肆佰零玖元伍角整"},
		{6007_14, "陆仟零柒元壹角肆分"},
		{1680_32, "壹仟陆佰捌拾元叁角贰分"},
		{107_000_53, "壹拾万柒仟元伍角叁分"},
		{16_409_02, "壹万陆仟肆佰零玖元零贰分"},
		{325_04, "叁佰贰拾伍元零肆分"},
		// below nought, and as far as numbers go
		{-12_852_00, "负壹万贰仟捌佰伍拾贰元整"},
		{-5, "负伍分"},
		{math.MaxInt64, "玖亿贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零柒分"},
	} {
		if got := i18n.CapitalCNY(tt.minor); got != tt.want {
			t.Errorf("%d fen: got %s, want %s", tt.minor, got, tt.want)
		}
	}
}

func TestAmountsAreSpelledInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lang     string
		minor    int64
		currency string
		want     string
	}{
		{"zh", 12_852_00, "CNY", "人民币壹万贰仟捌佰伍拾贰元整"},
		{"zh", 12_852_00, "USD", ""},
		{"zh", 216_00, "CNY", "人民币贰佰壹拾陆元整"},
		{"zh", 0, "CNY", ""},
		{"en", 0, "CNY", ""},
		{"en", 5, "CNY", "Zero and 05/100 CNY"},
		{"en", 1_05, "CNY", "One and 05/100 CNY"},
		{"en", 12_852_00, "CNY", "Twelve thousand eight hundred fifty-two and 00/100 CNY"},
		{"en", 1_000_040_19, "USD", "One million forty and 19/100 USD"},
		{"en", -113_00, "CNY", "Minus one hundred thirteen and 00/100 CNY"},
		{"en", 1e15, "CNY", "Ten trillion and 00/100 CNY"},
		{"en", math.MinInt64, "CNY", "Minus ninety-two quadrillion two hundred thirty-three trillion seven hundred twenty billion three hundred sixty-eight million five hundred forty-seven thousand seven hundred fifty-eight and 08/100 CNY"},
	} {
		if got := i18n.AmountInWords(reader(tt.lang), tt.minor, tt.currency); got != tt.want {
			t.Errorf("%d %s in %s: got %q, want %q", tt.minor, tt.currency, tt.lang, got, tt.want)
		}
	}
}
