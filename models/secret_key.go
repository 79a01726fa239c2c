package models

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// The secret key encrypts the secrets of access keys, which the vendors'
// signatures need in the clear. It is never in the database: whoever reads only
// that, or only a backup of it, can sign nothing. The database knows a
// fingerprint of it, by which a start with another key is noticed.

// ErrSecretKey says that the secret key is not the one that this database's
// access keys were encrypted with.
var ErrSecretKey = errors.New("the secret key is not the one that the access keys were encrypted with")

const (
	secretKeyFile = "secret.key"
	// nextKeyFile holds a new key from before the database is encrypted with it
	// until it is the secretKeyFile, so that a kill at any moment leaves the
	// right one of the two.
	nextKeyFile = "secret.key.new"
	// keyFingerprint is the setting that tells which secret key is in use.
	keyFingerprint = "secret_key"
)

// secretKey is 256 bits, ready for use.
type secretKey struct {
	bytes       []byte
	fingerprint string
	aead        cipher.AEAD
}

func newSecretKey(b []byte) (*secretKey, error) {
	block, err := aes.NewCipher(b)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, b)
	mac.Write([]byte("quartermaster secret key"))
	return &secretKey{bytes: b, fingerprint: hex.EncodeToString(mac.Sum(nil)[:16]), aead: aead}, nil
}

// parseSecretKey reads 32 bytes in base64 or hex.
func parseSecretKey(text string) (*secretKey, error) {
	text = strings.TrimSpace(text)
	b, err := hex.DecodeString(text)
	if err != nil {
		b, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	}
	if err != nil || len(b) != 32 {
		return nil, errors.New("the secret key must be 32 bytes in base64 or hex")
	}
	return newSecretKey(b)
}

// keyring holds the secret keys that this process knows.
type keyring struct {
	folder string
	// given tells that the keys came with Options.SecretKey; there is no file
	// then.
	given bool
	mu    sync.RWMutex
	keys  []*secretKey // the last is the newest
}

func (r *keyring) all() []*secretKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keys
}

func (r *keyring) named(fingerprint string) *secretKey {
	for _, k := range r.all() {
		if k.fingerprint == fingerprint {
			return k
		}
	}
	return nil
}

func (r *keyring) newest() *secretKey {
	if keys := r.all(); len(keys) > 0 {
		return keys[len(keys)-1]
	}
	return nil
}

func (r *keyring) add(k *secretKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(slices.Clip(r.keys), k)
}

func (r *keyring) path(name string) string { return filepath.Join(r.folder, name) }

// openKeyring reads the secret keys that are given, or else those in the data
// folder. There may be none: the first is made when it is needed.
func openKeyring(folder, given string) (*keyring, error) {
	r := &keyring{folder: folder, given: given != ""}
	if r.given {
		var err error
		r.keys, err = parseSecretKeys(given)
		return r, err
	}
	return r, r.read(secretKeyFile, nextKeyFile)
}

// parseSecretKeys reads several secret keys with commas between.
func parseSecretKeys(given string) ([]*secretKey, error) {
	var keys []*secretKey
	for text := range strings.SplitSeq(given, ",") {
		k, err := parseSecretKey(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// CheckSecretKey refuses what cannot be Options.SecretKey, without saying it
// again.
func CheckSecretKey(given string) error {
	_, err := parseSecretKeys(given)
	return err
}

// read fills the ring from the key files that there are. What is not whole is
// no key; only the secretKeyFile must be.
func (r *keyring) read(names ...string) error {
	var keys []*secretKey
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
		k, err := parseSecretKey(string(text))
		switch {
		case err == nil:
			keys = append(keys, k)
		case name == secretKeyFile:
			return fmt.Errorf("%s: %w", r.path(name), err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = keys
	return nil
}

// openSecretKey finds the secret key that the database was encrypted with, and
// ends what a kill left of changing it. It is ErrSecretKey when it is not there.
func (db *DB) openSecretKey(ctx context.Context, o Options) error {
	var err error
	if db.keys, err = openKeyring(db.folder, o.SecretKey); err != nil {
		return err
	}
	used, err := db.setting(ctx, keyFingerprint)
	if err != nil {
		return err
	}
	if used != "" && db.keys.named(used) == nil {
		if !o.ForgetAccessKeys {
			return ErrSecretKey
		}
		if err := db.forgetAccessKeys(ctx); err != nil {
			return err
		}
		used = ""
	}
	if db.keys.given {
		return nil
	}
	return db.keys.settle(used)
}

// forgetAccessKeys deletes all access keys, of every team and of the site, and
// which secret key they were encrypted with.
func (db *DB) forgetAccessKeys(ctx context.Context) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		rows, err := table[accessKeyRow](tx.gorm).Omit("sealed").Find(ctx)
		if err != nil {
			return fmt.Errorf("read access keys: %w", err)
		}
		for _, row := range rows {
			by := Operator()
			by.TeamID = row.TeamID
			if err := tx.recordKey(ctx, by, "key.deleted", row.key()); err != nil {
				return err
			}
		}
		for _, name := range []string{"access_keys", "nonces"} {
			if err := execute(ctx, tx.gorm, "DELETE FROM "+name); err != nil {
				return fmt.Errorf("forget %s: %w", name, err)
			}
		}
		return execute(ctx, tx.gorm, "DELETE FROM settings WHERE name = ?", keyFingerprint)
	})
}

// settle leaves one key file, that of the key in use.
func (r *keyring) settle(used string) error {
	text, err := os.ReadFile(r.path(nextKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read secret key: %w", err)
	}
	if k, broken := parseSecretKey(string(text)); broken == nil && k.fingerprint == used {
		err = r.swap()
	} else {
		err = os.Remove(r.path(nextKeyFile))
	}
	if err != nil {
		return fmt.Errorf("settle secret key: %w", err)
	}
	return r.read(secretKeyFile)
}

// swap makes the next key file the key file.
func (r *keyring) swap() error {
	if err := os.Rename(r.path(nextKeyFile), r.path(secretKeyFile)); err != nil {
		return fmt.Errorf("swap secret key: %w", err)
	}
	return syncFolder(r.folder)
}

// write keeps a key in a file that is its owner's alone, safe from a power cut
// before it returns.
func (r *keyring) write(name string, k *secretKey) error {
	f, err := os.OpenFile(r.path(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write secret key: %w", err)
	}
	_, err = fmt.Fprintln(f, base64.StdEncoding.EncodeToString(k.bytes))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write secret key: %w", err)
	}
	return syncFolder(r.folder)
}

// lockedFingerprint is the fingerprint in use, which stays so until the
// caller's transaction ends.
func (db *DB) lockedFingerprint(ctx context.Context, lock string) (string, error) {
	query := "SELECT value FROM settings WHERE name = ?"
	if db.gorm.Name() == "postgres" {
		query += lock // SQLite has one writer
	}
	var used string
	err := db.gorm.WithContext(ctx).Raw(query, keyFingerprint).Scan(&used).Error
	return used, err
}

// sealingKey is the secret key that new secrets are encrypted with, in the
// caller's transaction. The first is made here.
func (db *DB) sealingKey(ctx context.Context) (*secretKey, error) {
	used, err := db.lockedFingerprint(ctx, " FOR SHARE")
	if err != nil {
		return nil, err
	}
	if used == "" {
		first, err := db.firstKey()
		if err != nil {
			return nil, err
		}
		// Another process may do so at the same moment; then that one's counts.
		err = execute(ctx, db.gorm, "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", keyFingerprint, first.fingerprint)
		if err != nil {
			return nil, fmt.Errorf("note secret key: %w", err)
		}
		if used, err = db.lockedFingerprint(ctx, " FOR SHARE"); err != nil {
			return nil, err
		}
	}
	k := db.keys.named(used)
	if k == nil {
		return nil, ErrSecretKey
	}
	return k, nil
}

// firstKey is the newest key of the ring, made and kept when there is none.
func (db *DB) firstKey() (*secretKey, error) {
	if k := db.keys.newest(); k != nil {
		return k, nil
	}
	k, err := newSecretKey(db.randomBytes(32))
	if err != nil {
		return nil, err
	}
	// By its other name first: what has this name is whole.
	if err := db.keys.write(nextKeyFile, k); err != nil {
		return nil, err
	}
	if err := db.keys.swap(); err != nil {
		return nil, err
	}
	db.keys.add(k)
	return k, nil
}

// seal encrypts the secret of an access key. It can be read for that key only.
func (k *secretKey) seal(db *DB, secret, keyID string) []byte {
	nonce := db.randomBytes(k.aead.NonceSize())
	return k.aead.Seal(nonce, nonce, []byte(secret), []byte(keyID))
}

// unseal is the secret that seal encrypted, whichever of the known keys it was
// with: another process may be changing it.
func (r *keyring) unseal(sealed []byte, keyID string) (string, error) {
	keys := r.all()
	for i := range keys {
		k := keys[len(keys)-1-i]
		if n := k.aead.NonceSize(); len(sealed) > n {
			if secret, err := k.aead.Open(nil, sealed[:n], sealed[n:], []byte(keyID)); err == nil {
				return string(secret), nil
			}
		}
	}
	return "", fmt.Errorf("access key %s: %w", keyID, ErrSecretKey)
}

// RotateSecretKey encrypts all secrets anew, in one transaction. The new key is
// the last of Options.SecretKey, where two or more are given, and otherwise one
// that is made and put in the place of the old one. A kill at any moment leaves
// either the old state or the new one. It is ErrConflict where only the present
// key is given.
func (db *DB) RotateSecretKey(ctx context.Context, by Actor) error {
	if err := by.maySite(); err != nil {
		return err
	}
	if db.keys.given && len(db.keys.all()) < 2 {
		return ErrConflict
	}
	next := db.keys.newest()
	if !db.keys.given {
		used, err := db.setting(ctx, keyFingerprint)
		if err != nil {
			return err
		}
		// An earlier change may have failed at its last step.
		if err := db.keys.settle(used); err != nil {
			return err
		}
		if next, err = newSecretKey(db.randomBytes(32)); err != nil {
			return err
		}
		if err := db.keys.write(nextKeyFile, next); err != nil {
			return err
		}
		db.keys.add(next)
	}
	err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if _, err := tx.lockedFingerprint(ctx, " FOR UPDATE"); err != nil {
			return err
		}
		if err := tx.set(ctx, keyFingerprint, next.fingerprint); err != nil {
			return err
		}
		rows, err := table[accessKeyRow](tx.gorm).Select("id", "sealed").Find(ctx)
		if err != nil {
			return fmt.Errorf("read access keys: %w", err)
		}
		for _, row := range rows {
			secret, err := db.keys.unseal(row.Sealed, row.ID)
			if err != nil {
				return err
			}
			if _, err := table[accessKeyRow](tx.gorm).Where("id = ?", row.ID).Update(ctx, "sealed", next.seal(tx, secret, row.ID)); err != nil {
				return fmt.Errorf("encrypt access key: %w", err)
			}
		}
		return tx.record(ctx, by.ForSite(), Event{Action: "key.rotated", Kind: KindKey}, map[string]any{"keys": len(rows)})
	})
	if err != nil || db.keys.given {
		return err
	}
	return db.keys.swap()
}
