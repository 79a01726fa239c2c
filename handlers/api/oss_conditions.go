package api

import (
	"crypto/md5" // #nosec G501 -- Content-MD5, as documented
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"

	"quartermaster/models"
)

// intact refuses a body that is not the one whose digest was sent.
func intact(sent string, body []byte) error {
	if sent == "" {
		return nil
	}
	want, err := digest(sent)
	if err != nil {
		return err
	}
	if got := md5.Sum(body); subtle.ConstantTimeCompare(got[:], want) != 1 { // #nosec G401 -- Content-MD5, as documented
		return ossInvalidDigest
	}
	return nil
}

// conditions are what a request expects of an object before it reads it.
type conditions struct{ match, unmodified, noneMatch, modified string }

// conditions are those of a request whose headers begin with prefix.
func (c *Call) conditions(prefix string) conditions {
	of := func(name string) string { return c.header(prefix + name) }
	return conditions{of("if-match"), of("if-unmodified-since"), of("if-none-match"), of("if-modified-since")}
}

// hold refuses an object that is not as expected, and tells whether it has changed
// since the reader saw it. A time that cannot be read expects nothing.
func (q conditions) hold(o *models.Object) (changed bool, err error) {
	at := o.CreatedAt.Unix()
	if q.match != "" && !names(q.match, o) {
		return false, ossPrecondition.with("Condition", "If-Match")
	}
	if q.unmodified != "" {
		if t, err := http.ParseTime(q.unmodified); err == nil && at > t.Unix() {
			return false, ossPrecondition.with("Condition", "If-Unmodified-Since")
		}
	}
	if q.noneMatch != "" {
		return !names(q.noneMatch, o), nil
	}
	if q.modified == "" {
		return true, nil
	}
	t, err := http.ParseTime(q.modified)
	return err != nil || at > t.Unix(), nil
}

// names tells whether a list of ETags, with or without quotes, has that of an
// object.
func names(list string, o *models.Object) bool {
	for etag := range strings.SplitSeq(list, ",") {
		etag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(etag), "W/"), `"`)
		if etag == "*" || strings.EqualFold(etag, o.ETag()) {
			return true
		}
	}
	return false
}

// span is the part of so many bytes that a Range asks for. The vendor's default is
// the whole of it for everything that does not lie within; the standard clips the
// end, and refuses a beginning behind it. Of several ranges the first counts.
func span(header string, size int64, standard bool) (first, length int64, part bool, err error) {
	first, last, ok := bounds(header)
	switch {
	case !ok:
		return 0, size, false, nil
	case first < 0: // the last so many bytes
		if size == 0 || last == 0 {
			first = size
		} else if first = size - last; first < 0 && standard {
			first = 0
		}
		last = size - 1
	case last < 0:
		last = size - 1
	}
	switch {
	case first >= size && standard:
		return 0, 0, false, ossInvalidRange.with("ActualObjectSize", strconv.FormatInt(size, 10), "RangeRequested", header)
	case first < 0, first >= size, last >= size && !standard:
		return 0, size, false, nil
	}
	return first, min(last, size-1) - first + 1, true, nil
}

// bounds are the first and the last byte of a Range: -1 as the last is the end, and
// with -1 as the first, last is how many are meant before it.
func bounds(header string) (first, last int64, ok bool) {
	spec, found := strings.CutPrefix(header, "bytes=")
	if !found {
		return 0, 0, false
	}
	spec, _, _ = strings.Cut(spec, ",")
	from, to, found := strings.Cut(strings.TrimSpace(spec), "-")
	if !found || from == "" && to == "" {
		return 0, 0, false
	}
	first, last = -1, -1
	if from != "" {
		first, found = number(from)
	}
	if to != "" && found {
		last, found = number(to)
	}
	return first, last, found && (first < 0 || last < 0 || first <= last)
}

// number is a text of figures alone; what is too large is the largest there is.
func number(s string) (int64, bool) {
	if strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		n = 1<<63 - 1
	}
	return n, true
}
