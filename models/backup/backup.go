// Package backup writes and reads the backups that a desk is restored from: a
// folder, or one tar stream of the same files. It knows no database.
//
//	backup.json              which state is the one that counts, and what it holds
//	state-<time>/database    the database, as its own engine copies it
//	state-<time>/objects.sha256
//	state-<time>/stores/…
//	objects/<xx>/<id>        the bytes of objects, which never change
//
// A folder takes one backup after another. The files of a new backup are
// complete before backup.json names it, and files that only the older one needs
// are removed afterwards. So an interrupted backup leaves the one before it
// whole.
package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrNone says that there is no backup, or none that was finished.
	ErrNone = errors.New("no finished backup of Quartermaster")
	// ErrForeign says that a folder holds other files than a backup, or the
	// backup of another desk.
	ErrForeign = errors.New("not a folder for backups of this site")
	// ErrInUse says that another backup is being written to the same place.
	ErrInUse = errors.New("another backup is being written there")
	// ErrDamaged says that bytes are not those that were recorded.
	ErrDamaged = errors.New("bytes differ from their checksum")
	// ErrCut says that a stream is not whole.
	ErrCut = errors.New("the backup ends too early or is damaged")
	// ErrFormat says that a backup was written by a newer version.
	ErrFormat = errors.New("the backup was written by a newer version of Quartermaster")
)

// format is the version of the layout above.
const format = 1

// Names of files in a backup.
const (
	manifestName = "backup.json"
	lockName     = "backup.lock"
	statePrefix  = "state-"
	// DatabaseName and ListName are the files of a state.
	DatabaseName = "database"
	ListName     = "objects.sha256"
	// StoresName is the folder of a state that has a folder a store.
	StoresName = "stores"
	// objectsName is the folder that has a file a blob, by the first two
	// characters of its id.
	objectsName = "objects"
)

// Manifest says what a backup holds, so that what is restored can be verified.
type Manifest struct {
	Format    int              `json:"format"`
	State     string           `json:"state"` // the folder of this state
	At        time.Time        `json:"at"`
	Program   string           `json:"program"` // version that wrote it
	Engine    string           `json:"engine"`  // "sqlite" or "postgres"
	Schema    string           `json:"schema,omitempty"`
	Identity  string           `json:"identity"`
	Migration string           `json:"migration"` // the newest step of the schema
	Database  Sum              `json:"database"`
	List      Sum              `json:"objects"`
	Rows      map[string]int64 `json:"rows"`  // by table
	Blobs     int64            `json:"blobs"` // how many the list names
	Bytes     int64            `json:"bytes"` // of these blobs
	// SecretKey is the fingerprint of the key that the secrets of access keys
	// are encrypted with, "" when there is none. The key itself is never in a
	// backup.
	SecretKey string `json:"secret_key,omitempty"`
	Notice    string `json:"notice,omitempty"`
}

// Sum is the size and the checksum of a file.
type Sum struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// SumOf reads a file to its end.
func SumOf(name string) (Sum, error) {
	f, err := os.Open(name) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return Sum{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return Sum{Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// Writer takes a backup.
type Writer interface {
	// State is a folder in which the caller puts the database and the list
	// before Begin.
	State() string
	// Begin is told what the backup will hold.
	Begin(Manifest) error
	// Has tells whether a blob, which this backup needs, is there from before. It
	// is asked about each.
	Has(id, sha256 string) bool
	// Blob writes a blob. It is ErrDamaged when the bytes are not those of the
	// checksum.
	Blob(id, sha256 string, size int64, r io.Reader) error
	// Add writes another file of the state, by its name in the state's folder.
	Add(name string, size int64, r io.Reader) error
	// Commit makes this backup the one that counts, after all of it is on disk.
	Commit() error
	// Close leaves the place to others. What was not committed does not count.
	Close() error
}

// Reader gives a backup back.
type Reader interface {
	Manifest() Manifest
	// Each visits the files of the state that counts: the database first, then
	// the list. Names are those of a state, or of a blob below objectsName. A
	// file that is missing is not visited.
	Each(visit func(name string, size int64, r io.Reader) error) error
	Close() error
}

// isStream tells whether a backup of that name is one tar stream, and not a
// folder.
func isStream(name string) bool {
	return strings.HasSuffix(name, ".tar") || zipped(name)
}

func zipped(name string) bool {
	return strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz")
}

// Create is a Writer for a backup of that name, of a desk that has that
// identity.
func Create(name, identity string, at time.Time) (Writer, error) {
	state := statePrefix + at.UTC().Format("20060102T150405.000Z")
	if isStream(name) {
		return createStream(name, state)
	}
	return createFolder(name, state, identity)
}

// Open is a Reader of the backup of that name.
func Open(name string) (Reader, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openFolder(name)
	}
	return openStream(name)
}

// BlobName is the name of a blob in a backup.
func BlobName(id string) string { return path.Join(objectsName, id[:2], id) }

// BlobID is the id of a blob by its name in a backup, "" when it is no such name.
func BlobID(name string) string {
	id := path.Base(name)
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" || name != BlobName(id) {
		return ""
	}
	return id
}

// ListLine is the line of a blob in the list, as sha256sum reads it.
func ListLine(id, sha256 string) string { return sha256 + "  " + BlobName(id) + "\n" }

// ReadList visits the blobs of a list.
func ReadList(name string, visit func(id, sha256 string) error) error {
	f, err := os.Open(name) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		sum, blob, ok := strings.Cut(lines.Text(), "  ")
		id := BlobID(blob)
		if !ok || id == "" {
			return fmt.Errorf("read %s: %w", name, ErrDamaged)
		}
		if err := visit(id, sum); err != nil {
			return err
		}
	}
	return lines.Err()
}

func parseManifest(r io.Reader) (Manifest, error) {
	var m Manifest
	if err := json.NewDecoder(io.LimitReader(r, 1<<20)).Decode(&m); err != nil {
		return m, fmt.Errorf("read %s: %w", manifestName, err)
	}
	if m.Format > format {
		return m, ErrFormat
	}
	if !strings.HasPrefix(m.State, statePrefix) || strings.ContainsAny(m.State, `/\`) {
		return m, fmt.Errorf("read %s: %w", manifestName, ErrDamaged)
	}
	return m, nil
}

func (m Manifest) text() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	return append(text, '\n'), err
}

// ofState tells whether a file of that name belongs to a state. One that leads
// out of its folder and in again does not.
func ofState(name string) bool {
	return name == DatabaseName || name == ListName ||
		strings.HasPrefix(name, StoresName+"/") && path.Clean(name) == name && filepath.IsLocal(filepath.FromSlash(name))
}

// checked copies r to w and compares its checksum.
func checked(w io.Writer, r io.Reader, sum string) error {
	h := sha256.New()
	if _, err := io.Copy(w, io.TeeReader(r, h)); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != sum {
		return ErrDamaged
	}
	return nil
}
