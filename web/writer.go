package web

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

// writer is gin's writer of an answer, which lets the HTTP server read a file
// itself and not through buffers.
type writer struct {
	gin.ResponseWriter
	sent int // bytes that it did not see
}

// ReadFrom implements io.ReaderFrom.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	w.WriteHeaderNow()
	n, err := io.Copy(w.Unwrap(), r)
	w.sent += int(n)
	return n, err
}

// Unwrap is the writer of the HTTP server, which http.ResponseController looks for.
func (w *writer) Unwrap() http.ResponseWriter {
	return w.ResponseWriter.(interface{ Unwrap() http.ResponseWriter }).Unwrap()
}

// Size implements gin.ResponseWriter.
func (w *writer) Size() int { return w.ResponseWriter.Size() + w.sent }
