package views

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// qrPath is a QR code of a text as the one path of an SVG drawing, and the
// number of modules on its side, quiet zone included.
func qrPath(text string) (path string, side int, err error) {
	const quiet = 4 // modules of white around it, as the standard asks for
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", 0, fmt.Errorf("draw QR code: %w", err)
	}
	var b strings.Builder
	area := code.Bounds()
	dark := func(x, y int) bool {
		if x >= area.Max.X {
			return false
		}
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if !dark(x, y) {
				continue
			}
			from := x
			for dark(x, y) {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
		}
	}
	return b.String(), area.Dx() + 2*quiet, nil
}
