package web

import (
	"errors"
	"io"
	"net/http"

	"quartermaster/models"
)

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
// large, or the broken rule "upload_broken" of the field it was for.
func BrokenUpload(field string, err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return models.Invalid{{Field: field, Rule: "upload_broken"}}
}
