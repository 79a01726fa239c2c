package objects_test

import (
	"bytes"
	"errors"
	"hash/crc64"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"time"

	"quartermaster/models/objects"
)

// segments stages pieces of the sizes, and gives the bytes that they are together.
func segments(t *testing.T, dir *objects.Dir, sizes ...int) (all []byte, of []objects.Segment) {
	t.Helper()
	random := rand.NewChaCha8([32]byte{1})
	for _, size := range sizes {
		piece := make([]byte, size)
		_, _ = random.Read(piece) // it never fails
		of = append(of, objects.Segment{Blob: stage(t, dir, piece).ID, Size: int64(size)})
		all = append(all, piece...)
	}
	return all, of
}

func TestSegmentsAreReadAsOneFile(t *testing.T) {
	t.Parallel()
	for _, sizes := range [][]int{{0}, {7}, {1, 1, 1}, {5, 0, 3}, {0, 0, 4}, {4, 0, 0}, {1000, 1, 500, 0, 2}} {
		dir, _ := open(t)
		all, of := segments(t, dir, sizes...)
		f, err := objects.OpenSegments(dir, of)
		if err != nil {
			t.Fatalf("%v: %v", sizes, err)
		}
		if err := iotest.TestReader(f, all); err != nil {
			t.Errorf("%v: %v", sizes, err)
		}
		for range 200 {
			from := rand.IntN(len(all) + 1)
			p := make([]byte, rand.IntN(len(all)-from+1))
			n, err := f.ReadAt(p, int64(from))
			if n != len(p) || err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(p, all[from:from+n]) {
				t.Errorf("%v: %d bytes at %d: got %d, %v, or others", sizes, len(p), from, n, err)
			}
		}
		if err := f.Close(); err != nil {
			t.Errorf("%v: close: %v", sizes, err)
		}
	}
}

func TestMissingSegmentIsNoEnd(t *testing.T) {
	t.Parallel()
	dir, _ := open(t)
	all, of := segments(t, dir, 5, 6, 7)
	if err := dir.Discard(of[1].Blob); err != nil {
		t.Fatal(err)
	}
	f, err := objects.OpenSegments(dir, of)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := io.ReadAll(f)
	if !errors.Is(err, objects.ErrNotExist) || !bytes.Equal(got, all[:5]) {
		t.Errorf("got %d bytes and %v, want the first 5 and no such blob", len(got), err)
	}
	of[2].Size = 8
	if f, err = objects.OpenSegments(dir, of); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.ReadAt(make([]byte, 8), 11); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("segment that is too short: got %v, want an unexpected end", err)
	}
}

// Bytes that are moved aside while they are read are read to their end.
func TestSegmentsAreReadWhileTheyAreDropped(t *testing.T) {
	t.Parallel()
	dir, _ := open(t)
	all, of := segments(t, dir, 5, 6, 7)
	f, err := objects.OpenSegments(dir, of)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, s := range of {
		if err := dir.Drop(s.Blob, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, all) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCombinedCRC64IsThatOfTheWhole(t *testing.T) {
	t.Parallel()
	table := crc64.MakeTable(crc64.ECMA)
	random := rand.NewChaCha8([32]byte{2})
	for _, sizes := range [][2]int{{0, 0}, {0, 5}, {5, 0}, {1, 1}, {100, 4097}, {1 << 20, 3<<20 + 1}} {
		whole := make([]byte, sizes[0]+sizes[1])
		_, _ = random.Read(whole) // it never fails
		a, b := whole[:sizes[0]], whole[sizes[0]:]
		got := objects.CombineCRC64(crc64.Checksum(a, table), crc64.Checksum(b, table), int64(len(b)))
		if want := crc64.Checksum(whole, table); got != want {
			t.Errorf("%v: got %d, want %d", sizes, got, want)
		}
	}
}
