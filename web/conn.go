package web

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"quartermaster/models"
)

// Why the rest of a body is not read although its sender is connected and gets
// an answer.
var (
	errStalled  = errors.New("the body does not get on")
	errStopping = errors.New("the server stops")
)

// gaveUp tells whether we stopped reading a body, and not its sender.
func gaveUp(err error) bool { return errors.Is(err, errStalled) || errors.Is(err, errStopping) }

// A listener returns connections that adapt their deadlines to what they carry.
type listener struct {
	net.Listener
	server *Server
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, server: l.server}, nil
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf is the connection of a request, or nil when it did not come through a
// Server of ours.
func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}

// A conn sets its deadlines itself while it carries a body or an answer, so
// that they apply whatever a handler does, and also to what the HTTP server
// reads and writes by itself. Between requests the deadlines of the HTTP server
// apply.
type conn struct {
	net.Conn
	server *Server

	mu      sync.Mutex
	waiting bool      // for the rest of a body
	until   time.Time // at the latest; zero as long as bytes arrive
	over    error     // why waiting has ended
	pace    pace      // of the body; only Read uses it
}

// least is how many bytes have to move to renew the patience.
const least = 4 << 10

// A pace is how much patience is left with one direction of a connection. Only
// time spent waiting for the other side counts. The waiting is done in several
// turns, for two reasons: a turn may end late when this machine was busy or
// asleep, and the system wakes a writer only when much of its buffer has been
// sent, which may take minutes with a slow reader. At the beginning of each
// turn all bytes that can be moved are moved.
type pace struct {
	patience, left time.Duration
	moved          int
}

func newPace(patience time.Duration) pace { return pace{patience: patience, left: patience} }

// turn is how long to wait in one turn.
func (p pace) turn() time.Duration { return p.patience / 8 }

// note counts what moved in a turn, and tells whether to take another.
func (p *pace) note(n int, began time.Time) bool {
	p.left -= min(p.turn(), models.SystemClock().Sub(began))
	if p.moved += n; p.moved >= least {
		*p = newPace(p.patience)
	}
	return p.left > 0
}

// patiences bounds the time for a body that is not an upload, as a multiple of
// the patience: such bodies are small, and are held in memory.
const patiences = 5

// await begins to wait for a body. The HTTP server ends it, by setting a
// deadline itself, when it has read the body to its end.
func (c *conn) await() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting, c.over = true, nil
	c.until = models.SystemClock().Add(patiences * c.server.patience)
	c.pace = newPace(c.server.patience)
}

// awaitUpload waits as long as bytes arrive.
func (c *conn) awaitUpload() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Time{}
}

// giveUp makes the rest of a body, if one is awaited, end with the error.
func (c *conn) giveUp(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting && c.over == nil {
		c.over = err
		_ = c.Conn.SetReadDeadline(models.SystemClock())
	}
}

// givenUp is why the rest of a request's body was given up, nil when it was not.
func givenUp(ctx context.Context) error {
	c := connOf(ctx)
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting, c.over = false, nil
	return c.Conn.SetReadDeadline(t)
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	for {
		began := models.SystemClock()
		waiting, err := c.takeTurn(began)
		if err != nil {
			return 0, err
		}
		n, err := c.Conn.Read(p)
		if !waiting {
			return n, err
		}
		on := c.pace.note(n, began)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if !on {
			c.giveUp(errStalled)
		}
	}
}

// takeTurn sets the deadline of a read of a body. It tells whether one is
// awaited, and its error when it was given up.
func (c *conn) takeTurn(now time.Time) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting && c.over == nil {
		if !c.until.IsZero() && now.After(c.until) {
			c.over = errStalled
		}
		_ = c.Conn.SetReadDeadline(now.Add(c.pace.turn()))
	}
	return c.waiting, c.over
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (n int, err error) {
	pace := newPace(c.server.patience)
	for {
		began := models.SystemClock()
		_ = c.Conn.SetWriteDeadline(began.Add(pace.turn()))
		m, err := c.Conn.Write(p[n:])
		n += m
		if !pace.note(m, began) || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}

// ReadFrom implements io.ReaderFrom. A piece of a file goes from the disk to the
// network without a copy in this process, with the patience of Write.
func (c *conn) ReadFrom(r io.Reader) (n int64, err error) {
	piece, _ := r.(*io.LimitedReader)
	way, ok := c.Conn.(io.ReaderFrom)
	if piece == nil || !ok {
		return c.copyFrom(r)
	}
	file, ok := piece.R.(*os.File)
	if !ok {
		return c.copyFrom(r)
	}
	all := piece.N
	pace := newPace(c.server.patience)
	for {
		began := models.SystemClock()
		_ = c.Conn.SetWriteDeadline(began.Add(pace.turn()))
		m, err := way.ReadFrom(piece)
		n += m
		if !pace.note(int(m), began) || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		// What was read in this turn and not sent is read again.
		unsent := all - piece.N - n
		piece.N += unsent
		if _, err := file.Seek(-unsent, io.SeekCurrent); err != nil {
			return n, err
		}
	}
}

// pieces are what is copied at once of what is no file.
var pieces = sync.Pool{New: func() any { return new([128 << 10]byte) }}

func (c *conn) copyFrom(r io.Reader) (int64, error) {
	piece := pieces.Get().(*[128 << 10]byte)
	defer pieces.Put(piece)
	return io.CopyBuffer(struct{ io.Writer }{c}, r, piece[:])
}

// CloseWrite says that nothing more will be sent.
func (c *conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close implements net.Conn. For a client that is still sending, the connection
// would be reset and the answer often lost. So what it sends is read and
// dropped for a while first.
func (c *conn) Close() error {
	c.mu.Lock()
	unread := c.waiting
	c.waiting = false
	c.mu.Unlock()
	if unread && !c.server.cut.Load() && c.CloseWrite() == nil {
		c.drain()
	}
	return c.Conn.Close()
}

// drain reads and drops until the client closes, falls silent or has had time
// to read the answer.
func (c *conn) drain() {
	long, silence := c.server.patience/2, c.server.patience/12
	if c.server.stopping.Err() != nil {
		long = farewell / 2
	}
	drop := make([]byte, 32<<10)
	until := models.SystemClock().Add(long)
	for now := models.SystemClock(); now.Before(until); now = models.SystemClock() {
		_ = c.Conn.SetReadDeadline(now.Add(min(silence, until.Sub(now))))
		if _, err := c.Conn.Read(drop); err != nil {
			return
		}
	}
}
