// Package keyring encrypts secrets that must be read again, with keys that are
// in a file or given from outside, and changes those keys.
package keyring

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"quartermaster/models/files"
)

// File is the name of the file that holds the key.
const File = "secret.key"

// nextFile holds a new key until it is in use, so that a kill at any moment
// leaves the right one of the two files.
const nextFile = File + ".new"

var (
	// ErrUnknownKey says that a secret was encrypted with a key that is not in
	// the ring.
	ErrUnknownKey = errors.New("the encryption key is not the one that the secrets were encrypted with")
	// ErrNoOtherKey says that keys are given from outside, and no new one is
	// among them.
	ErrNoOtherKey = errors.New("only one encryption key is given")
)

// Ring holds the keys that this process knows.
type Ring struct {
	folder string
	random func(n int) []byte
	given  bool // from outside; there is no file then
	mu     sync.RWMutex
	keys   []*Key // the last is the newest
}

// Open reads the keys that are given, the newest last and commas between, or
// with "" those in the folder's files. There may be none: First makes one. It
// takes n random bytes from random(n).
func Open(folder, given string, random func(n int) []byte) (*Ring, error) {
	r := &Ring{folder: folder, random: random, given: given != ""}
	if r.given {
		var err error
		r.keys, err = parseAll(given, random)
		return r, err
	}
	return r, r.read(File, nextFile)
}

func (r *Ring) all() []*Key {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keys
}

func (r *Ring) add(k *Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(slices.Clip(r.keys), k)
}

// Named is the key with a fingerprint, or nil.
func (r *Ring) Named(fingerprint string) *Key {
	for _, k := range r.all() {
		if k.Fingerprint == fingerprint {
			return k
		}
	}
	return nil
}

func (r *Ring) newest() *Key {
	if keys := r.all(); len(keys) > 0 {
		return keys[len(keys)-1]
	}
	return nil
}

// First is the newest key, which is made when there is none.
func (r *Ring) First() (*Key, error) {
	if k := r.newest(); k != nil {
		return k, nil
	}
	// By its other name first: the key file is never there in part.
	k, err := r.create()
	if err == nil {
		err = r.swap()
	}
	if err != nil {
		return nil, err
	}
	r.add(k)
	return k, nil
}

// Next is the key to change to from the used one: the last that was given, or a
// new one. When everything is encrypted with it, Use must be called. It is
// ErrNoOtherKey where a single key is given.
func (r *Ring) Next(used string) (*Key, error) {
	if r.given && len(r.all()) < 2 {
		return nil, ErrNoOtherKey
	}
	if r.given {
		return r.newest(), nil
	}
	// An earlier change may have failed at its last step.
	if err := r.Settle(used); err != nil {
		return nil, err
	}
	k, err := r.create()
	if err != nil {
		return nil, err
	}
	r.add(k)
	return k, nil
}

// Use puts the file of the key that came from Next in the place of the old one.
func (r *Ring) Use() error {
	if r.given {
		return nil
	}
	return r.swap()
}

// Unseal is the secret that Seal encrypted for owner, with whichever key of the
// ring: another process may be changing it. With none of them it is
// ErrUnknownKey.
func (r *Ring) Unseal(sealed []byte, owner string) (string, error) {
	for _, k := range slices.Backward(r.all()) {
		if secret, ok := k.unseal(sealed, owner); ok {
			return secret, nil
		}
	}
	return "", fmt.Errorf("read secret of %s: %w", owner, ErrUnknownKey)
}

// Settle ends what a kill left of changing keys: one key file stays, that of
// the key in use.
func (r *Ring) Settle(used string) error {
	if r.given {
		return nil
	}
	text, err := os.ReadFile(r.path(nextFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read secret key: %w", err)
	}
	if k, broken := parse(string(text), r.random); broken == nil && k.Fingerprint == used {
		err = r.swap()
	} else {
		err = os.Remove(r.path(nextFile))
	}
	if err != nil {
		return fmt.Errorf("settle secret key: %w", err)
	}
	return r.read(File)
}

func (r *Ring) path(name string) string { return filepath.Join(r.folder, name) }

// read fills the ring from the key files that there are. Only the key file must
// hold a key: the next one may have been written in part.
func (r *Ring) read(names ...string) error {
	var keys []*Key
	for _, name := range names {
		text, err := os.ReadFile(r.path(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read secret key: %w", err)
		}
		if err := os.Chmod(r.path(name), 0o600); err != nil {
			return fmt.Errorf("make secret key private: %w", err)
		}
		k, err := parse(string(text), r.random)
		switch {
		case err == nil:
			keys = append(keys, k)
		case name == File:
			return fmt.Errorf("%s: %w", r.path(name), err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = keys
	return nil
}

// swap makes the next key file the key file.
func (r *Ring) swap() error {
	if err := os.Rename(r.path(nextFile), r.path(File)); err != nil {
		return fmt.Errorf("swap secret key: %w", err)
	}
	return files.SyncFolder(r.folder)
}

// create makes a key and keeps it in the next key file, which is its owner's
// alone and safe from a power cut before create returns.
func (r *Ring) create() (*Key, error) {
	k, err := newKey(r.random(keySize), r.random)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(r.path(nextFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write secret key: %w", err)
	}
	_, err = fmt.Fprintln(f, base64.StdEncoding.EncodeToString(k.bytes))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write secret key: %w", err)
	}
	return k, files.SyncFolder(r.folder)
}
