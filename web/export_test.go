package web

import "io"

// SmallXLSX is a workbook whose sheets hold that many rows.
func SmallXLSX(w io.Writer, most int) Sheet {
	f := newXLSX(w, nil)
	f.most = most
	return f
}
