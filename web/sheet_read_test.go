package web_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"quartermaster/web"
)

func TestSheetsThatAreWrittenAreReadAgain(t *testing.T) {
	t.Parallel()
	want := slices.Clone(sheetRow)
	want[4], want[5] = "中文", "two\nlines"
	for _, format := range []string{"csv", "xlsx"} {
		rows, err := web.ReadSheet(sheetOf(t, format, 2), 10)
		if err != nil || len(rows) != 3 || !slices.Equal(rows[0], []string{"a", "b", "c", "d", "e", "f"}) {
			t.Fatalf("%s: got %q, %v", format, rows, err)
		}
		for i, cell := range rows[2] {
			if got := strings.Trim(cell, "\x00�"); got != want[i] {
				t.Errorf("%s: got %q, want %q", format, got, want[i])
			}
		}
	}
}

// book is an XLSX with a sheet and shared texts.
func book(t *testing.T, sheet, shared string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + sheet + "</sheetData></worksheet>", "xl/sharedStrings.xml": "<sst>" + shared + "</sst>"} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFormulasAreTextsAndCellsStandWhereTheyAreNamed(t *testing.T) {
	t.Parallel()
	rows, err := web.ReadSheet(book(t, `<row><c r="A1" t="s"><v>1</v></c><c r="D1"><f>1+1</f><v>2</v></c></row><row><c r="B2"><v>46357</v></c></row>`,
		`<si><t>a</t></si><si><r><t>价</t></r><r><t>格</t></r></si>`), 10)
	if err != nil || len(rows) != 2 || !slices.Equal(rows[0], []string{"价格", "", "", "=1+1"}) || !slices.Equal(rows[1], []string{"", "46357"}) {
		t.Errorf("got %q, %v", rows, err)
	}
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String("价格,来源\r\n1,报价单\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := web.ReadSheet([]byte(gbk), 10); err != nil || rows[1][1] != "报价单" {
		t.Errorf("as Chinese Excel writes it: got %q, %v", rows, err)
	}
}

func TestWhatIsNoSheetIsRefused(t *testing.T) {
	t.Parallel()
	for what, file := range map[string][]byte{
		"nothing":           {},
		"an open quote":     []byte("a,\"b\n"),
		"too many lines":    []byte(strings.Repeat("a\n", 11)),
		"too many columns":  []byte(strings.Repeat("a,", 100)),
		"a long cell":       []byte(strings.Repeat("a", 1001)),
		"half a zip":        []byte("PK\x03\x04 and so on"),
		"no such text":      book(t, `<row><c r="A1" t="s"><v>7</v></c></row>`, ""),
		"a far column":      book(t, `<row><c r="XFD1"><v>7</v></c></row>`, ""),
		"too many rows":     book(t, strings.Repeat(`<row><c r="A1"><v>7</v></c></row>`, 11), ""),
		"entities":          book(t, `<row><c r="A1"><v>&lol;</v></c></row>`, ""),
		"an enormous sheet": book(t, fmt.Sprintf(`<row><c r="A1"><v>%s</v></c></row>`, strings.Repeat(" ", 17<<20)), ""),
	} {
		if rows, err := web.ReadSheet(file, 10); !errors.Is(err, web.ErrSheet) {
			t.Errorf("%s: got %d rows, %v", what, len(rows), err)
		}
	}
}
