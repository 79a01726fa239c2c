package models

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// LetterheadInput is what a team prints at the head of its paper.
type LetterheadInput struct {
	LegalName  string `form:"legal_name" validate:"line,max=100"`
	Address    string `form:"address" validate:"line,max=200"`
	TaxNumber  string `form:"tax_number" validate:"line,max=40"`
	Contact    string `form:"contact" validate:"line,max=100"`
	CostCentre string `form:"default_cost_centre" validate:"line,max=64"`
	// DropLogo takes the logo away. It has no effect when a new one is given.
	DropLogo bool `form:"drop_logo"`
}

// Letterhead is the input that would leave the team's letterhead as it is.
func (t *Team) Letterhead() LetterheadInput {
	return LetterheadInput{LegalName: t.LegalName, Address: t.Address, TaxNumber: t.TaxNumber,
		Contact: t.Contact, CostCentre: t.CostCentre}
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

// The limits of a logo: what is taken in, and what is kept of it.
const (
	MaxLogoBytes  = 1 << 20
	maxLogoPixels = 4_000_000
	logoWidth     = 600
	logoHeight    = 200
)

// UpdateLetterhead changes the team's letterhead. logo is a PNG or JPEG file,
// of which only the pixels are kept; empty leaves the logo as it is, unless
// the input drops it.
func (db *DB) UpdateLetterhead(ctx context.Context, by Actor, in LetterheadInput, logo []byte) error {
	if err := by.may(Administer); err != nil {
		return err
	}
	refused := Check(&in)
	var pixels []byte
	if len(logo) > 0 {
		var err error
		if pixels, err = cleanLogo(logo); err != nil {
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
		team, err := tx.FindTeam(ctx, by)
		if err != nil {
			return err
		}
		old := team.Letterhead()
		changed := map[string]any{
			"legal_name": in.LegalName, "address": in.Address, "tax_number": in.TaxNumber,
			"contact": in.Contact, "cost_centre": in.CostCentre, "updated_at": tx.Now(),
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
		return tx.record(ctx, by, Event{Action: "team.letterhead_changed", Kind: KindTeam, SubjectID: team.ID, SubjectName: team.Name},
			map[string]any{"old": old, "new": in, "logo": pixels != nil})
	})
}

// FindLogo is the team's logo as a PNG file, or ErrNotFound when it has none.
func (db *DB) FindLogo(ctx context.Context, by Actor) ([]byte, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	team, err := table[Team](db.gorm).Select("logo").Where("id = ? AND logo_type <> ''", by.TeamID).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return team.Logo, nil
}

// cleanLogo is a logo decoded within limits, made to fit and encoded anew, so
// that nothing of the file but its pixels is ever served.
func cleanLogo(file []byte) ([]byte, error) {
	if len(file) > MaxLogoBytes {
		return nil, invalid("logo", "logo_large")
	}
	config, decode := png.DecodeConfig, png.Decode
	if bytes.HasPrefix(file, []byte{0xff, 0xd8}) {
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	}
	size, err := config(bytes.NewReader(file))
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, invalid("logo", "logo_format")
	}
	if size.Width > maxLogoPixels/size.Height {
		return nil, invalid("logo", "logo_large")
	}
	picture, err := decode(bytes.NewReader(file))
	if err != nil {
		return nil, invalid("logo", "logo_format")
	}
	var out bytes.Buffer
	if err := png.Encode(&out, shrink(picture, logoWidth, logoHeight)); err != nil {
		return nil, fmt.Errorf("encode logo: %w", err)
	}
	return out.Bytes(), nil
}

// shrink is a picture that fits into width × height in its own proportions,
// each pixel the average of those that it stands for. A smaller one keeps its
// size.
func shrink(p image.Image, width, height int) *image.NRGBA {
	from := p.Bounds()
	w, h := from.Dx(), from.Dy()
	if w > width || h > height {
		if w*height > h*width {
			w, h = width, max(1, h*width/w)
		} else {
			w, h = max(1, w*height/h), height
		}
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			area := image.Rect(
				from.Min.X+x*from.Dx()/w, from.Min.Y+y*from.Dy()/h,
				from.Min.X+(x+1)*from.Dx()/w, from.Min.Y+(y+1)*from.Dy()/h)
			out.Set(x, y, average(p, area))
		}
	}
	return out
}

// average is the mean colour of an area; transparent pixels weigh nothing.
func average(p image.Image, area image.Rectangle) color.Color {
	var sum [4]uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r, g, b, a := p.At(x, y).RGBA()
			for i, v := range []uint32{r, g, b, a} {
				sum[i] += uint64(v)
			}
		}
	}
	n := uint64(area.Dx() * area.Dy())
	return color.RGBA64{R: uint16(sum[0] / n), G: uint16(sum[1] / n), B: uint16(sum[2] / n), A: uint16(sum[3] / n)}
}
