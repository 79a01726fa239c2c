package checker

import (
	"slices"
	"strings"

	"quartermaster/views"
	"quartermaster/web/sign"
)

// maxCells bounds the work of aligning two texts, maxRows how many of their
// lines are shown.
const (
	maxCells = 1 << 20
	maxRows  = 400
)

// pieces cuts a text where its parts end: at line breaks, and for RPC V1, which
// has none, where a parameter ends.
func pieces(scheme sign.Scheme, text string) []string {
	if scheme != sign.RPC1 {
		return strings.Split(text, "\n")
	}
	head, params := "", text
	for range 2 {
		if at := strings.Index(params, "&"); at >= 0 {
			head, params = head+params[:at+1], params[at+1:]
		}
	}
	return append([]string{head}, strings.SplitAfter(params, "%26")...)
}

// Rows are the lines of our text, each with what it is: they explain a string
// to sign.
func Rows(scheme sign.Scheme, ours string) []views.SignatureRow {
	lines := pieces(scheme, ours)
	rows := make([]views.SignatureRow, len(lines))
	for i, line := range lines {
		rows[i] = views.SignatureRow{Ours: line, Part: part(scheme, lines, i), Mark: -1}
	}
	return rows
}

// part is what a line of our text is.
func part(scheme sign.Scheme, lines []string, i int) string {
	switch {
	case scheme == sign.RPC1 && i == 0:
		return "rpc-head"
	case scheme == sign.RPC1:
		return "param"
	case scheme == sign.ROA1 && i < 5:
		return []string{"method", "accept", "md5", "type", "date"}[i]
	case scheme == sign.OSS1 && i < 4:
		return []string{"method", "md5", "type", "date"}[i] // #nosec G602 -- i is below 4 here
	case scheme == sign.OSS1 && i == len(lines)-1:
		return "resource"
	case scheme == sign.OSS1:
		return "header"
	case scheme == sign.ROA1 && strings.HasPrefix(lines[i], "/"):
		return "resource"
	case lines[0] == string(scheme) && i == 0: // hashed already
		return "algorithm"
	case lines[0] == string(scheme) && scheme == sign.OSS4:
		return []string{"date", "scope", "hash"}[i+3-len(lines)]
	case lines[0] == string(scheme):
		return []string{"date", "hash"}[i+2-len(lines)]
	case scheme != sign.ROA1 && i < 3:
		return []string{"method", "path", "query"}[i] // #nosec G602 -- i is below 3 here
	case scheme != sign.ROA1 && i >= len(lines)-3:
		return []string{"blank", "signed", "digest"}[i+3-len(lines)]
	}
	return "header"
}

// compare puts two texts beside each other, line by line, and marks where the
// lines of a pair part.
func compare(scheme sign.Scheme, ours, theirs string) []views.SignatureRow {
	a, b := Rows(scheme, ours), pieces(scheme, theirs)
	head := 0
	for head < len(a) && head < len(b) && a[head].Ours == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail].Ours == b[len(b)-1-tail] {
		tail++
	}
	rows := make([]views.SignatureRow, 0, len(a))
	for _, row := range a[:head] {
		row.Theirs = row.Ours
		rows = append(rows, row)
	}
	rows = append(rows, align(a[head:len(a)-tail], b[head:len(b)-tail])...)
	for _, row := range a[len(a)-tail:] {
		row.Theirs = row.Ours
		rows = append(rows, row)
	}
	return rows
}

// align pairs the lines of two texts that have nothing in common at their ends:
// equal lines with each other, and of those between them the first with the
// first.
func align(a []views.SignatureRow, b []string) []views.SignatureRow {
	var rows []views.SignatureRow
	i, j := 0, 0
	for _, same := range append(common(a, b), [2]int{len(a), len(b)}) {
		rows = append(rows, between(a[i:same[0]], b[j:same[1]])...)
		if i, j = same[0], same[1]; i < len(a) && j < len(b) {
			row := a[i]
			row.Theirs = b[j]
			rows = append(rows, row)
		}
		i, j = i+1, j+1
	}
	return rows
}

// between pairs lines of which none are equal: those that begin alike, else by
// their places when there are as many of them.
func between(a []views.SignatureRow, b []string) []views.SignatureRow {
	var rows []views.SignatureRow
	if len(a)*len(b) > maxCells {
		b = b[:maxCells/len(a)]
	}
	for _, row := range a {
		at := slices.IndexFunc(b, func(theirs string) bool { return name(theirs) != "" && strings.EqualFold(name(theirs), name(row.Ours)) })
		if at < 0 && len(a) == len(b)+len(rows) && len(b) > 0 {
			at = 0
		}
		if at < 0 && len(a) == 1 && len(b) == 1 {
			at = 0
		}
		if at < 0 {
			row.Missing = true
			rows = append(rows, row)
			continue
		}
		for _, extra := range b[:at] {
			rows = append(rows, views.SignatureRow{Theirs: extra, Extra: true, Mark: -1})
		}
		row.Theirs = b[at]
		row.Mark = parting(row.Ours, row.Theirs)
		rows, b = append(rows, row), b[at+1:]
	}
	for _, extra := range b {
		rows = append(rows, views.SignatureRow{Theirs: extra, Extra: true, Mark: -1})
	}
	return rows
}

// name is what the line of a header or a parameter is called.
func name(line string) string {
	if at := strings.IndexAny(line, ":="); at > 0 && at < 60 {
		return line[:at]
	}
	if before, _, ok := strings.Cut(line, "%3D"); ok {
		return before
	}
	return ""
}

// common are the longest equal lines of both in their order, as pairs of
// places.
func common(a []views.SignatureRow, b []string) [][2]int {
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > maxCells {
		return nil
	}
	w := len(b) + 1
	length := make([]int32, (len(a)+1)*w)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].Ours == b[j] {
				length[i*w+j] = length[(i+1)*w+j+1] + 1
			} else {
				length[i*w+j] = max(length[(i+1)*w+j], length[i*w+j+1])
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].Ours == b[j]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[(i+1)*w+j] >= length[i*w+j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

// parting is the first character, counted from 0, at which two texts differ.
func parting(a, b string) int {
	x, y := []rune(a), []rune(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}
