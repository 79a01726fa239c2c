package models_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// withKey is a place with a database in which there is an access key.
func withKey(t *testing.T, o models.Options) (place models.Options, id, secret string) {
	t.Helper()
	place = modelstest.Choose(t, o)
	db, err := models.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	k, secret := mustKey(t, db, modelstest.NewTeam(t, db).Admin, models.AccessKeyInput{})
	return place, k.ID, secret
}

// opens tells whether a database opens and gives the secret.
func opens(t *testing.T, o models.Options, id, secret string) error {
	t.Helper()
	db, err := models.Open(t.Context(), o)
	if err != nil {
		return err
	}
	defer db.Close()
	if got := mustCaller(t, db, id).Secret; got != secret {
		t.Errorf("got another secret than was made")
	}
	return nil
}

func mustRotate(t *testing.T, o models.Options) {
	t.Helper()
	db, err := models.Open(t.Context(), o)
	if err == nil {
		err = errors.Join(db.RotateSecretKey(t.Context(), models.Operator()), db.Close())
	}
	if err != nil {
		t.Fatalf("change secret key: %v", err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheSecretKeyIsAPrivateFileMadeAtFirstNeed(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	file := filepath.Join(o.Folder, "secret.key")
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("before there is a key: got %v, want no file", err)
	}
	mustKey(t, db, team.Admin, models.AccessKeyInput{})
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want a file of mode 0600", info, err)
	}
	first := readFile(t, file)
	mustKey(t, db, team.Admin, models.AccessKeyInput{})
	if !bytes.Equal(readFile(t, file), first) {
		t.Error("a second access key changed the secret key")
	}
}

func TestAStartWithTheWrongSecretKeyEnds(t *testing.T) {
	t.Parallel()
	o, id, secret := withKey(t, models.Options{})
	file := filepath.Join(o.Folder, "secret.key")
	right := readFile(t, file)
	other, otherID, otherSecret := withKey(t, models.Options{})
	for name, text := range map[string][]byte{"another": readFile(t, filepath.Join(other.Folder, "secret.key")), "damaged": []byte("key"), "none": nil} {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if text != nil {
			writeFile(t, file, text)
		}
		err := opens(t, o, id, secret)
		if err == nil || name != "damaged" && !errors.Is(err, models.ErrSecretKey) {
			t.Errorf("%s: got %v, want ErrSecretKey", name, err)
		}
		writeFile(t, file, right)
	}
	if err := opens(t, o, id, secret); err != nil {
		t.Errorf("with the right one again: got %v", err)
	}
	if err := opens(t, other, otherID, otherSecret); err != nil {
		t.Errorf("the other database: got %v", err)
	}
}

func TestChangingTheSecretKeyKeepsTheAccessKeys(t *testing.T) {
	t.Parallel()
	o, id, secret := withKey(t, models.Options{})
	file := filepath.Join(o.Folder, "secret.key")
	old := readFile(t, file)
	mustRotate(t, o)
	if err := opens(t, o, id, secret); err != nil {
		t.Fatal(err)
	}
	now := readFile(t, file)
	if bytes.Equal(now, old) {
		t.Error("the secret key is still the old one")
	}
	writeFile(t, file, old)
	if err := opens(t, o, id, secret); !errors.Is(err, models.ErrSecretKey) {
		t.Errorf("with the old one: got %v, want ErrSecretKey", err)
	}
	// Killed after the commit, before the files were swapped.
	writeFile(t, file+".new", now)
	if err := opens(t, o, id, secret); err != nil {
		t.Errorf("after a kill before the swap: got %v", err)
	}
	if !bytes.Equal(readFile(t, file), now) {
		t.Error("after a kill before the swap the old file is still there")
	}
	// Killed before the commit, the new key written in part or whole.
	for _, text := range [][]byte{nil, now[:10], old} {
		writeFile(t, file+".new", text)
		if err := opens(t, o, id, secret); err != nil {
			t.Errorf("after a kill before the commit: got %v", err)
		}
		if _, err := os.Stat(file + ".new"); !errors.Is(err, os.ErrNotExist) || !bytes.Equal(readFile(t, file), now) {
			t.Errorf("after a kill before the commit: got %v, want the key of before and no other", err)
		}
	}
	mustRotate(t, o)
	if err := opens(t, o, id, secret); err != nil {
		t.Errorf("changed once more: got %v", err)
	}
}

func TestTheSecretKeyMayBeGiven(t *testing.T) {
	t.Parallel()
	first, second := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	one, two := hex.EncodeToString(first), base64.StdEncoding.EncodeToString(second)
	o, id, secret := withKey(t, models.Options{SecretKey: one})
	if _, err := os.Stat(filepath.Join(o.Folder, "secret.key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want no file", err)
	}
	try := func(keys string, want error) {
		t.Helper()
		o.SecretKey = keys
		if err := opens(t, o, id, secret); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	try(base64.StdEncoding.EncodeToString(first), nil)
	try(two, models.ErrSecretKey)
	try("", models.ErrSecretKey)
	try(one+","+two, nil)

	o.SecretKey = one
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.RotateSecretKey(t.Context(), models.Operator())); !errors.Is(err, models.ErrConflict) {
		t.Errorf("changed with one key given: got %v, want ErrConflict", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	o.SecretKey = one + "," + two
	mustRotate(t, o)
	try(one+","+two, nil)
	try(two, nil)
	try(one, models.ErrSecretKey)
}

func TestWithoutTheSecretKeyTheAccessKeysCanOnlyBeForgotten(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	by := modelstest.NewTeam(t, db).Admin
	k, _ := mustKey(t, db, by, models.AccessKeyInput{})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	o.ForgetAccessKeys = true
	if err := opens(t, o, k.ID, mustSecret(t, o, k.ID)); err != nil {
		t.Fatalf("with the secret key: got %v, want the access key kept", err)
	}
	if err := os.Remove(filepath.Join(o.Folder, "secret.key")); err != nil {
		t.Fatal(err)
	}
	if db, err = models.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.FindCaller(t.Context(), k.ID, program); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the old access key: got %v, want ErrNotFound", err)
	}
	if got, want := actions(t, db, by, k.ID), "key.created key.deleted"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
	fresh, secret := mustKey(t, db, by, models.AccessKeyInput{})
	if got := mustCaller(t, db, fresh.ID).Secret; got != secret {
		t.Error("a new access key has another secret than was shown")
	}
}

// mustSecret is the secret of an access key in a database that is not open.
func mustSecret(t *testing.T, o models.Options, id string) string {
	t.Helper()
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return mustCaller(t, db, id).Secret
}

func TestOnlySiteAdminsChangeTheSecretKey(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	if err := db.RotateSecretKey(t.Context(), modelstest.NewTeam(t, db).Admin); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("got %v, want ErrForbidden", err)
	}
}
