package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"quartermaster/models/keyring"
)

// counting is randomness that never gives the same bytes twice.
func counting(from byte) func(n int) []byte {
	return func(n int) []byte {
		from++
		return bytes.Repeat([]byte{from}, n)
	}
}

func mustOpen(t *testing.T, folder, given string) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(folder, given, counting(100))
	if err != nil {
		t.Fatalf("open ring: %v", err)
	}
	return r
}

func mustFirst(t *testing.T, r *keyring.Ring) *keyring.Key {
	t.Helper()
	k, err := r.First()
	if err != nil {
		t.Fatalf("first key: %v", err)
	}
	return k
}

func TestASecretIsReadForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	r := mustOpen(t, folder, "")
	sealed := mustFirst(t, r).Seal("sesame", "QM1")
	for name, ring := range map[string]*keyring.Ring{"the ring that sealed": r, "opened again": mustOpen(t, folder, "")} {
		if got, err := ring.Unseal(sealed, "QM1"); got != "sesame" || err != nil {
			t.Errorf("%s: got %q, %v; want the secret", name, got, err)
		}
	}
	for name, c := range map[string]struct {
		ring   *keyring.Ring
		sealed []byte
		owner  string
	}{
		"another owner": {r, sealed, "QM2"},
		"another ring":  {mustOpen(t, t.TempDir(), hex.EncodeToString(bytes.Repeat([]byte{1}, 32))), sealed, "QM1"},
		"no key":        {mustOpen(t, t.TempDir(), ""), sealed, "QM1"},
		"cut off":       {r, sealed[:5], "QM1"},
		"nothing":       {r, nil, "QM1"},
	} {
		if got, err := c.ring.Unseal(c.sealed, c.owner); got != "" || !errors.Is(err, keyring.ErrUnknownKey) {
			t.Errorf("%s: got %q, %v; want ErrUnknownKey", name, got, err)
		}
	}
}

// TestAKillLeavesTheKeyInUse kills a change of keys before and after what was
// encrypted is written, and while the first key is made.
func TestAKillLeavesTheKeyInUse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		next      string // what the next key file is overwritten with
		committed bool
	}{
		"before the commit":                 {},
		"before the commit, half written":   {next: "AAAA"},
		"after the commit, before the swap": {committed: true},
	} {
		folder := t.TempDir()
		r := mustOpen(t, folder, "")
		old := mustFirst(t, r)
		next, err := r.Next(old.Fingerprint)
		if err != nil {
			t.Fatalf("%s: next key: %v", name, err)
		}
		if c.next != "" {
			if err := os.WriteFile(filepath.Join(folder, keyring.File+".new"), []byte(c.next), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		used := old
		if c.committed {
			used = next
		}
		again := mustOpen(t, folder, "")
		if err := again.Settle(used.Fingerprint); err != nil {
			t.Errorf("%s: settle: %v", name, err)
		}
		if got := mustFirst(t, again).Fingerprint; got != used.Fingerprint {
			t.Errorf("%s: got key %s, want %s", name, got, used.Fingerprint)
		}
		if got, err := filepath.Glob(filepath.Join(folder, "*")); len(got) != 1 {
			t.Errorf("%s: got the files %q, %v; want one", name, got, err)
		}
	}
}

func TestAKeyLeftOfMakingTheFirstIsTheFirst(t *testing.T) {
	t.Parallel()
	folder, left := t.TempDir(), bytes.Repeat([]byte{7}, 32)
	text := base64.StdEncoding.EncodeToString(left)
	if err := os.WriteFile(filepath.Join(folder, keyring.File+".new"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, want := mustFirst(t, mustOpen(t, folder, "")), mustFirst(t, mustOpen(t, "", text))
	if got.Fingerprint != want.Fingerprint {
		t.Errorf("got key %s, want %s", got.Fingerprint, want.Fingerprint)
	}
}

func TestKeysMayBeGiven(t *testing.T) {
	t.Parallel()
	one, two := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	both := hex.EncodeToString(one) + "," + base64.RawStdEncoding.EncodeToString(two)
	folder := t.TempDir()
	old := mustFirst(t, mustOpen(t, folder, hex.EncodeToString(one)))
	if _, err := mustOpen(t, folder, hex.EncodeToString(one)).Next(old.Fingerprint); !errors.Is(err, keyring.ErrNoOtherKey) {
		t.Errorf("next of one key: got %v, want ErrNoOtherKey", err)
	}
	r := mustOpen(t, folder, both)
	next, err := r.Next(old.Fingerprint)
	if err != nil || next.Fingerprint == old.Fingerprint || r.Named(old.Fingerprint) == nil {
		t.Errorf("next of two keys: got %v, want the second, and the first still there", err)
	}
	if err := errors.Join(r.Settle(old.Fingerprint), r.Use()); err != nil {
		t.Errorf("change to a given key: %v", err)
	}
	if got, err := os.ReadDir(folder); len(got) != 0 {
		t.Errorf("got the files %v, %v; want none", got, err)
	}
	for _, bad := range []string{"short", hex.EncodeToString(one) + ",", hex.EncodeToString(one[:31]), both + both} {
		if keyring.Check(bad) == nil {
			t.Errorf("%q was taken for keys", bad)
		}
		if _, err := keyring.Open(folder, bad, counting(0)); err == nil {
			t.Errorf("a ring was opened with %q", bad)
		}
	}
}
