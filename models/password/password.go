// Package password makes and checks the hashes of passwords, and knows the
// passwords that anybody would try first.
package password

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// cost is what a hash takes to make. A hash says at which cost it was made, so
// that the cost can rise.
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// recommended is OWASP's first choice for argon2id.
var recommended = cost{memory: 19 * 1024, passes: 2, lanes: 1}

const (
	saltSize = 16
	hashSize = 32
)

// Hasher hashes passwords.
type Hasher struct {
	cost   cost
	random func(n int) []byte
	// turns lets as many passwords be hashed at once as there are processors.
	// Each takes its memory; the rest wait.
	turns chan struct{}
}

// NewHasher is a Hasher that takes n random bytes from random(n). Each hash
// takes memory KiB, or with 0 the recommended amount, which only tests lower.
func NewHasher(memory uint32, random func(n int) []byte) *Hasher {
	h := &Hasher{cost: recommended, random: random, turns: make(chan struct{}, runtime.NumCPU())}
	if memory != 0 {
		h.cost.memory = memory
	}
	return h
}

// Hash is the password's hash in PHC form, with a salt of its own. Keyboards that
// write é in one character and in two write the same password. The only error is
// that of ctx.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := h.random(saltSize)
	sum, err := h.sum(ctx, norm.NFC.String(password), salt, h.cost)
	if err != nil {
		return "", err
	}
	return phc(h.cost, salt, sum), nil
}

// Right tells whether hash was made from password. With an empty hash no
// password is right; finding that out takes as long as a comparison.
func (h *Hasher) Right(ctx context.Context, hash, password string) (bool, error) {
	none := hash == ""
	if none {
		hash = phc(h.cost, make([]byte, saltSize), make([]byte, hashSize))
	}
	at, salt, want, err := parse(hash)
	if err != nil {
		return false, fmt.Errorf("read password hash: %w", err)
	}
	// Old hashes were made of the password as it was typed.
	for _, text := range slices.Compact([]string{norm.NFC.String(password), password}) {
		sum, err := h.sum(ctx, text, salt, at)
		if err != nil {
			return false, err
		}
		if subtle.ConstantTimeCompare(sum, want) == 1 {
			return !none, nil
		}
	}
	return false, nil
}

func (h *Hasher) sum(ctx context.Context, password string, salt []byte, at cost) ([]byte, error) {
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, at.passes, at.memory, at.lanes, hashSize), nil
}

var b64 = base64.RawStdEncoding

func phc(at cost, salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, at.memory, at.passes, at.lanes,
		b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// parse reads what phc wrote.
func parse(hash string) (at cost, salt, sum []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return at, nil, nil, errors.New("unknown form")
	}
	var version int
	if _, err = fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &at.memory, &at.passes, &at.lanes); err != nil {
		return at, nil, nil, err
	}
	if salt, err = b64.DecodeString(parts[4]); err != nil {
		return at, nil, nil, err
	}
	if sum, err = b64.DecodeString(parts[5]); err == nil && len(sum) != hashSize {
		err = errors.New("unknown size")
	}
	return at, salt, sum, err
}
