package objects_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"quartermaster/models/objects"
)

func TestStagedBlobIsReadBackWithItsSums(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 128 << 10, 1<<20 + 7} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			dir, _ := open(t)
			data := bytes.Repeat([]byte("资"), size)[:size]
			got := stage(t, dir, data)
			sha, sum := sha256.Sum256(data), md5.Sum(data)
			want := objects.Staged{
				ID: got.ID, Size: int64(size),
				SHA256: hex.EncodeToString(sha[:]), MD5: hex.EncodeToString(sum[:]),
				CRC64: strconv.FormatUint(crc64.Checksum(data, crc64.MakeTable(crc64.ECMA)), 10),
			}
			if got != want {
				t.Errorf("staged: got %+v, want %+v", got, want)
			}
			mustHold(t, dir, got.ID, data)
			if err := dir.Keep(got.ID); err != nil {
				t.Fatalf("keep: %v", err)
			}
			mustHold(t, dir, got.ID, data)
		})
	}
}

func TestFilesBelongToTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	dir, root := open(t)
	stage(t, dir, []byte("staged"))
	kept := stage(t, dir, []byte("kept"))
	if err := dir.Keep(kept.ID); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenClosesAFolderThatOthersCouldRead(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := objects.Open(root); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(root)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("mode: got %o, want 700", got)
	}
}

func TestRefusedUploadLeavesNoFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	midway, stop := context.WithCancel(t.Context())
	for _, c := range []struct {
		name string
		ctx  context.Context
		r    io.Reader
		want error
	}{
		{"over the limit", t.Context(), strings.NewReader("12345678901"), objects.ErrTooLarge},
		{"far over the limit, without an end", t.Context(), endless{}, objects.ErrTooLarge},
		{"reader breaks", t.Context(), io.MultiReader(strings.NewReader("123"), iotest.ErrReader(broken)), broken},
		{"cancelled before", gone, strings.NewReader("123"), context.Canceled},
		{"cancelled while copying", midway, io.MultiReader(strings.NewReader("123"), &onRead{stop}, strings.NewReader("456")), context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, root := open(t)
			if _, err := dir.Stage(c.ctx, c.r, 10); !errors.Is(err, c.want) {
				t.Errorf("stage: got %v, want %v", err, c.want)
			}
			if files := blobs(t, root); len(files) > 0 {
				t.Errorf("files left: got %v, want none", files)
			}
		})
	}
}

func TestExactlyTheLimitIsAllowed(t *testing.T) {
	t.Parallel()
	dir, _ := open(t)
	if _, err := dir.Stage(t.Context(), strings.NewReader("1234567890"), 10); err != nil {
		t.Errorf("ten bytes of ten: got %v, want no error", err)
	}
	if _, err := dir.Stage(t.Context(), strings.NewReader(""), 0); err != nil {
		t.Errorf("nothing of nothing: got %v, want no error", err)
	}
}

func TestFullDiskIsErrNoSpaceAndLeavesNoFile(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small disk can be mounted only by root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(root, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	dir, err := objects.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Stage(t.Context(), io.LimitReader(endless{}, 1<<20), 1<<30); !errors.Is(err, objects.ErrNoSpace) {
		t.Errorf("stage on a full disk: got %v, want %v", err, objects.ErrNoSpace)
	}
	if files := blobs(t, root); len(files) > 0 {
		t.Errorf("files left: got %v, want none", files)
	}
	mustHold(t, dir, stage(t, dir, []byte("fits")).ID, []byte("fits"))
}

func TestKeepDropAndDiscardMayBeRepeated(t *testing.T) {
	t.Parallel()
	dir, root := open(t)
	blob := stage(t, dir, []byte("bytes"))
	for range 2 {
		if err := dir.Keep(blob.ID); err != nil {
			t.Errorf("keep: got %v, want no error", err)
		}
		if err := dir.Discard(blob.ID); err != nil {
			t.Errorf("discard of a kept blob: got %v, want no error", err)
		}
	}
	mustHold(t, dir, blob.ID, []byte("bytes"))
	staged := stage(t, dir, []byte("never recorded"))
	for range 2 {
		if err := dir.Discard(staged.ID); err != nil {
			t.Errorf("discard: got %v, want no error", err)
		}
	}
	mustHaveNone(t, dir, staged.ID)
	for range 2 {
		if err := dir.Drop(blob.ID, time.Now()); err != nil {
			t.Errorf("drop: got %v, want no error", err)
		}
	}
	mustHold(t, dir, blob.ID, []byte("bytes"))
	mustEmptyAside(t, dir, time.Now().Add(time.Hour), 1)
	if files := blobs(t, root); len(files) > 0 {
		t.Errorf("files left: got %v, want none", files)
	}
	if err := dir.Keep(blob.ID); !errors.Is(err, objects.ErrNotExist) {
		t.Errorf("keep of a blob that was removed: got %v, want %v", err, objects.ErrNotExist)
	}
	mustHaveNone(t, dir, blob.ID)
}

// A database that is put back knows a blob that was dropped after it was copied.
func TestWhatLiesAsideIsRemovedOnlyWhenItIsOldAndUnknown(t *testing.T) {
	t.Parallel()
	dir, root := open(t)
	now := time.Now()
	place := func(at time.Time, keep bool) string {
		blob := stage(t, dir, []byte("bytes"))
		if keep {
			if err := dir.Keep(blob.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := dir.Drop(blob.ID, at); err != nil {
			t.Fatal(err)
		}
		return blob.ID
	}
	known, young := place(now.Add(-48*time.Hour), true), place(now, true)
	old, staged := place(now.Add(-48*time.Hour), true), place(now.Add(-48*time.Hour), false)
	mustEmptyAside(t, dir, now.Add(-24*time.Hour), 2, known)
	mustHold(t, dir, known, []byte("bytes"))
	if _, err := os.Stat(filepath.Join(root, "blobs", known[:2], known)); err != nil {
		t.Errorf("the one that the database knows: got %v, want it back in its place", err)
	}
	mustHold(t, dir, young, []byte("bytes"))
	mustHaveNone(t, dir, old)
	mustHaveNone(t, dir, staged)
}

func TestOnlyOurIdsNameFiles(t *testing.T) {
	t.Parallel()
	dir, root := open(t)
	outside := filepath.Join(filepath.Dir(root), "outside")
	if err := os.WriteFile(outside, []byte("not ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{
		"", ".", "..", "../outside", "../../outside", outside, "../staging",
		strings.Repeat("A", 32), strings.Repeat("g", 32), strings.Repeat("0", 31), strings.Repeat("0", 33),
		"../" + strings.Repeat("0", 29), strings.Repeat("0", 31) + "\x00",
	} {
		if _, _, err := dir.Read(id); !errors.Is(err, objects.ErrNotExist) {
			t.Errorf("read %q: got %v, want %v", id, err, objects.ErrNotExist)
		}
		if err := dir.Keep(id); !errors.Is(err, objects.ErrNotExist) {
			t.Errorf("keep %q: got %v, want %v", id, err, objects.ErrNotExist)
		}
		if err := errors.Join(dir.Drop(id, time.Now()), dir.Discard(id)); err != nil {
			t.Errorf("drop %q: got %v, want no error", id, err)
		}
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("file outside: got %v, want it untouched", err)
	}
}

// A kill after each of the three steps, seen from the next start.
func TestRecoverFinishesWhatAKillInterrupted(t *testing.T) {
	t.Parallel()
	dir, root := open(t)
	unrecorded := stage(t, dir, []byte("staged only"))
	recorded := stage(t, dir, []byte("staged and recorded"))
	kept := stage(t, dir, []byte("all three"))
	if err := dir.Keep(kept.ID); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(root, "staging", strings.Repeat("f", 32))
	if err := os.WriteFile(half, []byte("killed while cop"), 0o600); err != nil {
		t.Fatal(err)
	}

	again, err := objects.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	mustHold(t, again, recorded.ID, []byte("staged and recorded"))
	for range 2 {
		if err := again.Recover(t.Context(), knows(recorded.ID, kept.ID)); err != nil {
			t.Fatalf("recover: %v", err)
		}
		mustHold(t, again, recorded.ID, []byte("staged and recorded"))
		mustHold(t, again, kept.ID, []byte("all three"))
		if left, err := os.ReadDir(filepath.Join(root, "staging")); err != nil || len(left) != 2 {
			t.Errorf("staging: got %v %v, want what the database does not know", left, err)
		}
	}
	if got, want := mustFindUnknown(t, again, time.Now().Add(-time.Hour), recorded.ID, kept.ID), unrecorded.ID+" "+filepath.Base(half); got != want {
		t.Errorf("unknown: got %s, want %s", got, want)
	}
}

func TestRecoverAsksInBoundedBatches(t *testing.T) {
	t.Parallel()
	dir, root := open(t)
	const files = 1203
	for i := range files {
		name := filepath.Join(root, "staging", fmt.Sprintf("%032x", i))
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var asked int
	err := dir.Recover(t.Context(), func(_ context.Context, ids []string) (map[string]bool, error) {
		if len(ids) > 500 {
			t.Errorf("ids asked about at once: got %d, want at most 500", len(ids))
		}
		asked += len(ids)
		return nil, nil
	})
	if err != nil || asked != files {
		t.Errorf("recover: got %d asked and %v, want %d and no error", asked, err, files)
	}
	if left := blobs(t, root); len(left) != files {
		t.Errorf("files left: got %d, want all", len(left))
	}
}

func TestNothingIsRemovedWhenTheDatabaseDoesNotAnswer(t *testing.T) {
	t.Parallel()
	dir, _ := open(t)
	blob := stage(t, dir, []byte("bytes"))
	down := errors.New("database gone")
	silent := func(context.Context, []string) (map[string]bool, error) { return nil, down }
	if err := dir.Recover(t.Context(), silent); !errors.Is(err, down) {
		t.Errorf("recover: got %v, want %v", err, down)
	}
	if err := dir.Drop(blob.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := dir.EmptyAside(t.Context(), time.Now().Add(time.Hour), silent); !errors.Is(err, down) {
		t.Errorf("empty aside: got %v, want %v", err, down)
	}
	mustHold(t, dir, blob.ID, []byte("bytes"))
}

func TestUnknownAreOnlyOldBlobsAndWhatAnEarlierProcessLeftStaged(t *testing.T) {
	t.Parallel()
	dir, root := open(t)
	now := time.Now()
	place := func(keep, old bool) string {
		blob := stage(t, dir, []byte("bytes"))
		if old {
			name := filepath.Join(root, "staging", blob.ID)
			if err := os.Chtimes(name, now, now.Add(-48*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if keep {
			if err := dir.Keep(blob.ID); err != nil {
				t.Fatal(err)
			}
		}
		return blob.ID
	}
	known, _, orphan := place(true, true), place(true, false), place(true, true)
	staged, forgotten := place(false, false), place(false, true)
	mustBe := func(dir *objects.Dir, want ...string) {
		t.Helper()
		slices.Sort(want)
		if got := mustFindUnknown(t, dir, now.Add(-24*time.Hour), known); got != strings.Join(want, " ") {
			t.Errorf("unknown: got %s, want %s", got, want)
		}
	}
	mustBe(dir, orphan, forgotten)
	next, err := objects.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	mustBe(next, orphan, forgotten, staged)
	if _, kept, err := next.Unknown(t.Context(), now, knows(known)); err != nil || kept != 3 {
		t.Errorf("got %d blobs kept, %v; want 3", kept, err)
	}
}

func TestReadFindsABlobWhileItIsKept(t *testing.T) {
	t.Parallel()
	dir, _ := open(t)
	for range 50 {
		blob := stage(t, dir, []byte("bytes"))
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := dir.Keep(blob.ID); err != nil {
				t.Errorf("keep: %v", err)
			}
		})
		mustHold(t, dir, blob.ID, []byte("bytes"))
		wg.Wait()
	}
}

func TestDropFindsABlobThatIsKeptMeanwhile(t *testing.T) {
	t.Parallel()
	dir, root := open(t)
	for range 50 {
		blob := stage(t, dir, []byte("bytes"))
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := dir.Keep(blob.ID); err != nil && !errors.Is(err, objects.ErrNotExist) {
				t.Errorf("keep: %v", err)
			}
		})
		wg.Go(func() {
			if err := dir.Drop(blob.ID, time.Now()); err != nil {
				t.Errorf("drop: %v", err)
			}
		})
		wg.Wait()
	}
	for _, path := range blobs(t, root) {
		if filepath.Base(filepath.Dir(path)) != "aside" {
			t.Errorf("left: %s, want all aside", path)
		}
	}
}

func open(t *testing.T) (*objects.Dir, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "objects")
	dir, err := objects.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return dir, root
}

func stage(t *testing.T, dir *objects.Dir, data []byte) objects.Staged {
	t.Helper()
	blob, err := dir.Stage(t.Context(), bytes.NewReader(data), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func mustHold(t *testing.T, dir *objects.Dir, id string, want []byte) {
	t.Helper()
	f, size, err := dir.Read(id)
	if err != nil {
		t.Fatalf("read %s: %v", id, err)
	}
	defer f.Close()
	got, err := io.ReadAll(f)
	if err != nil || !bytes.Equal(got, want) || size != int64(len(want)) {
		t.Errorf("blob %s: got %d bytes, size %d, %v; want %d bytes", id, len(got), size, err, len(want))
	}
}

func mustHaveNone(t *testing.T, dir *objects.Dir, id string) {
	t.Helper()
	if _, _, err := dir.Read(id); !errors.Is(err, objects.ErrNotExist) {
		t.Errorf("read of %s: got %v, want %v", id, err, objects.ErrNotExist)
	}
}

// mustEmptyAside removes so many of the blobs that lie aside.
func mustEmptyAside(t *testing.T, dir *objects.Dir, before time.Time, want int, known ...string) {
	t.Helper()
	n, bytes, err := dir.EmptyAside(t.Context(), before, knows(known...))
	if err != nil || n != want || bytes != int64(want*len("bytes")) {
		t.Errorf("empty aside: removed %d blobs, %d bytes, %v; want %d", n, bytes, err, want)
	}
}

// mustFindUnknown lists the ids that are unknown, in order.
func mustFindUnknown(t *testing.T, dir *objects.Dir, before time.Time, known ...string) string {
	t.Helper()
	unknown, _, err := dir.Unknown(t.Context(), before, knows(known...))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, f := range unknown {
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// blobs lists the files below root.
func blobs(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func knows(ids ...string) objects.Known {
	return func(_ context.Context, asked []string) (map[string]bool, error) {
		have := map[string]bool{}
		for _, id := range asked {
			for _, k := range ids {
				have[id] = have[id] || id == k
			}
		}
		return have, nil
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// onRead runs f when it is read, and gives nothing.
type onRead struct{ f func() }

func (r *onRead) Read([]byte) (int, error) {
	r.f()
	return 0, io.EOF
}

func TestReadyTellsWhetherSomethingCanBeWritten(t *testing.T) {
	t.Parallel()
	dir, root := open(t)
	if err := dir.Ready(); err != nil {
		t.Errorf("got %v, want ready", err)
	}
	staging := filepath.Join(root, "staging")
	if left, err := os.ReadDir(staging); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v, want nothing", left, err)
	}
	if err := os.Remove(staging); err != nil {
		t.Fatal(err)
	}
	if err := dir.Ready(); err == nil {
		t.Error("without its folder it is ready")
	}
}
