package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
)

// wholeBody is where the limits keep the body for the routes that may read more
// of it.
const wholeBody = "web.body"

// Upload lets the body of a route hold up to max bytes, and take as long as it
// gets on.
func Upload(max int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if body, ok := c.Value(wholeBody).(io.ReadCloser); ok {
			c.Request.Body = http.MaxBytesReader(c.Writer, body, max)
		}
		if way := connOf(c.Request.Context()); way != nil {
			way.awaitUpload()
		}
		c.Next()
	}
}

// Incoming is a body that is read while it arrives. It remembers when it could
// not be read, which is no fault of whoever reads it.
type Incoming struct {
	io.Reader
	Err error
}

// Read implements io.Reader.
func (r *Incoming) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.Err = err
	}
	return n, err
}

// BrokenUpload is what to answer when a body could not be read: that it is too
// large or was given up, or the broken rule "upload_broken" of the field it was
// for.
func BrokenUpload(field string, err error) error {
	if unread(err) {
		return err
	}
	return models.Invalid{{Field: field, Rule: "upload_broken"}}
}

// unread tells whether a body could not be read for a reason that has a status
// of its own: it is too large, it does not get on, the server stops. Any other
// is a fault of what was sent.
func unread(err error) bool {
	var large *http.MaxBytesError
	return errors.As(err, &large) || gaveUp(err)
}
