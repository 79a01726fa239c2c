// Package picture takes in the pictures of strangers. It keeps nothing of a
// file but pixels, made to fit, and bounds what finding them costs.
package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"time"
)

// The reasons for which a file is refused.
var (
	ErrFormat = errors.New("no picture in PNG or JPEG")
	ErrLarge  = errors.New("the picture has too many pixels")
	ErrHeavy  = errors.New("the picture takes too long to read")
)

const (
	maxPixels = 4_000_000
	// maxScans bounds how often a JPEG goes over its pixels, which takes as long
	// each time and few bytes. Ten or so are usual.
	maxScans = 100
	maxTime  = 10 * time.Second
)

// Cleaner decodes one picture at a time, because each takes eight bytes a pixel
// and more, and lets the others wait.
type Cleaner struct{ turn chan struct{} }

// NewCleaner is a Cleaner, one for the whole program.
func NewCleaner() *Cleaner { return &Cleaner{turn: make(chan struct{}, 1)} }

// Clean is a picture decoded within limits, made to fit into width × height and
// encoded anew as PNG. A file that is refused is ErrFormat, ErrLarge or ErrHeavy;
// the end of ctx ends the work, and is its error.
func (c *Cleaner) Clean(ctx context.Context, file []byte, width, height int) ([]byte, error) {
	decode, err := admit(file)
	if err != nil {
		return nil, err
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	limited, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	out, err := clean(limited, decode, file, width, height)
	switch {
	case err == nil || ctx.Err() == nil && limited.Err() == nil:
		return out, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, ErrHeavy
}

// admit finds out by what a file says of itself whether it is decoded, and how.
func admit(file []byte) (decode func(io.Reader) (image.Image, error), err error) {
	config, decode := png.DecodeConfig, png.Decode
	if bytes.HasPrefix(file, []byte{0xff, 0xd8}) {
		config, decode = jpeg.DecodeConfig, jpeg.Decode
		// Within a scan these two bytes never stand together.
		if bytes.Count(file, []byte{0xff, 0xda}) > maxScans {
			return nil, ErrHeavy
		}
	}
	size, err := config(bytes.NewReader(file))
	switch {
	case err != nil || size.Width < 1 || size.Height < 1:
		return nil, ErrFormat
	case size.Width > maxPixels/size.Height:
		return nil, ErrLarge
	}
	return decode, nil
}

func clean(ctx context.Context, decode func(io.Reader) (image.Image, error), file []byte, width, height int) ([]byte, error) {
	decoded, err := decode(reading{ctx, bytes.NewReader(file)})
	picture, ok := decoded.(image.RGBA64Image)
	if err != nil || !ok {
		return nil, ErrFormat
	}
	small, err := shrink(ctx, picture, width, height)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, small); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return out.Bytes(), nil
}

// reading reads little at a time, until its context ends.
type reading struct {
	ctx context.Context
	r   io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p[:min(len(p), 512)])
}

// shrink is a picture that fits into width × height in its own proportions,
// each pixel the average of those that it stands for. A smaller one keeps its
// size.
func shrink(ctx context.Context, p image.RGBA64Image, width, height int) (*image.NRGBA, error) {
	from := p.Bounds()
	w, h := from.Dx(), from.Dy()
	if w > width || h > height {
		if w*height > h*width {
			w, h = width, max(1, h*width/w)
		} else {
			w, h = max(1, w*height/h), height
		}
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for x := range w {
			area := image.Rect(
				from.Min.X+x*from.Dx()/w, from.Min.Y+y*from.Dy()/h,
				from.Min.X+(x+1)*from.Dx()/w, from.Min.Y+(y+1)*from.Dy()/h)
			out.Set(x, y, average(p, area))
		}
	}
	return out, nil
}

// average is the mean colour of an area; transparent pixels weigh nothing.
func average(p image.RGBA64Image, area image.Rectangle) color.Color {
	var r, g, b, a uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			at := p.RGBA64At(x, y)
			r, g, b, a = r+uint64(at.R), g+uint64(at.G), b+uint64(at.B), a+uint64(at.A)
		}
	}
	n := uint64(area.Dx() * area.Dy())                                                          // #nosec G115 -- an area has no sign
	return color.RGBA64{R: uint16(r / n), G: uint16(g / n), B: uint16(b / n), A: uint16(a / n)} // #nosec G115 -- a mean of 16 bits has 16 bits
}
