package models

import (
	"context"
	"errors"
	"fmt"

	"quartermaster/models/picture"
	"quartermaster/models/query"
)

// LetterheadInput is what a team prints at the head of its paper.
type LetterheadInput struct {
	LegalName string `form:"legal_name" json:"legal_name" validate:"line,max=100"`
	Address   string `form:"address" json:"address" validate:"line,max=200"`
	TaxNumber string `form:"tax_number" json:"tax_number" validate:"line,max=40"`
	Contact   string `form:"contact" json:"contact" validate:"line,max=100"`
	// DropLogo takes the logo away. It has no effect when a new one is given.
	DropLogo bool `form:"drop_logo" json:"drop_logo"`
	// Shown is what the form showed, so that nobody undoes unseen what another has
	// changed meanwhile.
	Shown string `form:"shown" json:"-"`
}

// Letterhead is the input that would leave the team's letterhead as it is.
func (t *Team) Letterhead() LetterheadInput {
	in := LetterheadInput{LegalName: t.LegalName, Address: t.Address, TaxNumber: t.TaxNumber, Contact: t.Contact}
	in.Shown = shownAs(in)
	return in
}

// HasLogo tells whether the team has a logo, which FindLogo reads.
func (t *Team) HasLogo() bool { return t.LogoType != "" }

// PaperName is what the team is called on paper.
func (t *Team) PaperName() string {
	if t.LegalName != "" {
		return t.LegalName
	}
	return t.Name
}

// The limits of a logo: of the file that is sent, and of the picture that is
// kept.
const (
	MaxLogoBytes = 1 << 20
	logoWidth    = 600
	logoHeight   = 200
)

// UpdateLetterhead changes the team's letterhead. logo is a PNG or JPEG file,
// of which only the pixels are kept. When it is empty, the logo stays as it is
// unless the input drops it. Where others have changed it since the form was shown,
// it is refused with Changed.
func (db *DB) UpdateLetterhead(ctx context.Context, by Actor, in LetterheadInput, logo []byte) error {
	if err := by.may(Administer); err != nil {
		return err
	}
	refused := Check(&in)
	var pixels []byte
	if len(logo) > 0 {
		var err error
		if pixels, err = db.cleanLogo(ctx, logo); err != nil {
			refused = Invalid(nil).With(refused, err)
		}
	}
	if refused != nil {
		return refused
	}
	if err := db.hasRoom(ctx); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.holdTeam(ctx, by); err != nil {
			return err
		}
		team, err := tx.FindTeam(ctx, by)
		if err != nil {
			return err
		}
		old := team.Letterhead()
		if err := tx.changedSince(ctx, by, old, in.Shown); err != nil {
			return err
		}
		changed := map[string]any{
			"legal_name": in.LegalName, "address": in.Address, "tax_number": in.TaxNumber,
			"contact": in.Contact, "updated_at": tx.Now(),
		}
		switch {
		case pixels != nil:
			changed["logo"], changed["logo_type"] = pixels, "image/png"
		case in.DropLogo:
			changed["logo"], changed["logo_type"] = nil, ""
		}
		err = tx.gorm.WithContext(ctx).Model(&Team{}).Where("id = ?", by.TeamID).Updates(changed).Error
		if err != nil {
			return fmt.Errorf("update letterhead: %w", err)
		}
		return tx.Record(ctx, by, Event{Action: "team.letterhead_changed", Kind: KindTeam, SubjectID: team.ID, SubjectName: team.Name},
			map[string]any{"old": old, "new": in, "logo": pixels != nil})
	})
}

// FindLogo is the team's logo as a PNG file, or ErrNotFound when it has none.
func (db *DB) FindLogo(ctx context.Context, by Actor) ([]byte, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	team, err := query.Of[Team](db.gorm).Select("logo").Where("id = ? AND logo_type <> ''", by.TeamID).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return team.Logo, nil
}

// cleanLogo is the picture that is served for a logo, or the broken rule of what
// was given for one.
func (db *DB) cleanLogo(ctx context.Context, file []byte) ([]byte, error) {
	if len(file) > MaxLogoBytes {
		return nil, invalid("logo", "logo_large")
	}
	pixels, err := db.pictures.Clean(ctx, file, logoWidth, logoHeight)
	switch {
	case errors.Is(err, picture.ErrFormat):
		return nil, invalid("logo", "logo_format")
	case errors.Is(err, picture.ErrLarge):
		return nil, invalid("logo", "logo_large")
	case errors.Is(err, picture.ErrHeavy):
		return nil, invalid("logo", "logo_heavy")
	}
	return pixels, err
}
