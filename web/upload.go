package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"

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
		AllowUpload(c, max)
		c.Next()
	}
}

// AllowBody lets the body of a request hold up to max bytes.
func AllowBody(c *gin.Context, max int64) {
	if body, ok := c.Value(wholeBody).(io.ReadCloser); ok {
		c.Request.Body = http.MaxBytesReader(c.Writer, body, max)
	}
}

// AllowUpload is AllowBody, and lets the body take as long as it gets on.
func AllowUpload(c *gin.Context, max int64) {
	AllowBody(c, max)
	if way := connOf(c.Request.Context()); way != nil {
		way.awaitUpload()
	}
}

// FormRoom is what a form has around its files: fields, names, boundaries.
const FormRoom = 1 << 20

// Incoming is a file of a form that is read while it arrives.
type Incoming struct {
	io.Reader
	// Name is what it is called where it comes from, Type what it is said to be.
	Name, Type string
	// Field is the field of the form that it is of.
	Field string
	// Fields are those that came before it.
	Fields url.Values

	err error
}

// Read implements io.Reader.
func (r *Incoming) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// Receive reads a form with files, part by part as it comes, and never a whole
// file into memory: each file of one of the fields is handed to keep, the other
// fields are left where Decode finds them. A form of more than most parts, or with
// more text than there is room for, is models.ErrTooLarge; one that breaks off breaks
// the rule "upload_broken" of the field. A form that cannot have files is left
// alone.
func Receive(c *gin.Context, most int, keep func(*Incoming) error, fields ...string) error {
	field := fields[0]
	kind, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil
	}
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return brokenUpload(field, err)
	}
	values := url.Values{}
	c.Request.Form, c.Request.PostForm = values, values
	c.Request.MultipartForm = &multipart.Form{Value: values}
	for room, n := FormRoom, 0; ; n++ {
		part, err := parts.NextRawPart()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return brokenUpload(field, err)
		case n == most:
			return models.ErrTooLarge
		case part.FileName() == "":
			err = addText(values, part, field, &room)
		case slices.Contains(fields, part.FormName()):
			in := &Incoming{Reader: part, Name: part.FileName(), Type: part.Header.Get("Content-Type"), Field: part.FormName(), Fields: values}
			if err = keep(in); in.err != nil {
				err = brokenUpload(in.Field, in.err)
			}
		}
		if err != nil {
			return err
		}
	}
}

// addText adds a part that is no file to the values that came before it, as long
// as there is room.
func addText(values url.Values, part *multipart.Part, field string, room *int) error {
	text, err := io.ReadAll(io.LimitReader(part, int64(*room)+1))
	if err != nil {
		return brokenUpload(field, err)
	}
	if *room -= len(part.FormName()) + len(text); *room < 0 {
		return models.ErrTooLarge
	}
	values.Add(part.FormName(), string(text))
	return nil
}

// brokenUpload is what to answer when a body could not be read: that it is too
// large or was given up, or the broken rule "upload_broken" of the field it was
// for.
func brokenUpload(field string, err error) error {
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
