package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/query"
)

// mostTokens is how many tokens of a key may work at a time.
const mostTokens = 20

// AccessToken is a token of the X-Auth-Token header that an access key was
// given. Only its hash is kept.
type AccessToken struct {
	TokenHash   string  `gorm:"primaryKey"`
	Token       *string // the one-time token of its form
	ID          string
	KeyID       string
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// TokenInput is what somebody says about a new token.
type TokenInput struct {
	// Hours is how long it works; the vendor's own work for 24.
	Hours int `form:"hours" validate:"min=1,max=8760"`
	// Token is the form's one-time token.
	Token string `form:"-" validate:"max=64"`
}

// IssueToken gives an access key of the actor's team, or of the site, a token.
// It is returned here and never again: sending the same form once more is
// ErrConflict while the token exists. Tokens that have expired are forgotten.
func (db *DB) IssueToken(ctx context.Context, by Actor, keyID string, in TokenInput) (*AccessToken, string, error) {
	if err := by.mayKeys(); err != nil {
		return nil, "", err
	}
	if err := Check(&in); err != nil {
		return nil, "", err
	}
	now, token := db.Now(), db.newToken()
	row := AccessToken{TokenHash: hashToken(token), ID: db.newID(), KeyID: keyID, CreatedBy: by.UserID, CreatorName: by.UserName,
		CreatedAt: now, ExpiresAt: now.Add(time.Duration(in.Hours) * time.Hour)}
	if in.Token != "" {
		row.Token = &in.Token
	}
	_, err := db.onKey(ctx, by, keyID, func(ctx context.Context, tx *DB, k *AccessKey) error {
		if _, err := query.Of[AccessToken](tx.gorm).Where("key_id = ? AND expires_at <= ?", keyID, now).Delete(ctx); err != nil {
			return fmt.Errorf("tidy tokens: %w", err)
		}
		// The key's row is changed first, so that concurrent calls see the
		// tokens that the others issued.
		if _, err := query.Of[accessKeyRow](tx.gorm).Where("id = ? AND team_id = ?", keyID, by.TeamID).Update(ctx, "updated_at", now); err != nil {
			return fmt.Errorf("issue token: %w", err)
		}
		n, err := query.Of[AccessToken](tx.gorm).Where("key_id = ?", keyID).Count(ctx, "*")
		if err != nil {
			return fmt.Errorf("count tokens: %w", err)
		}
		if n >= mostTokens {
			return invalid("hours", "tokens_full", fmt.Sprint(mostTokens))
		}
		if err := query.Of[AccessToken](tx.gorm).Create(ctx, &row); errors.Is(err, gorm.ErrDuplicatedKey) {
			return ErrConflict
		} else if err != nil {
			return fmt.Errorf("issue token: %w", err)
		}
		return tx.recordKey(ctx, by, "key.token_issued", *k, map[string]any{"token": row.ID, "expires_at": row.ExpiresAt})
	})
	if err != nil {
		return nil, "", err
	}
	return &row, token, nil
}

// ListTokens are the tokens of an access key that still work, newest first.
func (db *DB) ListTokens(ctx context.Context, by Actor, keyID string) ([]AccessToken, error) {
	if _, err := db.FindAccessKey(ctx, by, keyID); err != nil {
		return nil, err
	}
	tokens, err := query.Of[AccessToken](db.gorm).Where("key_id = ? AND expires_at > ?", keyID, db.Now()).
		Order("created_at DESC, id DESC").Limit(mostTokens).Find(ctx)
	return tokens, translate(err)
}

// RevokeToken ends a token at once, or returns ErrNotFound.
func (db *DB) RevokeToken(ctx context.Context, by Actor, keyID, id string) error {
	_, err := db.onKey(ctx, by, keyID, func(ctx context.Context, tx *DB, k *AccessKey) error {
		n, err := query.Of[AccessToken](tx.gorm).Where("key_id = ? AND id = ?", keyID, id).Delete(ctx)
		if err != nil {
			return fmt.Errorf("revoke token: %w", err)
		}
		if n == 0 {
			return ErrNotFound
		}
		return tx.recordKey(ctx, by, "key.token_revoked", *k, map[string]any{"token": id})
	})
	return err
}
