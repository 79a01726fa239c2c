package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// The limits on a connection.
const (
	// Patience is how long the other side of a connection may keep us waiting.
	Patience   = time.Minute
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	// maxHeader is the most bytes of headers.
	maxHeader = 32 << 10
	// farewell is how long a client has to read that the server stops.
	farewell = 3 * time.Second
)

// Server answers requests over connections whose deadlines follow what they
// carry: an upload or a download may take hours as long as it gets on, and one
// that stands still for as long as the server's patience is ended. So is another
// body that takes a few times as long in all. How long a handler takes is bounded
// by nothing.
type Server struct {
	http     http.Server
	log      *slog.Logger
	patience time.Duration

	stopping context.Context // is done when no more of a body is awaited
	stop     context.CancelFunc
	cut      atomic.Bool // connections are closed as they are
}

// NewServer is a server of h. What goes wrong with a connection is logged.
func NewServer(h http.Handler, log *slog.Logger, patience time.Duration) *Server {
	s := &Server{log: log, patience: patience}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.http = http.Server{
		Handler:           s.awaitBody(h),
		ConnContext:       withConn,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		// Every answer is ours, with its headers, that to "OPTIONS *" too.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return s
}

// Serve answers what comes to l, and returns when it cannot or was stopped.
func (s *Server) Serve(l net.Listener) error {
	return s.http.Serve(listener{l, s})
}

// Stop takes no new connections and lets the requests under way end within the
// time. Whoever is still sending then is told to come again, and who has not
// read that a moment later is cut.
func (s *Server) Stop(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within+farewell)
	defer cancel()
	defer s.stop()
	defer time.AfterFunc(within, s.stop).Stop()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("cut requests that did not finish")
		s.cut.Store(true)
		return s.http.Close()
	}
	return err
}

// awaitBody has the connection of a request with a body wait for it with the
// server's patience, until the body is through or the server stops.
func (s *Server) awaitBody(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := connOf(r.Context()); c != nil && r.ContentLength != 0 {
			c.await()
			defer context.AfterFunc(s.stopping, func() { c.giveUp(errStopping) })()
		}
		h.ServeHTTP(w, r)
	})
}
