package web

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
)

// wholeBody is where the limits keep the body for the routes that may read more
// of it.
const wholeBody = "web.body"

// patience is how long one read or write of a long exchange may take.
const patience = time.Minute

// Stream is for routes that take long because they carry much, or that stay
// open: uploads, downloads, live events. The body may hold up to max bytes, and
// instead of one deadline for everything each read and each write has its own.
func Stream(max int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		s := stream{http.NewResponseController(c.Writer)}
		body, ok := c.Value(wholeBody).(io.ReadCloser)
		if ok && c.Request.ContentLength != 0 {
			c.Request.Body = http.MaxBytesReader(c.Writer, streamBody{body, s}, max)
		} else {
			s.restRead()
		}
		c.Writer = streamWriter{c.Writer, s}
		c.Next()
	}
}

// A stream moves the deadlines of a connection. A connection that has none, as
// in some tests, does without.
type stream struct{ ctl *http.ResponseController }

func (s stream) read()     { _ = s.ctl.SetReadDeadline(models.SystemClock().Add(patience)) }
func (s stream) write()    { _ = s.ctl.SetWriteDeadline(models.SystemClock().Add(patience)) }
func (s stream) restRead() { _ = s.ctl.SetReadDeadline(time.Time{}) }

type streamBody struct {
	io.ReadCloser
	stream stream
}

func (b streamBody) Read(p []byte) (int, error) {
	b.stream.read()
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.stream.restRead()
	}
	return n, err
}

type streamWriter struct {
	gin.ResponseWriter
	stream stream
}

func (w streamWriter) Write(p []byte) (int, error) {
	w.stream.write()
	return w.ResponseWriter.Write(p)
}

func (w streamWriter) WriteString(s string) (int, error) {
	w.stream.write()
	return w.ResponseWriter.WriteString(s)
}

// Unwrap lets a response controller reach the connection.
func (w streamWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
