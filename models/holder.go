package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/query"
)

// ErrDatabaseInUse says that another process works with the PostgreSQL database.
var ErrDatabaseInUse = errors.New("the database is in use by another Quartermaster")

const (
	// holderName is the setting that says which process a PostgreSQL database
	// belongs to.
	holderName = "holder"
	// beatPause is how often the holder renews its hold, beatSure how long it
	// may rely on the last renewal, and beatDead the time after which others
	// take over.
	beatPause = 3 * time.Second
	beatSure  = 9 * time.Second
	beatDead  = 15 * time.Second
)

// holder is this process's hold on a PostgreSQL database, which belongs to one
// process at a time: the bytes and the indexes are in its data folder. Times are
// those of the database's clock.
type holder struct {
	gorm     *gorm.DB
	log      *slog.Logger
	me       hold
	progress *progress // what the database must have

	mu   sync.Mutex
	last time.Time // the last beat, by this machine's clock
	lost bool
}

// hold is the setting.
type hold struct {
	Host   string  `json:"host"`
	Folder string  `json:"folder"`
	PID    int     `json:"pid"`
	Token  string  `json:"token"`
	Beat   float64 `json:"beat"` // seconds since 1970
}

// beatNow is the value of the setting with the time put in.
const beatNow = `jsonb_set(%s::jsonb, '{beat}', to_jsonb(extract(epoch FROM clock_timestamp())::float8))::text`

func (db *DB) newHolder() (*holder, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("tell the host: %w", err)
	}
	folder, err := filepath.Abs(db.folder)
	if err != nil {
		return nil, fmt.Errorf("find data folder: %w", err)
	}
	return &holder{gorm: db.gorm, log: db.log, me: hold{Host: host, Folder: folder, PID: os.Getpid(), Token: db.newToken()}}, nil
}

// check is ErrDatabaseInUse while the process of another folder lives. A
// process of this folder cannot be alive, since we have the folder's lock.
func (h *holder) check(ctx context.Context, g *gorm.DB) (seen string, err error) {
	tables, err := g.WithContext(ctx).Migrator().GetTables()
	if err != nil || !slices.Contains(tables, "settings") {
		return "", err
	}
	var row struct {
		Value string
		Now   float64
	}
	err = g.WithContext(ctx).Raw(`SELECT value, extract(epoch FROM clock_timestamp())::float8 AS now
		FROM settings WHERE name = ?`, holderName).Scan(&row).Error
	if err != nil || row.Value == "" {
		return "", err
	}
	var other hold
	if err := json.Unmarshal([]byte(row.Value), &other); err != nil {
		return "", fmt.Errorf("read %s: %w", holderName, err)
	}
	mine := other.Host == h.me.Host && other.Folder == h.me.Folder
	// A beat far in the future is from before the clock was set back.
	if age := time.Duration((row.Now - other.Beat) * float64(time.Second)).Abs(); !mine && age < beatDead {
		return "", fmt.Errorf("%w, on %s with the data folder %s (process %d)", ErrDatabaseInUse, other.Host, other.Folder, other.PID)
	}
	return row.Value, nil
}

// take makes the database this process's. When several try at once, one
// succeeds.
func (h *holder) take(ctx context.Context) error {
	seen, err := h.check(ctx, h.gorm)
	if err != nil {
		return err
	}
	text, err := json.Marshal(h.me)
	if err != nil {
		return err
	}
	at := SystemClock()
	res := h.gorm.WithContext(ctx).Exec(`INSERT INTO settings (name, value) VALUES (?, `+fmt.Sprintf(beatNow, "?")+`)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE settings.value = ?`, holderName, string(text), seen)
	switch {
	case res.Error != nil:
		return fmt.Errorf("take database: %w", res.Error)
	case res.RowsAffected == 0:
		return ErrDatabaseInUse
	}
	return h.note(at, true)
}

// beat renews this process's hold. It is ErrMoved when another process has
// taken the database, or when the database lacks acknowledged changes.
func (h *holder) beat(ctx context.Context) error {
	if lost, _ := h.state(); lost {
		return ErrMoved
	}
	ctx, cancel := context.WithTimeout(ctx, beatSure)
	defer cancel()
	reached, before := h.progress.reached(), SystemClock()
	var latest []string
	err := h.gorm.WithContext(ctx).Raw(`UPDATE settings SET value = `+fmt.Sprintf(beatNow, "value")+`
		WHERE name = ? AND value::jsonb->>'token' = ? RETURNING COALESCE((SELECT MAX(id) FROM events), '')`, holderName, h.me.Token).Scan(&latest).Error
	if err == nil && len(latest) == 0 {
		latest = []string{reached.Event}
		err = h.takeAgain(ctx, reached)
	}
	if err != nil && !errors.Is(err, ErrMoved) {
		return fmt.Errorf("hold database: %w", err)
	}
	return h.note(before, err == nil && latest[0] >= reached.Event)
}

// takeAgain takes the database again when a crash of it lost only the note that
// this process holds it.
func (h *holder) takeAgain(ctx context.Context, reached identity) error {
	now, err := readFacts(ctx, h.gorm)
	if err == nil && (now.ID != reached.ID || now.behind(reached)) {
		return ErrMoved
	}
	if err == nil {
		err = h.take(ctx)
	}
	if errors.Is(err, ErrDatabaseInUse) {
		return ErrMoved
	}
	return err
}

// note notes whether the database was this process's at a time. Once it is not,
// this never changes.
func (h *holder) note(at time.Time, mine bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !mine && !h.lost {
		h.lost = true
		h.log.Error("another process has taken the database over, or it was replaced by an older one, so nothing is written any more; start this one again when it is the only one")
	}
	if h.lost {
		return ErrMoved
	}
	h.last = at
	return nil
}

// here is ErrMoved when the database is another's. It asks the database when
// the last beat is too long ago to rely on.
func (h *holder) here(ctx context.Context) error {
	switch lost, sure := h.state(); {
	case lost:
		return ErrMoved
	case sure:
		return nil
	}
	return h.beat(ctx)
}

// state tells whether the database is another's, and whether it is this
// process's for certain.
func (h *holder) state() (lost, sure bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost, SystemClock().Sub(h.last) < beatSure
}

// release lets the next one take the database at once. If that fails, a process
// of another folder has to wait until this hold expires.
func (h *holder) release() {
	if h == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), beatPause)
	defer cancel()
	err := query.Exec(ctx, h.gorm, "DELETE FROM settings WHERE name = ? AND value::jsonb->>'token' = ?", holderName, h.me.Token)
	if err != nil {
		h.log.Warn("release database", "error", err)
	}
}
