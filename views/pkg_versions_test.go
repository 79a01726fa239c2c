package views_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/archive"
	"quartermaster/views"
	"quartermaster/views/i18n"
)

func TestTimeInAnArchiveMovesOnlyWithItsZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 20, 30, 0, 0, time.UTC)
	ctx := i18n.WithZone(i18n.WithLang(context.Background(), "en"), time.FixedZone("", 8*3600))
	for _, tt := range []struct {
		zoneless bool
		want     string
	}{{true, ">2026-03-01 20:30<"}, {false, ">2026-03-02 04:30 UTC+8<"}} {
		v := models.PkgVersion{Listing: &archive.Listing{Entries: []archive.Entry{{Name: "a", Modified: at, Zoneless: tt.zoneless}}}}
		var b strings.Builder
		if err := views.VersionEntries(views.PkgVersionShowProps{PkgVersionPage: models.PkgVersionPage{Version: v}}).Render(ctx, &b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), tt.want) {
			t.Errorf("zoneless %t: got %s, want %s", tt.zoneless, b.String(), tt.want)
		}
	}
}
