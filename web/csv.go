package web

import (
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"
)

// CSV is an answer for spreadsheets. It is sent while it is written, so that a
// long table needs no more memory than a short one.
type CSV struct{ w *csv.Writer }

// NewCSV begins an answer that browsers keep as a file of that name, which is
// plain ASCII. It begins with a byte-order mark, so that spreadsheets recognise
// its encoding.
func NewCSV(c *gin.Context, name string) (*CSV, error) {
	h := c.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	h.Set("Cache-Control", "no-store")
	if _, err := c.Writer.WriteString("\ufeff"); err != nil {
		return nil, err
	}
	w := csv.NewWriter(c.Writer)
	w.UseCRLF = true
	return &CSV{w: w}, nil
}

// Row writes a row. A cell that a spreadsheet would take for a formula begins
// with an apostrophe instead, which it shows as text.
func (f *CSV) Row(cells ...string) {
	safe := make([]string, len(cells))
	for i, cell := range cells {
		if strings.IndexAny(cell, "=+-@\t\r\n＝＋－＠") == 0 {
			cell = "'" + cell
		}
		safe[i] = cell
	}
	_ = f.w.Write(safe) // kept until Flush
}

// Flush sends the rows so far and returns what went wrong since the last time.
func (f *CSV) Flush() error {
	f.w.Flush()
	return f.w.Error()
}
