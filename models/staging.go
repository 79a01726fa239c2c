package models

import (
	"io"
	"sync"
)

// staging is what uploads under way have staged in this process, by bucket. A
// bucket's limit counts what is recorded, so that each of several uploads could
// stage as much as is free. It bounds what they stage together and nothing else:
// bytes are counted until the last has come, and the commit decides after that, so
// that none are counted here and in the bucket too.
type staging struct {
	mu      sync.Mutex
	buckets map[string]*staged
}

// staged counts the bytes of the uploads to a bucket beyond those that they
// replace.
type staged struct {
	uploads int
	bytes   int64
}

// upload is an upload under way: the bytes that it reads are counted until it
// ends.
type upload struct {
	io.Reader
	in       *staging
	bucket   string
	room     int64 // of the bucket when it began
	replaces int64 // bytes that go when this is recorded
	bytes    int64
}

// begin begins to read an upload to a bucket in place of so many bytes. The caller
// ends it.
func (s *staging) begin(b *Bucket, replaces int64, r io.Reader) *upload {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.buckets[b.ID]
	if of == nil {
		of = new(staged)
		s.buckets[b.ID] = of
	}
	of.uploads++
	return &upload{Reader: r, in: s, bucket: b.ID, room: roomIn(b), replaces: replaces}
}

// Read implements io.Reader, and is a full bucket as soon as all of the uploads
// have more bytes than there is room for.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if !u.take(int64(n)) {
		return 0, errBucketFull
	}
	return n, err
}

// take counts bytes, unless there is no room for them.
func (u *upload) take(n int64) bool {
	u.in.mu.Lock()
	defer u.in.mu.Unlock()
	had := u.more()
	u.bytes += n
	of := u.in.buckets[u.bucket]
	more := u.more() - had
	if more > 0 && of.bytes+more > u.room {
		u.bytes -= n
		return false
	}
	of.bytes += more
	return true
}

// more is how many bytes the upload has beyond those that it replaces.
func (u *upload) more() int64 { return max(0, u.bytes-u.replaces) }

// end ends the upload: its bytes are counted no longer.
func (u *upload) end() {
	u.in.mu.Lock()
	defer u.in.mu.Unlock()
	of := u.in.buckets[u.bucket]
	of.bytes -= u.more()
	if of.uploads--; of.uploads == 0 {
		delete(u.in.buckets, u.bucket)
	}
}
