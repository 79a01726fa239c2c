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
	Rotate rotateKey `cmd:"" help:"Encrypt the secrets of all access keys with a new key: a fresh one in the data folder, or the last of QUARTERMASTER_SECRET_KEY=old,new. The access keys stay as they are."`
}

type rotateKey struct{}

// Run encrypts everything anew.
func (rotateKey) Run(ctx context.Context, out io.Writer, d *data) error {
	return d.with(ctx, func(db *models.DB) error {
		err := db.RotateSecretKey(ctx, models.Operator())
		switch {
		case errors.Is(err, models.ErrConflict):
			return errors.New("the secret key is set from outside; give the old and the new one as QUARTERMASTER_SECRET_KEY=old,new")
		case err != nil:
			return err
		case d.SecretKey != "":
			fmt.Fprintln(out, "All access keys are encrypted with the new secret key. From now on give only that one.")
		default:
			fmt.Fprintln(out, "All access keys are encrypted with a new secret key. Older backups need the file secret.key that was saved with them.")
		}
		return nil
	})
}
