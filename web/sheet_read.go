package web

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// ErrSheet says that a file is neither a CSV nor an XLSX, or larger than what is read.
var ErrSheet = errors.New("no sheet that can be read")

const (
	// mostColumns and mostCell bound a row of a sheet that is read, mostPart a part of
	// an XLSX.
	mostColumns, mostCell, mostPart = 64, 1000, 16 << 20
)

// ReadSheet is the rows of a CSV or of the first sheet of an XLSX, at most so many, as
// texts. Nothing is calculated: a formula is its own text, behind "=". A CSV may be
// in UTF-8 or, as Chinese Excel writes it, in GB 18030.
func ReadSheet(file []byte, most int) ([][]string, error) {
	var rows [][]string
	var err error
	if bytes.HasPrefix(file, []byte("PK\x03\x04")) {
		rows, err = readXLSX(file, most)
	} else {
		rows, err = readCSV(file, most)
	}
	if err != nil || len(rows) == 0 {
		return nil, ErrSheet
	}
	return rows, nil
}

func readCSV(file []byte, most int) ([][]string, error) {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(file) {
		var err error
		if file, err = simplifiedchinese.GB18030.NewDecoder().Bytes(file); err != nil {
			return nil, err
		}
	}
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord = -1
	var rows [][]string
	for {
		row, err := r.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil || len(rows) == most || len(row) > mostColumns {
			return nil, ErrSheet
		}
		for i, cell := range row {
			if len(cell) > mostCell {
				return nil, ErrSheet
			}
			cell = strings.ReplaceAll(cell, "\x00", "") // which no database takes
			// What Row puts before and behind a cell so that it stays a text.
			if cell = strings.TrimSpace(cell); len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune("=+-@", rune(cell[1])) {
				cell = cell[1:]
			}
			row[i] = cell
		}
		rows = append(rows, row)
	}
}

// xlsxText is a text of an XLSX, whole or in runs.
type xlsxText struct {
	T    string   `xml:"t"`
	Runs []string `xml:"r>t"`
}

func (t xlsxText) text() string { return t.T + strings.Join(t.Runs, "") }

func readXLSX(file []byte, most int) ([][]string, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	var shared []string
	err = eachElement(z, "xl/sharedStrings.xml", "si", func(d *xml.Decoder, start *xml.StartElement) error {
		var t xlsxText
		err := d.DecodeElement(&t, start)
		shared = append(shared, t.text())
		return err
	})
	if err != nil && !errors.Is(err, errNoPart) {
		return nil, err
	}
	var rows [][]string
	err = eachElement(z, "xl/worksheets/sheet1.xml", "row", func(d *xml.Decoder, start *xml.StartElement) error {
		var row struct {
			C []struct {
				R  string   `xml:"r,attr"`
				T  string   `xml:"t,attr"`
				F  *string  `xml:"f"`
				V  string   `xml:"v"`
				Is xlsxText `xml:"is"`
			} `xml:"c"`
		}
		if err := d.DecodeElement(&row, start); err != nil {
			return err
		}
		if len(rows) == most || len(row.C) > mostColumns {
			return ErrSheet
		}
		var cells []string
		for _, c := range row.C {
			if at := columnAt(c.R); at >= mostColumns {
				return ErrSheet
			} else {
				for len(cells) < at {
					cells = append(cells, "")
				}
			}
			text := c.V
			switch n, err := strconv.Atoi(c.V); {
			case c.F != nil:
				text = "=" + *c.F
			case c.T == "inlineStr":
				text = c.Is.text()
			case c.T == "s" && (err != nil || n < 0 || n >= len(shared)):
				return ErrSheet
			case c.T == "s":
				text = shared[n]
			}
			if len(text) > mostCell {
				return ErrSheet
			}
			cells = append(cells, strings.TrimSpace(text))
		}
		rows = append(rows, cells)
		return nil
	})
	return rows, err
}

// columnAt is the column of a cell's name from 0: 1 for "B7", 0 where it has none.
func columnAt(name string) int {
	n := 0
	for _, r := range name {
		if r < 'A' || r > 'Z' || n > mostColumns {
			break
		}
		n = n*26 + int(r-'A') + 1
	}
	return max(n-1, 0)
}

var errNoPart = errors.New("no such part")

// eachElement calls do with each element of a name in a part of an XLSX.
func eachElement(z *zip.Reader, part, name string, do func(*xml.Decoder, *xml.StartElement) error) error {
	f, err := z.Open(part)
	if err != nil {
		return errNoPart
	}
	defer f.Close()
	d := xml.NewDecoder(io.LimitReader(f, mostPart))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if start, is := token.(xml.StartElement); is && start.Name.Local == name {
			if err := do(d, &start); err != nil {
				return err
			}
		}
	}
}
