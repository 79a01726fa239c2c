package web_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"quartermaster/web"
)

// sheetRow has what spreadsheets are known to spoil: a formula, a long number, a
// negative amount, markup and what XML cannot have.
var sheetRow = []string{"=1+1", "202611210000001", "-12.50", `<b>"&'</b>`, "中文\x00", " two\nlines"}

// sheetOf is a file with a head and sheetRow so often.
func sheetOf(t *testing.T, format string, rows int) []byte {
	t.Helper()
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.GET("/rows", web.Page(func(c *gin.Context) error {
			s, err := web.NewSheet(c, "rows", format, []bool{false, false, true})
			if err != nil {
				return err
			}
			s.Row([]string{"a", "b", "c", "d", "e", "f"})
			for range rows {
				s.Row(sheetRow)
			}
			return s.Close()
		}))
	})
	res, err := http.Get(site.URL + "/rows")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Disposition"); got != `attachment; filename="rows.`+format+`"` {
		t.Errorf("%s: got %s", format, got)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestACSVIsTextToSpreadsheets(t *testing.T) {
	t.Parallel()
	body, marked := strings.CutPrefix(string(sheetOf(t, "csv", 1)), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	want := []string{"'=1+1", "202611210000001\t", "-12.50", sheetRow[3], sheetRow[4], sheetRow[5]}
	if err != nil || !marked || len(rows) != 2 || !slices.Equal(rows[1], want) {
		t.Errorf("got %q, %v, mark %t; want %q", rows, err, marked, want)
	}
}

// workbook is what a reader of XLSX finds.
func workbook(t *testing.T, body []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if parts[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(parts[f.Name], new(struct{})); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	return parts
}

func TestAnXLSXHoldsTextAsText(t *testing.T) {
	t.Parallel()
	parts := workbook(t, sheetOf(t, "xlsx", 1))
	var sheet struct {
		Rows []struct {
			Cells []struct {
				Type   string `xml:"t,attr"`
				Number string `xml:"v"`
				Text   string `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	if err := xml.Unmarshal(parts["xl/worksheets/sheet1.xml"], &sheet); err != nil || len(sheet.Rows) != 2 {
		t.Fatalf("got %d rows, %v", len(sheet.Rows), err)
	}
	var got []string
	for _, c := range sheet.Rows[1].Cells {
		got = append(got, c.Type+" "+c.Number+c.Text)
	}
	want := []string{"inlineStr =1+1", "inlineStr 202611210000001", " -12.50", "inlineStr " + sheetRow[3], "inlineStr 中文\ufffd", "inlineStr  two\nlines"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, part := range []string{"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"} {
		if len(parts[part]) == 0 {
			t.Errorf("there is no %s", part)
		}
	}
}

func TestAnXLSXGoesOnOnAnotherSheet(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	s := web.SmallXLSX(&b, 3)
	for _, cell := range []string{"head", "1", "2", "3", "4", "5"} {
		s.Row([]string{cell})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	parts := workbook(t, b.Bytes())
	for sheet, want := range map[string][]string{"1": {"head", "1", "2"}, "2": {"head", "3", "4"}, "3": {"head", "5"}} {
		text := string(parts["xl/worksheets/sheet"+sheet+".xml"])
		if strings.Count(text, "<row>") != len(want) || slices.ContainsFunc(want, func(s string) bool { return !strings.Contains(text, ">"+s+"<") }) {
			t.Errorf("sheet %s: got %s, want %q", sheet, text, want)
		}
	}
}
