package password_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"quartermaster/models/password"
)

// counting is randomness that never gives the same bytes twice.
func counting() func(n int) []byte {
	var calls byte
	return func(n int) []byte {
		calls++
		return bytes.Repeat([]byte{calls}, n)
	}
}

const river = "a long walk by the river"

// oldHash is one made of a password as it was typed, in two characters for é.
const oldHash = "$argon2id$v=19$m=8,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$3nZl5/V/jifAjwvmKB0Au02hdXBXQhy//jCnwn/MfRo"

func mustHash(t *testing.T, h *password.Hasher, text string) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), text)
	if err != nil {
		t.Fatalf("hash: %v", err)
	}
	return hash
}

func TestHashesCostWhatTheyShould(t *testing.T) {
	t.Parallel()
	const want = "$argon2id$v=19$m=19456,t=2,p=1$"
	if got := mustHash(t, password.NewHasher(0, counting()), river); !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %s…", got, want)
	}
}

func TestOnlyTheRightPasswordIsRight(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(8, counting())
	hash := mustHash(t, h, river)
	if again := mustHash(t, h, river); again == hash {
		t.Errorf("got the hash %q twice, want a salt of its own in each", hash)
	}
	for name, c := range map[string]struct {
		hash, password string
		right, broken  bool
	}{
		"right":             {hash, river, true, false},
		"wrong":             {hash, river + " ", false, false},
		"composed":          {mustHash(t, h, "le caf\u00e9 au bord de l'eau"), "le cafe\u0301 au bord de l'eau", true, false},
		"decomposed":        {mustHash(t, h, "le cafe\u0301 au bord de l'eau"), "le caf\u00e9 au bord de l'eau", true, false},
		"without accent":    {mustHash(t, h, "le caf\u00e9 au bord de l'eau"), "le cafe au bord de l'eau", false, false},
		"old, decomposed":   {oldHash, "le cafe\u0301 au bord de l'eau", true, false},
		"empty":             {hash, "", false, false},
		"made at more cost": {mustHash(t, password.NewHasher(16, counting()), river), river, true, false},
		"no hash":           {"", river, false, false},
		"no hash, empty":    {"", "", false, false},
		"another form":      {"$2a$10$abc", river, false, true},
		"no cost":           {"$argon2id$v=19$m=x$AAAA$AAAA", river, false, true},
		"no salt":           {"$argon2id$v=19$m=8,t=1,p=1$!$AAAA", river, false, true},
		"no sum":            {"$argon2id$v=19$m=8,t=1,p=1$AAAA$!", river, false, true},
		"an empty sum":      {"$argon2id$v=19$m=8,t=1,p=1$AAAA$", river, false, true},
		"a short sum":       {"$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", river, false, true},
	} {
		right, err := h.Right(t.Context(), c.hash, c.password)
		if right != c.right || (err != nil) != c.broken {
			t.Errorf("%s: got %v, %v; want %v and an error %v", name, right, err, c.right, c.broken)
		}
	}
}

func TestWhoeverGoesAwayHashesNothing(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(8, counting())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// A free processor may be taken first; one of many waits finds the end.
	for range 100 {
		if _, err := h.Hash(ctx, river); errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Error("got a hundred hashes, want one refused")
}

func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"password1234":            true,
		"P@ssw0rd2026!":           true,
		"qwertyuiop123":           true,
		"123456789012":            true,
		"210987654321":            true,
		"aaaaaaaaaaaaaa":          true,
		"abcabcabcabcabc":         true,
		"Quartermaster1":          true,
		"wanghaoran2026":          true,
		"wanghaoran@example.com":  true,
		"WangHaoran@Example.COM!": true,
		"w4ngh40r4n@ex4mple.com":  true,
		"ｗａｎｇｈａｏｒａｎ＠example.com":       true,
		"wanghaoran@elsewhere.org":     false,
		"correct horse battery staple": false,
		"月落乌啼霜满天江枫渔火对愁眠":               false,
		"  leading and trailing  ":     false,
		river:                          false,
	} {
		if got := password.Common(text, "wanghaoran@example.com", "王浩然"); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if own := "ann-lee@example.com"; !password.Common(own, own, "Ann") {
		t.Errorf("%q of Ann: got false, want true whatever the name", own)
	}
}
