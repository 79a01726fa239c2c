package i18n

import (
	"context"
	"fmt"
	"strings"
)

// AmountInWords is an amount in hundredths of a currency as paper spells it
// out, so that nobody adds a digit; it is "" where nothing is to pay. In Chinese
// only CNY is ever spelled, with 人民币 directly before it.
func AmountInWords(ctx context.Context, minor int64, currency string) string {
	if minor == 0 {
		return ""
	}
	if Lang(ctx) != "zh" {
		n := magnitude(minor)
		words := fmt.Sprintf("%s and %02d/100 %s", english(n/100), n%100, currency)
		if minor < 0 {
			words = "minus " + words
		}
		return strings.ToUpper(words[:1]) + words[1:]
	}
	if currency != "CNY" {
		return ""
	}
	return "人民币" + CapitalCNY(minor)
}

var capitals = []string{"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"}

// CapitalCNY is an amount in fen in the capital characters of Chinese bills:
// 壹万贰仟捌佰伍拾贰元整. It ends in 整 unless it has fen, and writes one 零 for zeros
// between other digits.
func CapitalCNY(minor int64) string {
	n := magnitude(minor)
	yuan, jiao, fen := n/100, n/10%10, n%10
	var b strings.Builder
	if minor < 0 {
		b.WriteString("负")
	}
	if yuan > 0 || n == 0 {
		b.WriteString(capital(yuan) + "元")
	}
	if jiao > 0 {
		b.WriteString(capitals[jiao] + "角")
	}
	switch {
	case fen == 0:
		b.WriteString("整")
	case jiao == 0 && yuan > 0:
		b.WriteString("零")
		fallthrough
	default:
		b.WriteString(capitals[fen] + "分")
	}
	return b.String()
}

// capital writes a whole number: what stands before the largest unit it
// reaches, that unit, and the rest, with 零 where the rest is too short to
// follow at once.
func capital(n uint64) string {
	for _, u := range []struct {
		name string
		size uint64
	}{{"亿", 1_0000_0000}, {"万", 1_0000}, {"仟", 1000}, {"佰", 100}, {"拾", 10}} {
		if n < u.size {
			continue
		}
		s, rest := capital(n/u.size)+u.name, n%u.size
		switch {
		case rest == 0:
			return s
		case rest < u.size/10:
			s += "零"
		}
		return s + capital(rest)
	}
	return capitals[n]
}

var (
	ones = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
		"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}
	tens = []string{"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
)

// english writes a whole number: twelve thousand eight hundred fifty-two.
func english(n uint64) string {
	for _, u := range []struct {
		name string
		size uint64
	}{{"quadrillion", 1e15}, {"trillion", 1e12}, {"billion", 1e9}, {"million", 1e6}, {"thousand", 1000}, {"hundred", 100}} {
		if n < u.size {
			continue
		}
		s := english(n/u.size) + " " + u.name
		if rest := n % u.size; rest > 0 {
			s += " " + english(rest)
		}
		return s
	}
	switch {
	case n < 20:
		return ones[n]
	case n%10 == 0:
		return tens[n/10]
	}
	return tens[n/10] + "-" + ones[n%10]
}
