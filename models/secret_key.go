package models

import (
	"context"
	"errors"
	"fmt"

	"quartermaster/models/keyring"
	"quartermaster/models/query"
)

// The secret key encrypts the secrets of access keys, which the vendors'
// signatures need in the clear. It is never in the database, so that nobody can
// sign with the database or a backup alone. The database has its fingerprint,
// so that a start with another key is noticed.

// ErrSecretKey says that the secret key is not the one that this database's
// access keys were encrypted with.
var ErrSecretKey = keyring.ErrUnknownKey

// keyFingerprint is the setting that tells which secret key is in use.
const keyFingerprint = "secret_key"

// openSecretKey finds the secret key that the database was encrypted with, and
// completes a change of keys that was interrupted. It returns ErrSecretKey when
// the key is missing.
func (db *DB) openSecretKey(ctx context.Context, o Options) error {
	var err error
	if db.keys, err = keyring.Open(db.folder, o.SecretKey, db.randomBytes); err != nil {
		return err
	}
	used, err := db.setting(ctx, keyFingerprint)
	if err != nil {
		return err
	}
	if used != "" && db.keys.Named(used) == nil {
		if !o.ForgetAccessKeys {
			return ErrSecretKey
		}
		if err := db.forgetAccessKeys(ctx); err != nil {
			return err
		}
		used = ""
	}
	return db.keys.Settle(used)
}

// forgetAccessKeys deletes all access keys, of every team and of the site, and
// which secret key they were encrypted with.
func (db *DB) forgetAccessKeys(ctx context.Context) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		rows, err := query.Of[accessKeyRow](tx.gorm).Omit("sealed").Find(ctx)
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
			if err := query.Exec(ctx, tx.gorm, "DELETE FROM "+name); err != nil {
				return fmt.Errorf("forget %s: %w", name, err)
			}
		}
		return query.Exec(ctx, tx.gorm, "DELETE FROM settings WHERE name = ?", keyFingerprint)
	})
}

// lockedFingerprint is the fingerprint in use, which stays so until the
// caller's transaction ends.
func (db *DB) lockedFingerprint(ctx context.Context, lock string) (string, error) {
	statement := "SELECT value FROM settings WHERE name = ?"
	if db.gorm.Name() == "postgres" {
		statement += lock // SQLite has one writer
	}
	var used string
	err := db.gorm.WithContext(ctx).Raw(statement, keyFingerprint).Scan(&used).Error
	return used, err
}

// sealingKey is the secret key that new secrets are encrypted with, in the
// caller's transaction. The first is made here.
func (db *DB) sealingKey(ctx context.Context) (*keyring.Key, error) {
	used, err := db.lockedFingerprint(ctx, " FOR SHARE")
	if err != nil {
		return nil, err
	}
	if used == "" {
		first, err := db.keys.First()
		if err != nil {
			return nil, err
		}
		// Another process may do the same at this moment; then its key counts.
		err = query.Exec(ctx, db.gorm, "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", keyFingerprint, first.Fingerprint)
		if err != nil {
			return nil, fmt.Errorf("note secret key: %w", err)
		}
		if used, err = db.lockedFingerprint(ctx, " FOR SHARE"); err != nil {
			return nil, err
		}
	}
	k := db.keys.Named(used)
	if k == nil {
		return nil, ErrSecretKey
	}
	return k, nil
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
	used, err := db.setting(ctx, keyFingerprint)
	if err != nil {
		return err
	}
	next, err := db.keys.Next(used)
	if errors.Is(err, keyring.ErrNoOtherKey) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if _, err := tx.lockedFingerprint(ctx, " FOR UPDATE"); err != nil {
			return err
		}
		if err := tx.set(ctx, keyFingerprint, next.Fingerprint); err != nil {
			return err
		}
		rows, err := query.Of[accessKeyRow](tx.gorm).Select("id", "sealed").Find(ctx)
		if err != nil {
			return fmt.Errorf("read access keys: %w", err)
		}
		for _, row := range rows {
			secret, err := db.keys.Unseal(row.Sealed, row.ID)
			if err != nil {
				return err
			}
			if _, err := query.Of[accessKeyRow](tx.gorm).Where("id = ?", row.ID).Update(ctx, "sealed", next.Seal(secret, row.ID)); err != nil {
				return fmt.Errorf("encrypt access key: %w", err)
			}
		}
		return tx.Record(ctx, by.ForSite(), Event{Action: "key.rotated", Kind: KindKey}, map[string]any{"keys": len(rows)})
	})
	if err != nil {
		return err
	}
	return db.keys.Use()
}
