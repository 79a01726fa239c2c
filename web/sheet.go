package web

import (
	"encoding/csv"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

// Sheet is an answer for spreadsheets. It is sent while it is written, so that a
// long table needs no more memory than a short one.
type Sheet interface {
	// Row writes a row. What a cell holds is text, also when it looks like a
	// formula or a long number.
	Row(cells []string)
	// Flush sends the rows so far and returns what went wrong since the last
	// time.
	Flush() error
	// Close sends what is left.
	Close() error
}

// NewSheet begins an answer that browsers keep as a file of that name, which is
// plain ASCII, with a format behind it: "csv" or "xlsx". numbers are the columns
// that hold numbers, for formats that tell them from text.
func NewSheet(c *gin.Context, name, format string, numbers []bool) (Sheet, error) {
	h := c.Writer.Header()
	h.Set("Content-Disposition", `attachment; filename="`+name+"."+format+`"`)
	h.Set("Cache-Control", "no-store")
	if format == "xlsx" {
		h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
		return newXLSX(c.Writer, numbers), nil
	}
	h.Set("Content-Type", "text/csv; charset=utf-8")
	// Spreadsheets recognise the encoding by the byte-order mark.
	if _, err := c.Writer.WriteString("\ufeff"); err != nil {
		return nil, err
	}
	w := csv.NewWriter(c.Writer)
	w.UseCRLF = true
	return &csvSheet{w: w}, nil
}

type csvSheet struct {
	w    *csv.Writer
	safe []string
}

var (
	plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	// A number of more digits than longNumber is shown rounded by spreadsheets.
	longNumber = regexp.MustCompile(`^[0-9]{12,}$`)
)

func (f *csvSheet) Row(cells []string) {
	f.safe = f.safe[:0]
	for _, cell := range cells {
		switch {
		case longNumber.MatchString(cell):
			cell += "\t" // which nobody sees, and makes it a text
		case strings.IndexAny(cell, "=+-@\t\r\n＝＋－＠") == 0 && !plainNumber.MatchString(cell):
			cell = "'" + cell // shown as text, and not calculated
		}
		f.safe = append(f.safe, cell)
	}
	_ = f.w.Write(f.safe) // kept until Flush
}

func (f *csvSheet) Flush() error {
	f.w.Flush()
	return f.w.Error()
}

func (f *csvSheet) Close() error { return f.Flush() }
