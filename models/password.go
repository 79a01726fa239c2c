package models

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/crypto/argon2"
)

// The cost of a password hash: OWASP's first choice for argon2id. A hash says
// at which cost it was made, so that these can rise. Options.HashMemory lowers
// the first for tests.
const (
	hashMemory = 19 * 1024 // KiB
	hashPasses = 2
	hashLanes  = 1
	hashSalt   = 16
	hashSize   = 32
)

// hashing lets as many passwords be hashed at once as there are processors.
// Each takes 19 MiB; the rest wait.
var hashing = make(chan struct{}, runtime.NumCPU())

func hashed(ctx context.Context, password string, salt []byte, passes, memory uint32, lanes uint8, size uint32) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, passes, memory, lanes, size), nil
}

// hashPassword is the password's hash in PHC form, with a salt of its own.
func (db *DB) hashPassword(ctx context.Context, password string) (string, error) {
	salt := db.randomBytes(hashSalt)
	sum, err := hashed(ctx, password, salt, hashPasses, db.hashMemory, hashLanes, hashSize)
	if err != nil {
		return "", err
	}
	return db.phc(salt, sum), nil
}

func (db *DB) phc(salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, db.hashMemory, hashPasses, hashLanes,
		b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// rightPassword tells whether password is the one that hash was made from. An
// account without a password, and nobody's, has none that is right; finding
// that out takes as long as a comparison.
func (db *DB) rightPassword(ctx context.Context, hash, password string) (bool, error) {
	none := hash == ""
	if none {
		hash = db.phc(make([]byte, hashSalt), make([]byte, hashSize))
	}
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("password hash of an unknown form")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes); err != nil {
		return false, fmt.Errorf("read password hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read password hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("read password hash: %w", err)
	}
	sum, err := hashed(ctx, password, salt, passes, memory, lanes, uint32(len(want)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, want) == 1 && !none, nil
}

// hashToken is what the database keeps of a secret that we made. It is random
// and long, so a fast hash is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

//go:embed passwords.txt
var commonText string

// commonWords are what people make passwords of when they must make one, the
// longest first.
var commonWords = func() []string {
	var words []string
	for line := range strings.Lines(commonText) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			words = append(words, strings.Fields(line)...)
		}
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}()

// leet undoes the letters that people replace to please a rule.
var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// commonPassword tells whether a password is among the first that anybody
// tries: one or two common words with figures and signs around them, a few
// characters over and over, a row of the keyboard, or a word of the account
// itself in place of a common one.
func commonPassword(password string, own ...string) bool {
	text := strings.ToLower(password)
	if repeats(text) || runs(text) {
		return true
	}
	words := commonWords
	for _, o := range own {
		name, _, _ := strings.Cut(strings.ToLower(o), "@")
		if len([]rune(name)) >= 3 {
			words = append([]string{name}, words...)
		}
	}
	return madeOf(text, text, words) || madeOf(text, leet.Replace(text), words)
}

// madeOf tells whether text, read as seen, is at most two of the words, and
// otherwise figures and signs. Both are equally long.
func madeOf(text, seen string, words []string) bool {
	rest := []byte(text)
	found := 0
	for _, w := range words {
		at := strings.Index(seen, w)
		if at < 0 {
			continue
		}
		found++
		for ; at >= 0; at = strings.Index(seen, w) {
			gap := strings.Repeat(" ", len(w))
			seen = seen[:at] + gap + seen[at+len(w):]
			copy(rest[at:], gap)
		}
	}
	return found > 0 && found <= 2 && strings.IndexFunc(string(rest), unicode.IsLetter) < 0
}

// repeats tells whether text is a unit of at most four characters again and
// again.
func repeats(text string) bool {
	r := []rune(text)
	for unit := 1; unit <= 4 && unit < len(r); unit++ {
		same := true
		for i := unit; i < len(r) && same; i++ {
			same = r[i] == r[i-unit]
		}
		if same {
			return true
		}
	}
	return false
}

// rows are the orders of characters that fingers follow.
var rows = []string{"01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"}

// runs tells whether text is a piece of such a row, in either direction.
func runs(text string) bool {
	r := []rune(text)
	slices.Reverse(r)
	for _, row := range rows {
		if strings.Contains(row, text) || strings.Contains(row, string(r)) {
			return true
		}
	}
	return false
}
