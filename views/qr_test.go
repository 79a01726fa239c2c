package views_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"

	"quartermaster/views"
)

func TestQRPathIsTheCodeWithItsQuietZone(t *testing.T) {
	t.Parallel()
	const text = "https://desk.example.com/orders/202611210000042"
	path, side, err := views.QRPath(text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	if want := code.Bounds().Dx() + 8; side != want {
		t.Fatalf("got a side of %d, want %d", side, want)
	}
	drawn := map[[2]int]bool{}
	for run := range strings.SplitSeq(strings.Trim(path, "Mz"), "zM") {
		x, y, n := readRun(t, run)
		for i := range n {
			drawn[[2]int{x + i, y}] = true
		}
	}
	for y := range side {
		for x := range side {
			want := false
			if x >= 4 && y >= 4 && x < side-4 && y < side-4 {
				r, _, _, _ := code.At(x-4, y-4).RGBA()
				want = r == 0
			}
			if drawn[[2]int{x, y}] != want {
				t.Fatalf("module %d, %d: got dark %t, want %t", x, y, !want, want)
			}
		}
	}
}

// readRun reads "4 4h7v1h-7": a run of dark modules.
func readRun(t *testing.T, run string) (x, y, n int) {
	t.Helper()
	var back int
	if _, err := fmt.Sscanf(run, "%d %dh%dv1h-%d", &x, &y, &n, &back); err != nil || back != n {
		t.Fatalf("run %q: %v", run, err)
	}
	return x, y, n
}
