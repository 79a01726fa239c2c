package models_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func TestJobsOfTeamsTakeTurns(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	busy, other, third := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	for i := range 6 {
		placeStore(t, db, busy.Requester, storeInput(fmt.Sprintf("busy-%d", i)))
	}
	for i := range 2 {
		placeStore(t, db, other.Requester, storeInput(fmt.Sprintf("other-%d", i)))
	}
	placeStore(t, db, third.Requester, storeInput("third"))
	names := map[string]string{busy.Admin.TeamID: "busy", other.Admin.TeamID: "other", third.Admin.TeamID: "third"}
	turns := func(end bool, n int) (got []string) {
		for range n {
			job := mustClaim(t, db)
			got = append(got, names[job.TeamID])
			if end {
				if err := db.Do(t.Context(), job); err != nil {
					t.Fatal(err)
				}
			}
		}
		return got
	}
	if got, want := turns(true, 4), []string{"busy", "other", "third", "busy"}; !slices.Equal(got, want) {
		t.Errorf("one after another: got %v, want %v", got, want)
	}
	if got, want := turns(false, 5), []string{"other", "busy", "busy", "busy", "busy"}; !slices.Equal(got, want) {
		t.Errorf("while none ends: got %v, want %v", got, want)
	}
	placeStore(t, db, third.Requester, storeInput("third-2"))
	placeStore(t, db, busy.Requester, storeInput("busy-9"))
	placeStore(t, db, other.Requester, storeInput("other-9"))
	if got, want := turns(false, 3), []string{"third", "other", "busy"}; !slices.Equal(got, want) {
		t.Errorf("beside jobs that run: got %v, want %v", got, want)
	}
}

// heavy is an archive that unpacks to 300 MB and is not dense.
func heavy(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	zeros, err := w.Create("zeros")
	for i := 0; i < 300 && err == nil; i++ {
		_, err = zeros.Write(make([]byte, 1_000_000))
	}
	if err != nil {
		t.Fatal(err)
	}
	noise, err := w.CreateHeader(&zip.FileHeader{Name: "noise", Method: zip.Store})
	if err == nil {
		_, err = io.CopyN(noise, rand.Reader, 2_000_000)
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestShortWorkPassesLongWork(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	busy, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	place := func(by models.Actor, bucket, key string, content []byte) *models.PkgVersion {
		app := mustCreateApp(t, db, by, "shop")
		mustPutObject(t, db, by, mustCreateBucket(t, db, by, bucket), key, content)
		return mustPlaceVersion(t, db, by, &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://" + bucket + "/" + key})
	}
	long := place(busy.Requester, "busy", "heavy.zip", heavy(t))
	short := place(other.Requester, "other", "light.zip", zipped(t, "a"))
	for {
		more, err := db.WorkBriefly(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	state := func(by models.Actor, v *models.PkgVersion) models.PkgVersionState {
		found, err := db.FindPkgVersion(t.Context(), by, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		return found.State
	}
	if got := state(other.Viewer, short); got != models.VersionReady {
		t.Errorf("short check: got %s, want READY", got)
	}
	if got := state(busy.Viewer, long); got != models.VersionChecking {
		t.Errorf("long check: got %s, want it left to the worker for long work", got)
	}
	if job := findJob(t, db, busy.Viewer, long.JobID); job.State != models.JobQueued || !job.Long || job.Step != 2 || job.Tries != 0 {
		t.Errorf("long job: got %s, long %t, step %d, %d tries; want it queued as long after two steps", job.State, job.Long, job.Step, job.Tries)
	}
	modelstest.Work(t, db)
	if got := state(busy.Viewer, long); got != models.VersionReady {
		t.Errorf("long check in the end: got %s, want READY", got)
	}
}

func TestContentIsCheckedOnce(t *testing.T) {
	t.Parallel()
	options := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, options)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	broken := zipped(t, "a.class", "b.class")
	broken[40]++
	place := func(by models.Actor, app *models.App, label, source string) *models.PkgVersion {
		v := mustPlaceVersion(t, db, by, &models.PkgVersionInput{AppID: app.ID, Label: label, Source: source})
		modelstest.Work(t, db)
		v, err := db.FindPkgVersion(t.Context(), by, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	app, bucket := mustCreateApp(t, db, team.Requester, "shop"), mustCreateBucket(t, db, team.Requester, "bucket")
	for key, content := range map[string][]byte{"a.zip": zipped(t, "a"), "copy.zip": zipped(t, "a"), "bad.zip": broken, "worse.zip": broken} {
		mustPutObject(t, db, team.Requester, bucket, key, content)
	}
	if v := place(team.Requester, app, "1", "oss://bucket/a.zip"); v.State != models.VersionReady || v.Listing.Files != 1 {
		t.Fatalf("first: got %s, %+v", v.State, v.Listing)
	}
	if v := place(team.Requester, app, "bad", "oss://bucket/bad.zip"); v.FailCode != "corrupt" {
		t.Fatalf("broken: got %s, %q", v.State, v.FailCode)
	}
	// What was found out is told apart from what would be found out again.
	modelstest.Exec(t, options, `UPDATE pkg_versions SET listing = '{"Kind":"zip","Files":77}' WHERE label = '1'`)
	modelstest.Exec(t, options, `UPDATE pkg_versions SET fail_code = 'ratio' WHERE label = 'bad'`)
	for label, source := range map[string]string{"2": "oss://bucket/a.zip", "3": "oss://bucket/copy.zip"} {
		if v := place(team.Requester, app, label, source); v.State != models.VersionReady || v.Listing == nil || v.Listing.Files != 77 {
			t.Errorf("%s: got %s, %+v; want what the first found", source, v.State, v.Listing)
		}
	}
	for label, source := range map[string]string{"4": "oss://bucket/bad.zip", "5": "oss://bucket/worse.zip"} {
		if v := place(team.Requester, app, label, source); v.State != models.VersionFailed || v.FailCode != "ratio" {
			t.Errorf("%s: got %s, %q; want what the first found", source, v.State, v.FailCode)
		}
	}
	mustPutObject(t, db, other.Requester, mustCreateBucket(t, db, other.Requester, "elsewhere"), "a.zip", zipped(t, "a"))
	if v := place(other.Requester, mustCreateApp(t, db, other.Requester, "shop"), "1", "oss://elsewhere/a.zip"); v.Listing == nil || v.Listing.Files != 1 {
		t.Errorf("another team: got %s, %+v; want it checked for itself", v.State, v.Listing)
	}
}
