package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"quartermaster/models"
)

// key has the commands that look after the secret key.
type key struct {
	Reset  resetKey  `cmd:"" help:"Delete all access keys when the encryption key is lost, so that the server starts again. Does nothing if the key is present."`
	Rotate rotateKey `cmd:"" help:"Encrypt the secrets of all access keys with a new encryption key: a fresh one in the data folder, or the last of QUARTERMASTER_SECRET_KEY=old,new. The access keys do not change."`
}

type resetKey struct{}

// Run opens the data and deletes access keys that nobody can read.
func (resetKey) Run(ctx context.Context, out io.Writer, d *data) error {
	d.forget = true
	return d.withExisting(ctx, func(*models.DB) error {
		fmt.Fprintln(out, "The server can start. If the encryption key was lost, all access keys are deleted.")
		return nil
	})
}

type rotateKey struct{}

// Run encrypts everything anew.
func (rotateKey) Run(ctx context.Context, out io.Writer, d *data) error {
	return d.withExisting(ctx, func(db *models.DB) error {
		err := db.RotateSecretKey(ctx, models.Operator())
		switch {
		case errors.Is(err, models.ErrConflict):
			return errors.New("the encryption key is set by environment; give the old and the new one as QUARTERMASTER_SECRET_KEY=old,new")
		case err != nil:
			return err
		case d.SecretKey != "":
			fmt.Fprintln(out, "All access keys are encrypted with the new encryption key. From now on set only that one.")
		default:
			fmt.Fprintln(out, "All access keys are encrypted with a new encryption key. Older backups need the secret.key file saved with them.")
		}
		return nil
	})
}
