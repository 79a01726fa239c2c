package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"quartermaster/models"
)

// statusClientGone stands in the log for a request whose client left before the
// answer. It is not an HTTP status, since nobody is there to read one.
const statusClientGone = 499

// busyRetry is how long a client is asked to wait for a busy database, and
// startRetry for a server that stops and may start again.
const (
	busyRetry  = 2 * time.Second
	startRetry = 10 * time.Second
)

// statusError is a refusal by the toolbox itself, before models was called.
type statusError int

func (e statusError) Error() string { return strings.ToLower(http.StatusText(int(e))) }

// statuses is the one table from errors to HTTP statuses.
var statuses = []struct {
	err    error
	status int
}{
	{models.ErrNotFound, http.StatusNotFound},
	{models.ErrForbidden, http.StatusForbidden},
	{models.ErrUnauthenticated, http.StatusUnauthorized},
	{models.ErrConflict, http.StatusConflict},
	{models.ErrTooLarge, http.StatusRequestEntityTooLarge},
	{models.ErrBusy, http.StatusServiceUnavailable},
	{models.ErrMoved, http.StatusServiceUnavailable},
	{models.ErrNoSpace, http.StatusInsufficientStorage},
	{syscall.ENOSPC, http.StatusInsufficientStorage}, // of a file that came with a form
	{context.DeadlineExceeded, http.StatusServiceUnavailable},
	{errStalled, http.StatusRequestTimeout},
	{errStopping, http.StatusServiceUnavailable},
}

// Status is the HTTP status that answers err: the one of its kind, or 500.
func Status(err error) int {
	var own statusError
	if errors.As(err, &own) {
		return int(own)
	}
	var astray *astrayError
	if errors.As(err, &astray) {
		return astray.status
	}
	var elsewhere *elsewhereError
	if errors.As(err, &elsewhere) {
		return http.StatusConflict
	}
	var invalid models.Invalid
	if errors.As(err, &invalid) {
		return http.StatusUnprocessableEntity
	}
	var throttled models.Throttled
	if errors.As(err, &throttled) {
		return http.StatusTooManyRequests
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return http.StatusRequestEntityTooLarge
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

// errorKind names the sentence of an error: its status, or a more exact name
// within that status.
func errorKind(status int, err error) string {
	switch {
	case errors.Is(err, models.ErrMoved):
		return "moved"
	case errors.Is(err, errStopping):
		return "stopping"
	}
	return strconv.Itoa(status)
}

// retryAfter is the Retry-After, in whole seconds, of an error that passes with
// time, or "".
func retryAfter(err error) string {
	var throttled models.Throttled
	switch {
	case errors.As(err, &throttled):
		return strconv.Itoa(int(math.Ceil(throttled.RetryAfter.Seconds())))
	case errors.Is(err, errStopping):
		return strconv.Itoa(int(startRetry.Seconds()))
	case Status(err) == http.StatusServiceUnavailable:
		return strconv.Itoa(int(busyRetry.Seconds()))
	}
	return ""
}
