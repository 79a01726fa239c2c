package objects

import (
	"errors"
	"io"
	"sort"
	"sync"
)

// File is bytes that were kept, open for reading at any place. ReadAt may be used
// by several goroutines.
type File interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Segment is a blob that is all of an object, or a piece of it.
type Segment struct {
	Blob string
	Size int64
}

// OpenSegments opens blobs as one file, each from its beginning for its size. A
// blob that is missing is ErrNotExist: now when it is the only one, otherwise
// when it is read. The caller closes the file.
func OpenSegments(from Backend, segments []Segment) (File, error) {
	if len(segments) == 1 {
		f, _, err := from.Read(segments[0].Blob)
		return f, err
	}
	j := &joined{from: from, segments: segments, at: -1, begins: make([]int64, len(segments)+1)}
	for i, s := range segments {
		j.begins[i+1] = j.begins[i] + s.Size
	}
	j.SectionReader = io.NewSectionReader(readerAt(j.readAt), 0, j.begins[len(segments)])
	return j, nil
}

// joined is several blobs, of which the one that was read last is open.
type joined struct {
	*io.SectionReader
	from     Backend
	segments []Segment
	begins   []int64 // where each segment begins, and the last ends
	mu       sync.Mutex
	open     File
	at       int // the segment that is open
}

type readerAt func(p []byte, off int64) (int, error)

func (r readerAt) ReadAt(p []byte, off int64) (int, error) { return r(p, off) }

// readAt reads across segments.
func (j *joined) readAt(p []byte, off int64) (n int, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := sort.Search(len(j.segments), func(i int) bool { return j.begins[i+1] > off })
	for ; n < len(p); i++ {
		if i >= len(j.segments) {
			return n, io.EOF
		}
		if j.at != i {
			if err := j.close(); err != nil {
				return n, err
			}
			if j.open, _, err = j.from.Read(j.segments[i].Blob); err != nil {
				return n, err
			}
			j.at = i
		}
		within := off + int64(n) - j.begins[i]
		piece := p[n:min(int64(len(p)), int64(n)+j.segments[i].Size-within)]
		got, err := j.open.ReadAt(piece, within)
		n += got
		if got < len(piece) {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // the blob is shorter than was recorded
			}
			return n, err
		}
	}
	return n, nil
}

func (j *joined) close() error {
	if j.open == nil {
		return nil
	}
	f := j.open
	j.open, j.at = nil, -1
	return f.Close()
}

// Close implements io.Closer.
func (j *joined) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.close()
}
