package models_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func picture(w, h int) image.Image {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			p.Set(x, y, color.NRGBA{R: uint8(x), G: uint8(y), B: 90, A: 255})
		}
	}
	return p
}

func asPNG(t *testing.T, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t *testing.T, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claiming is a PNG file whose header claims a size that it does not have.
func claiming(t *testing.T, w, h uint32) []byte {
	t.Helper()
	file := asPNG(t, picture(1, 1))
	binary.BigEndian.PutUint32(file[16:], w)
	binary.BigEndian.PutUint32(file[20:], h)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

func TestLogoIsKeptAsPixelsThatFit(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	for _, tt := range []struct {
		name         string
		file         []byte
		wantW, wantH int
	}{
		{"small", asPNG(t, picture(40, 30)), 40, 30},
		{"wide", asPNG(t, picture(1200, 100)), 600, 50},
		{"tall JPEG", asJPEG(t, picture(300, 800)), 75, 200},
		{"hair", asPNG(t, picture(3000, 1)), 600, 1},
		{"with a script behind it", append(asPNG(t, picture(8, 8)), "<script>alert(1)</script>"...), 8, 8},
	} {
		if err := db.UpdateLetterhead(t.Context(), team.Admin, models.LetterheadInput{}, tt.file); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		logo, err := db.FindLogo(t.Context(), team.Viewer)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got, err := png.Decode(bytes.NewReader(logo))
		if err != nil {
			t.Fatalf("%s: kept logo is no PNG: %v", tt.name, err)
		}
		if b := got.Bounds(); b.Dx() != tt.wantW || b.Dy() != tt.wantH {
			t.Errorf("%s: got %d × %d, want %d × %d", tt.name, b.Dx(), b.Dy(), tt.wantW, tt.wantH)
		}
		if bytes.Contains(logo, []byte("script")) {
			t.Errorf("%s: kept more than the pixels", tt.name)
		}
	}
	if _, err := db.FindLogo(t.Context(), other.Viewer); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team's logo: got %v, want not found", err)
	}
	found, err := db.FindTeam(t.Context(), team.Viewer)
	if err != nil || !found.HasLogo() || found.Logo != nil {
		t.Errorf("team: got logo %t with %d bytes, %v; want it known and not read", found.HasLogo(), len(found.Logo), err)
	}
	if err := db.UpdateLetterhead(t.Context(), team.Admin, models.LetterheadInput{DropLogo: true}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := db.FindLogo(t.Context(), team.Viewer); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("dropped logo: got %v, want not found", err)
	}
}

func TestLogoThatIsNoSmallPictureIsRefused(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for _, tt := range []struct {
		name, rule string
		file       []byte
	}{
		{"text", "logo_format", []byte("hello")},
		{"SVG", "logo_format", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`)},
		{"GIF", "logo_format", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;")},
		{"half a PNG", "logo_format", asPNG(t, picture(200, 200))[:200]},
		{"half a JPEG", "logo_format", asJPEG(t, picture(200, 200))[:30]},
		{"too many pixels", "logo_large", claiming(t, 30000, 30000)},
		{"widest there is", "logo_large", claiming(t, 1<<31-1, 2)},
		{"no pixels", "logo_format", claiming(t, 0, 5)},
		{"too many bytes", "logo_large", append(asPNG(t, picture(8, 8)), make([]byte, models.MaxLogoBytes)...)},
	} {
		err := db.UpdateLetterhead(t.Context(), team.Admin, models.LetterheadInput{LegalName: "A"}, tt.file)
		if !rejects(err, "logo", tt.rule) {
			t.Errorf("%s: got %v, want logo %s", tt.name, err, tt.rule)
		}
	}
	found, err := db.FindTeam(t.Context(), team.Viewer)
	if err != nil || found.LegalName != "" || found.HasLogo() {
		t.Errorf("got %q, logo %t, %v; want nothing changed", found.LegalName, found.HasLogo(), err)
	}
}

func TestLetterheadIsTheAdminsToChangeAndIsRecorded(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := models.LetterheadInput{LegalName: " 杭州云仓科技有限公司 ", Address: "杭州市西湖区", TaxNumber: "91330100MA27X0000X", Contact: "0571-0000"}
	for _, by := range []models.Actor{team.Viewer, team.Requester, team.Approver} {
		if err := db.UpdateLetterhead(t.Context(), by, in, nil); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s: got %v, want forbidden", by.Role, err)
		}
	}
	if err := db.UpdateLetterhead(t.Context(), team.Admin, in, nil); err != nil {
		t.Fatal(err)
	}
	found, err := db.FindTeam(t.Context(), team.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	in.LegalName, in.Shown = strings.TrimSpace(in.LegalName), found.Letterhead().Shown
	if got := found.Letterhead(); got != in || found.PaperName() != in.LegalName {
		t.Errorf("got %+v, want %+v", got, in)
	}
	events, err := recorded(t, db, team.Viewer, "team.letterhead")
	if err != nil || len(events) != 1 || !strings.Contains(events[0].Detail, "0571-0000") {
		t.Errorf("got events %v, %v; want the change", events, err)
	}
}
