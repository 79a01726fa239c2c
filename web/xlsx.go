package web

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// sheetRows is how many rows a sheet of a workbook can have.
const sheetRows = 1_048_576

// xlsx writes the few parts that a workbook needs, sheet after sheet, straight
// into the answer. (The library that could be used instead keeps large sheets in
// temporary files until the end, and is 7 MB to fetch.)
type xlsx struct {
	zip     *zip.Writer
	sheet   *bufio.Writer // nil before the first
	numbers []bool
	head    []string
	sheets  int
	most    int // rows of a sheet
	rows    int // of the sheet that is being written
	err     error
}

func newXLSX(w io.Writer, numbers []bool) *xlsx {
	f := &xlsx{zip: zip.NewWriter(w), numbers: numbers, most: sheetRows}
	f.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	return f
}

const (
	xmlHead   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	sheetML   = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	relations = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
	packageML = `http://schemas.openxmlformats.org/package/2006/`
	mainType  = `application/vnd.openxmlformats-officedocument.spreadsheetml.`
)

func (f *xlsx) part(name string) io.Writer {
	w, err := f.zip.Create(name)
	if err != nil {
		f.err = err
		return io.Discard
	}
	return w
}

func (f *xlsx) write(text string) {
	if _, err := f.sheet.WriteString(text); err != nil && f.err == nil {
		f.err = err
	}
}

// Row begins a new sheet with the first row when the sheet is full.
func (f *xlsx) Row(cells []string) {
	if f.head == nil {
		f.head = append([]string{}, cells...)
	}
	if f.sheet == nil || f.rows == f.most {
		f.end()
		f.sheets++
		f.sheet = bufio.NewWriter(f.part(fmt.Sprintf("xl/worksheets/sheet%d.xml", f.sheets)))
		f.rows = 0
		f.write(xmlHead + "<worksheet " + sheetML + "><sheetData>")
		if f.sheets > 1 {
			f.row(f.head, false)
		}
	}
	f.row(cells, f.rows > 0)
}

func (f *xlsx) row(cells []string, numbers bool) {
	f.rows++
	f.write("<row>")
	for i, cell := range cells {
		if numbers && i < len(f.numbers) && f.numbers[i] && plainNumber.MatchString(cell) {
			f.write("<c><v>" + cell + "</v></c>")
			continue
		}
		f.write(`<c t="inlineStr"><is><t xml:space="preserve">`)
		if err := xml.EscapeText(f.sheet, []byte(cell)); err != nil && f.err == nil {
			f.err = err
		}
		f.write("</t></is></c>")
	}
	f.write("</row>")
}

// end ends the sheet that is being written.
func (f *xlsx) end() {
	if f.sheet == nil {
		return
	}
	f.write("</sheetData></worksheet>")
	if err := f.sheet.Flush(); err != nil && f.err == nil {
		f.err = err
	}
}

// Flush implements Sheet.
func (f *xlsx) Flush() error { return f.err }

// Close writes what names the sheets, which are known only now.
func (f *xlsx) Close() error {
	f.end()
	var types, sheets, rels strings.Builder
	for i := 1; i <= f.sheets; i++ {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i, mainType)
		fmt.Fprintf(&sheets, `<sheet name="%d" sheetId="%d" r:id="r%d"/>`, i, i, i)
		fmt.Fprintf(&rels, `<Relationship Id="r%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i, relations, i)
	}
	for _, part := range [][2]string{
		{"xl/workbook.xml", `<workbook ` + sheetML + ` xmlns:r="` + relations + `"><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + packageML + `relationships">` + rels.String() + `</Relationships>`},
		{"_rels/.rels", `<Relationships xmlns="` + packageML + `relationships"><Relationship Id="r1" Type="` + relations + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", `<Types xmlns="` + packageML + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="` + mainType + `sheet.main+xml"/>` + types.String() + `</Types>`},
	} {
		if _, err := io.WriteString(f.part(part[0]), xmlHead+part[1]); err != nil && f.err == nil {
			f.err = err
		}
	}
	if err := f.zip.Close(); err != nil && f.err == nil {
		f.err = err
	}
	return f.err
}
