package picture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/png"
	"runtime"
	"sync"
	"testing"
	"time"

	"quartermaster/models/picture"
)

// deep is a picture of 16 bits a channel, all of one colour: much from few bytes.
func deep(t *testing.T, w, h int) []byte {
	t.Helper()
	p := image.NewNRGBA64(image.Rect(0, 0, w, h))
	for i := range p.Pix {
		p.Pix[i] = 0x7f
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// scans is a progressive JPEG of w × h grey pixels that goes over them n times,
// at some twenty bytes each.
func scans(w, h, n int) []byte {
	b := []byte{0xff, 0xd8}
	segment := func(marker byte, body ...byte) {
		b = append(b, 0xff, marker)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(body)+2)), body...)
	}
	segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)
	segment(0xc2, 8, byte(h>>8), byte(h), byte(w>>8), byte(w), 1, 1, 0x11, 0)
	// One code of one bit: in the DC table a difference of none, in the AC table
	// a run of 32,767 empty blocks.
	segment(0xc4, append([]byte{0x00, 1}, make([]byte, 16)...)...)
	segment(0xc4, append(append([]byte{0x10, 1}, make([]byte, 15)...), 0xe0)...)
	segment(0xda, 1, 1, 0, 0, 0, 0)
	b = append(b, make([]byte, (w/8)*(h/8)/8+1)...)
	for range n {
		segment(0xda, 1, 1, 0, 1, 63, 0)
		b = append(b, bytes.Repeat([]byte{0x7f, 0xbf}, 8)...)
	}
	return append(b, 0xff, 0xd9)
}

func TestOnePictureAtATime(t *testing.T) {
	c, file := picture.NewCleaner(), deep(t, 2000, 2000)
	if len(file) > 256<<10 {
		t.Fatalf("the picture has %d bytes; the test is of a small one", len(file))
	}
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var most uint64
	var all sync.WaitGroup
	done := make(chan struct{})
	for range 12 {
		all.Go(func() {
			if _, err := c.Clean(t.Context(), file, 600, 200); err != nil {
				t.Error(err)
			}
		})
	}
	go func() { all.Wait(); close(done) }()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(5 * time.Millisecond):
		}
		runtime.ReadMemStats(&now)
		most = max(most, now.HeapAlloc)
	}
	if got, limit := most-min(most, before.HeapAlloc), uint64(160<<20); got > limit {
		t.Errorf("memory for twelve pictures of 32 MiB at once: got %d MiB, want at most %d", got>>20, limit>>20)
	}
}

func TestWhoeverGoesNoLongerWaits(t *testing.T) {
	t.Parallel()
	c, file := picture.NewCleaner(), deep(t, 2000, 2000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Clean(ctx, file, 600, 200); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	reached := errors.New("still at work")
	go func() { time.Sleep(5 * time.Millisecond); cancel() }()
	for range 1000 {
		if _, err := c.Clean(ctx, file, 600, 200); err != nil {
			reached = err
			break
		}
	}
	if !errors.Is(reached, context.Canceled) {
		t.Errorf("gone while it is decoded: got %v, want canceled", reached)
	}
	if _, err := c.Clean(t.Context(), deep(t, 4, 4), 600, 200); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

func TestScansAreBounded(t *testing.T) {
	t.Parallel()
	c := picture.NewCleaner()
	small, err := c.Clean(t.Context(), scans(640, 480, 20), 600, 200)
	if err != nil {
		t.Fatalf("twenty scans: %v", err)
	}
	p, err := png.Decode(bytes.NewReader(small))
	if err != nil || p.Bounds() != image.Rect(0, 0, 266, 200) || color.GrayModel.Convert(p.At(5, 5)) != (color.Gray{Y: 0x80}) {
		t.Errorf("got %v, %v; want 266 × 200, grey", p.Bounds(), err)
	}
	if _, err := c.Clean(t.Context(), scans(2000, 2000, 10_000), 600, 200); !errors.Is(err, picture.ErrHeavy) {
		t.Errorf("ten thousand scans: got %v, want heavy", err)
	}
}
