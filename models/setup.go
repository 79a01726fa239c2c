package models

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"quartermaster/models/query"
)

// Setting is one fact about the whole site.
type Setting struct {
	Name  string `gorm:"primaryKey"`
	Value string
}

// Names of settings.
const (
	setupToken = "setup_token" // the hash of the one-time setup link
	setupDone  = "setup_done"  // when the site was set up, which happens once
	demoSince  = "demo_since"  // when the database became the demo's
)

// setting is the value of a setting, "" when there is none.
func (db *DB) setting(ctx context.Context, name string) (string, error) {
	s, err := query.Of[Setting](db.gorm).Where("name = ?", name).First(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", nil
	}
	return s.Value, translate(err)
}

func (db *DB) set(ctx context.Context, name, value string) error {
	err := query.Exec(ctx, db.gorm, `INSERT INTO settings (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	return nil
}

// IsSetUp tells whether the site has been set up. This never changes back, even
// when all users are deleted.
func (db *DB) IsSetUp(ctx context.Context) (bool, error) {
	done, err := db.setting(ctx, setupDone)
	return done != "", err
}

// NewSetupToken is the secret of a fresh setup link; earlier ones no longer
// work. It is ErrConflict when the site has been set up.
func (db *DB) NewSetupToken(ctx context.Context) (string, error) {
	token := db.newToken()
	err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
		done, err := tx.IsSetUp(ctx)
		if err != nil {
			return err
		}
		if done {
			return ErrConflict
		}
		return tx.set(ctx, setupToken, hashToken(token))
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// CheckSetupToken returns ErrNotFound unless token is that of the present setup
// link.
func (db *DB) CheckSetupToken(ctx context.Context, token string) error {
	hash, err := db.setting(ctx, setupToken)
	if err != nil {
		return err
	}
	if hash == "" || hash != hashToken(token) {
		return ErrNotFound
	}
	return nil
}

// SetupInput is the first site admin and the first team.
type SetupInput struct {
	TeamInput
	UserInput
	Password string `form:"password" validate:"required,nfcmin=12,nfcmax=256"`
	Language string `form:"-" validate:"omitempty,oneof=en zh"`
}

// Check says which rules the fields break. An empty password is only empty.
func (in *SetupInput) Check() error {
	return Invalid(nil).With(Check(in), passwordRule("password", in.Password, in.Email, in.UserInput.Name, in.TeamInput.Name))
}

// CreateFirstAdmin makes the first site admin and team and signs them in. The
// setup link of the token works once: when several use it at the same time, one
// succeeds and the others get ErrNotFound.
func (db *DB) CreateFirstAdmin(ctx context.Context, from Actor, token string, in SetupInput) (SignedIn, error) {
	if err := db.CheckSetupToken(ctx, token); err != nil {
		return SignedIn{}, err
	}
	if err := in.Check(); err != nil {
		return SignedIn{}, err
	}
	hash, err := db.passwords.Hash(ctx, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	var begun SignedIn
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		n, err := query.Of[Setting](tx.gorm).Where("name = ? AND value = ?", setupToken, hashToken(token)).Delete(ctx)
		if err != nil {
			return fmt.Errorf("use setup link: %w", err)
		}
		if n == 0 {
			return ErrNotFound
		}
		if err := tx.endSetup(ctx); err != nil {
			return err
		}
		by := from
		by.UserName = in.UserInput.Name
		user, err := tx.createUser(ctx, by, User{Email: in.Email, Name: in.UserInput.Name, PasswordHash: hash, SiteAdmin: true, Language: in.Language})
		if err != nil {
			return err
		}
		by.UserID = user.ID
		team, err := tx.createTeam(ctx, by, in.TeamInput)
		if err != nil {
			return err
		}
		by.TeamID = team.ID
		if _, err := tx.addMember(ctx, by, in.UserInput, Admin); err != nil {
			return err
		}
		begun.Token, err = tx.signIn(ctx, from, user)
		return err
	})
	return begun, err
}

// endSetup notes, in the caller's transaction, that the site is set up, so that
// no link can be used for it again.
func (db *DB) endSetup(ctx context.Context) error {
	if _, err := query.Of[Setting](db.gorm).Where("name = ?", setupToken).Delete(ctx); err != nil {
		return fmt.Errorf("end setup: %w", err)
	}
	return db.set(ctx, setupDone, stamp(db.Now()))
}

// IsDemo tells whether the database belongs to the demo.
func (db *DB) IsDemo(ctx context.Context) (bool, error) {
	since, err := db.setting(ctx, demoSince)
	return since != "", err
}

// ClaimForDemo makes an empty database the demo's, for good. It is ErrConflict
// when the database holds real data: when it has been set up, or has users.
func (db *DB) ClaimForDemo(ctx context.Context) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if claimed, err := tx.IsDemo(ctx); err != nil || claimed {
			return err
		}
		done, err := tx.IsSetUp(ctx)
		if err != nil {
			return err
		}
		users, err := query.Of[User](tx.gorm).Count(ctx, "*")
		if err != nil {
			return err
		}
		if done || users > 0 {
			return ErrConflict
		}
		if err := tx.set(ctx, demoSince, stamp(tx.Now())); err != nil {
			return err
		}
		return tx.endSetup(ctx) // the demo's people are made with it
	})
}
