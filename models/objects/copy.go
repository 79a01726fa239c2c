package objects

import (
	"context"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	pieceSize = 128 << 10
	// short is how many bytes are copied before others help: starting them costs
	// more than the checksums of a few pieces.
	short = 4 * pieceSize
	// ahead is how many pieces of a copy are in memory.
	ahead = 3
)

// piece is some of the bytes that are copied.
type piece struct {
	bytes [pieceSize]byte
	n     int
	left  atomic.Int32 // how many writers still want it
}

var pieces = sync.Pool{New: func() any { return new(piece) }}

// copyWithin copies r to all writers and returns the number of bytes. It looks at
// ctx between reads and stops at the first byte over the limit. Of what is long,
// each writer has a goroutine of its own where there are processors for them.
func copyWithin(ctx context.Context, r io.Reader, limit int64, to ...io.Writer) (int64, error) {
	c := &copying{ctx: ctx, r: r, limit: limit}
	p := pieces.Get().(*piece)
	defer pieces.Put(p)
	for alone := runtime.GOMAXPROCS(0) == 1; alone || c.size < short; {
		err := c.next(p)
		if err != nil && err != io.EOF {
			return 0, err
		}
		for _, w := range to {
			if _, err := w.Write(p.bytes[:p.n]); err != nil {
				return 0, err
			}
		}
		if err == io.EOF {
			return c.size, nil
		}
	}
	return c.together(to)
}

// copying is a copy under way.
type copying struct {
	ctx   context.Context
	r     io.Reader
	limit int64
	size  int64
}

// next fills the next piece. With io.EOF, it is the last.
func (c *copying) next(p *piece) error {
	for p.n = 0; p.n < pieceSize; {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		n, err := c.r.Read(p.bytes[p.n:])
		p.n += n
		if c.size += int64(n); c.size > c.limit {
			return ErrTooLarge
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// together copies the rest, each writer beside the others.
func (c *copying) together(to []io.Writer) (int64, error) {
	free := make(chan *piece, ahead)
	for range ahead {
		p := pieces.Get().(*piece)
		defer pieces.Put(p)
		free <- p
	}
	var failed atomic.Pointer[error]
	var writers sync.WaitGroup
	ways := make([]chan *piece, len(to))
	for i, w := range to {
		way := make(chan *piece, ahead)
		ways[i] = way
		writers.Go(func() {
			for p := range way {
				if _, err := w.Write(p.bytes[:p.n]); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
				if p.left.Add(-1) == 0 {
					free <- p
				}
			}
		})
	}
	var err error
	for err == nil {
		p := <-free
		if why := failed.Load(); why != nil {
			err = *why
			break
		}
		if err = c.next(p); err == nil || err == io.EOF {
			p.left.Store(int32(len(to))) // #nosec G115 -- a few
			for _, way := range ways {
				way <- p
			}
		}
	}
	for _, way := range ways {
		close(way)
	}
	writers.Wait()
	if why := failed.Load(); why != nil {
		err = *why
	}
	if err != io.EOF {
		return 0, err
	}
	return c.size, nil
}
