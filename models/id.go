package models

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"
)

// randomBytes reads n bytes of the source of randomness that the database was
// opened with. It panics when the machine has no randomness.
func (db *DB) randomBytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(db.random, b); err != nil {
		panic(fmt.Sprintf("read randomness: %v", err))
	}
	return b
}

// newHex24 is the tail of the ids that the Web+ documents print: four bytes of
// Unix time and eight random ones, in lower-case hex, so that ids sort by age.
func (db *DB) newHex24(at time.Time) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(at.Unix())) // #nosec G115 -- the documented id has four bytes, which last until 2106
	return hex.EncodeToString(append(b, db.randomBytes(8)...))
}

// sequence makes ids that grow, also within a millisecond and when the clock
// is set back.
type sequence struct {
	mu sync.Mutex
	ms int64
	n  uint16
}

func (s *sequence) next(ms int64) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ms > s.ms:
		s.ms, s.n = ms, 0
	case s.n == math.MaxUint16:
		s.ms, s.n = s.ms+1, 0
	default:
		s.n++
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(s.ms))[2:] // #nosec G115 -- no clock is before 1970
	return binary.BigEndian.AppendUint16(b, s.n)
}

// newID is the id of a row that no document names: milliseconds, a count within
// them and random bytes, in hex, so that a later row has a greater id.
func (db *DB) newID() string {
	b := db.ids.next(db.Now().UnixMilli())
	return hex.EncodeToString(append(b, db.randomBytes(8)...))
}

// newUUID is a random UUID in lower case, as stores and their jobs have.
func (db *DB) newUUID() string {
	b := db.randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// NewRequestID is a random UUID for a request that comes from a program.
func (db *DB) NewRequestID() string { return db.newUUID() }

// newToken is a secret of 160 bits that fits into a URL. What is kept of it in
// the database is its hash.
func (db *DB) newToken() string {
	return strings.ToLower(base32.StdEncoding.EncodeToString(db.randomBytes(20)))
}

// NewToken is a fresh one-time token for a form.
func (db *DB) NewToken() string { return db.newToken() }

// hashToken is what the database keeps of a secret that we made. It is random
// and long, so a fast hash is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// newSuffix is n lower-case letters and digits, as in a plan's instance id.
func (db *DB) newSuffix(n int) string {
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789" // 32 letters: no bias, and no two look alike
	b := db.randomBytes(n)
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}

// newAccountID is the 16-digit number that names a team in the documents, below
// 2^53: some operations answer it as a number, which many readers keep in a
// float.
func (db *DB) newAccountID() string {
	n := binary.BigEndian.Uint64(db.randomBytes(8))
	return fmt.Sprintf("%016d", 1_000_000_000_000_000+n%8_000_000_000_000_000)
}
