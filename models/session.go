package models

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"quartermaster/models/query"
)

const (
	// SessionLimit is how long a session lasts at most. It ends earlier when it
	// is not used for sessionIdle.
	SessionLimit = 14 * 24 * time.Hour
	sessionIdle  = 24 * time.Hour
	// BrowserLimit is how long a browser that signed somebody in is known.
	BrowserLimit = 365 * 24 * time.Hour
	// sessionSeen is how exactly the last use is kept: often enough for the
	// limit and the list, rarely enough that most pages write nothing.
	sessionSeen = time.Minute
)

// mostAgent bounds how much of a browser's User-Agent is kept.
const mostAgent = 300

// Session is one browser that somebody is signed in with, and who that is.
type Session struct {
	TokenHash string
	ID        string
	UserID    string
	TeamID    string // "" when the user is no member of the team any more
	Address   string
	Agent     string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time

	UserName      string
	Email         string
	SiteAdmin     bool
	Language      string
	Theme         string
	Slash         string
	Zone          string
	TeamName      string
	Role          Role
	Only          Only
	ClockOffsetMs int64
	TeamCount     int // how many teams the user is a member of
}

// Actor is who the session acts as. Where the request came from is taken from
// the given actor.
func (s *Session) Actor(from Actor) Actor {
	from.UserID, from.UserName, from.SiteAdmin = s.UserID, s.UserName, s.SiteAdmin
	from.TeamID, from.Role, from.Only = s.TeamID, s.Role, s.Only.orNil()
	from.ClockOffset = time.Duration(s.ClockOffsetMs) * time.Millisecond
	return from
}

// FindSession is the session of a token, with who is signed in and what they
// may do now, or ErrNotFound when it has ended, was not used for too long, or
// its user is disabled.
func (db *DB) FindSession(ctx context.Context, token string) (*Session, error) {
	hash := hashToken(token)
	version, err := db.rightsVersion(ctx)
	if err != nil {
		return nil, err
	}
	s, known := db.sessions.at(version, hash)
	if !known {
		if s, err = db.readSession(ctx, hash); err != nil {
			return nil, err
		}
	}
	now := db.Now()
	if !s.ExpiresAt.After(now) || !s.SeenAt.After(now.Add(-sessionIdle)) {
		return nil, ErrNotFound
	}
	if now.Sub(s.SeenAt) >= sessionSeen && ctx.Value(unattendedKey{}) == nil {
		db.calls.saw(hash, now)
		s.SeenAt, known = now, false
	}
	if !known && version != "" {
		db.sessions.keep(version, hash, s)
	}
	return &s, nil
}

type unattendedKey struct{}

// Unattended is a context for a request that a page makes by itself, however long
// nobody has looked at it: a session is not used by it.
func Unattended(ctx context.Context) context.Context {
	return context.WithValue(ctx, unattendedKey{}, true)
}

// readSession reads, with one query, the session of a token's hash, unless its
// user is disabled.
func (db *DB) readSession(ctx context.Context, hash string) (s Session, err error) {
	err = query.Row(ctx, db.gorm, `SELECT s.token_hash, s.id, s.user_id, s.address, s.agent, s.created_at, s.seen_at, s.expires_at,
			u.name, u.email, u.site_admin, u.language, u.theme, u.zone, u.slash,
			COALESCE(t.id, ''), COALESCE(t.name, ''), COALESCE(m.role, ''), COALESCE(m.may_order, '{}'), COALESCE(t.clock_offset_ms, 0),
			(SELECT COUNT(*) FROM memberships WHERE user_id = s.user_id)
		FROM sessions s
		JOIN users u ON u.id = s.user_id
		LEFT JOIN memberships m ON m.user_id = s.user_id AND m.team_id = s.team_id
		LEFT JOIN teams t ON t.id = m.team_id
		WHERE s.token_hash = ? AND NOT u.disabled`, []any{hash},
		&s.TokenHash, &s.ID, &s.UserID, &s.Address, &s.Agent, &s.CreatedAt, &s.SeenAt, &s.ExpiresAt,
		&s.UserName, &s.Email, &s.SiteAdmin, &s.Language, &s.Theme, &s.Zone, &s.Slash,
		&s.TeamID, &s.TeamName, &s.Role, fromJSON{&s.Only}, &s.ClockOffsetMs, &s.TeamCount)
	return s, translate(err)
}

// noteSeen notes when sessions were last used.
func (db *DB) noteSeen(ctx context.Context, seen map[string]time.Time) error {
	for _, hash := range slices.Sorted(maps.Keys(seen)) { // in one order, so that two processes cannot deadlock
		at := seen[hash]
		if _, err := query.Do(ctx, db.gorm, "UPDATE sessions SET seen_at = ? WHERE token_hash = ? AND seen_at < ?", at, hash, at); err != nil {
			return fmt.Errorf("note session: %w", err)
		}
		_, err := query.Do(ctx, db.gorm, "UPDATE users SET seen_at = ? WHERE id = (SELECT user_id FROM sessions WHERE token_hash = ?) AND (seen_at IS NULL OR seen_at < ?)", at, hash, at)
		if err != nil {
			return fmt.Errorf("note person: %w", err)
		}
	}
	return nil
}

// sessionRow is a session as the table has it.
type sessionRow struct {
	TokenHash string
	ID        string
	UserID    string
	TeamID    string
	Address   string
	Agent     string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// TableName is the table that the row is of.
func (sessionRow) TableName() string { return "sessions" }

// KnownBrowser is a browser that has signed somebody in before.
type KnownBrowser struct {
	TokenHash string
	UserID    string
	CreatedAt time.Time
}

// SignInInput is what somebody types to sign in.
type SignInInput struct {
	Email    string `form:"email" validate:"required,max=254"`
	Password string `form:"password" validate:"required,nfcmax=256"`
}

// SignedIn is what a browser gets when a session begins. Nobody else knows the
// tokens: the database has only their hashes.
type SignedIn struct {
	Token string
	// Browser is a new token, or "" when the browser has a valid one already.
	Browser string
}

// SignIn begins a session. A wrong password, an unknown name and a disabled
// account are refused with the same words after the same time, and after too
// many tries with Throttled. browser is the token that an earlier sign-in gave
// this browser, or "".
func (db *DB) SignIn(ctx context.Context, from Actor, in SignInInput, browser string) (SignedIn, error) {
	if err := Check(&in); err != nil {
		return SignedIn{}, err
	}
	user, err := db.userByEmail(ctx, in.Email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return SignedIn{}, err
	}
	if user == nil {
		user = &User{Disabled: true}
	}
	known, err := db.knows(ctx, user, browser)
	if err != nil {
		return SignedIn{}, err
	}
	tries := []try{addressTry(from.Address), accountTry(normalEmail(in.Email))}
	if known {
		tries = []try{browserTry(browser)}
	}
	if err := db.attempt(ctx, tries...); err != nil {
		if errors.As(err, new(Throttled)) {
			db.logRefusal(ctx, from, in.Email, "throttled")
		}
		return SignedIn{}, err
	}
	right, err := db.passwords.Right(ctx, user.PasswordHash, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	if !right || user.Disabled {
		db.logRefusal(ctx, from, in.Email, "credentials")
		return SignedIn{}, errors.Join(invalid("", "credentials"), db.recordRefusal(ctx, from, user))
	}
	var begun SignedIn
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.succeeded(ctx, tries...); err != nil {
			return err
		}
		if !known {
			if begun.Browser, err = tx.rememberBrowser(ctx, user); err != nil {
				return err
			}
		}
		begun.Token, err = tx.signIn(ctx, from, user)
		return err
	})
	return begun, err
}

// knows tells whether browser is one that has signed this user in before.
func (db *DB) knows(ctx context.Context, user *User, browser string) (bool, error) {
	if browser == "" || user.ID == "" {
		return false, nil
	}
	n, err := query.Of[KnownBrowser](db.gorm).Where("token_hash = ? AND user_id = ?", hashToken(browser), user.ID).Count(ctx, "*")
	return n > 0, translate(err)
}

// rememberBrowser gives a browser a token that identifies it to the user's
// account, and forgets those of browsers that were remembered too long ago.
func (db *DB) rememberBrowser(ctx context.Context, user *User) (string, error) {
	_, err := query.Of[KnownBrowser](db.gorm).Where("user_id = ? AND created_at < ?", user.ID, db.Now().Add(-BrowserLimit)).Delete(ctx)
	if err != nil {
		return "", fmt.Errorf("forget browsers: %w", err)
	}
	token := db.newToken()
	row := KnownBrowser{TokenHash: hashToken(token), UserID: user.ID, CreatedAt: db.Now()}
	if err := query.Of[KnownBrowser](db.gorm).Create(ctx, &row); err != nil {
		return "", fmt.Errorf("remember browser: %w", err)
	}
	return token, nil
}

// signIn begins a session of a user who has shown who they are, in the first
// team that they joined.
func (db *DB) signIn(ctx context.Context, from Actor, user *User) (string, error) {
	team, err := db.firstTeam(ctx, user)
	if err != nil {
		return "", err
	}
	by := from
	by.UserID, by.UserName, by.TeamID = user.ID, user.Name, team
	old := query.Of[sessionRow](db.gorm).Where("user_id = ? AND (expires_at <= ? OR seen_at <= ?)", user.ID, db.Now(), db.Now().Add(-sessionIdle))
	if _, err := old.Delete(ctx); err != nil {
		return "", fmt.Errorf("tidy sessions: %w", err)
	}
	token, err := db.beginSession(ctx, by, user.ID, by.TeamID)
	if err != nil {
		return "", err
	}
	return token, db.Record(ctx, by, Event{Action: "user.signed_in", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name})
}

// recordRefusal writes down that somebody tried to sign in and could not. It
// does so also for names without an account, so that both take equally long,
// but then leaves the name out: people type passwords there by mistake.
func (db *DB) recordRefusal(ctx context.Context, from Actor, user *User) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		team, err := tx.firstTeam(ctx, user)
		if err != nil {
			return err
		}
		from.TeamID = team
		return tx.Record(ctx, from, Event{Action: "user.signed_in", Result: "refused", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name})
	})
}

// logRefusal tells whoever watches the log, and programs that shut addresses
// out by it, that somebody tried to sign in and could not: the same line
// whether the account exists or not. A name that is not an address may be a
// password in the wrong field, so it is not written.
func (db *DB) logRefusal(ctx context.Context, from Actor, account, why string) {
	if account = normalEmail(account); !strings.Contains(account, "@") {
		account = ""
	}
	db.log.LogAttrs(ctx, slog.LevelWarn, "sign-in failed", slog.String("account", account),
		slog.String("address", from.Address), slog.String("why", why), slog.String("request", from.RequestID))
}

// firstTeam is the team that a user joined first, "" when there is none.
func (db *DB) firstTeam(ctx context.Context, user *User) (string, error) {
	teams, err := query.Of[Membership](db.gorm).Where("user_id = ?", user.ID).Order("created_at, team_id").Limit(1).Find(ctx)
	if err != nil || len(teams) == 0 {
		return "", err
	}
	return teams[0].TeamID, nil
}

// beginSession adds a session in the caller's transaction and returns its
// token.
func (db *DB) beginSession(ctx context.Context, from Actor, userID, teamID string) (string, error) {
	now, token := db.Now(), db.newToken()
	agent := []rune(from.Agent)
	row := sessionRow{
		TokenHash: hashToken(token), ID: db.newID(), UserID: userID, TeamID: teamID,
		Address: from.Address, Agent: string(agent[:min(len(agent), mostAgent)]),
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(SessionLimit),
	}
	if err := query.Of[sessionRow](db.gorm).Create(ctx, &row); err != nil {
		return "", fmt.Errorf("begin session: %w", err)
	}
	if _, err := query.Do(ctx, db.gorm, "UPDATE users SET seen_at = ? WHERE id = ?", now, userID); err != nil {
		return "", fmt.Errorf("note person: %w", err)
	}
	return token, nil
}

// EndSession signs a browser out: its token no longer works. It is no error
// when it had ended already.
func (db *DB) EndSession(ctx context.Context, token string) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		_, err := query.Of[sessionRow](tx.gorm).Where("token_hash = ?", hashToken(token)).Delete(ctx)
		return err
	})
}

// endSessions signs a user out everywhere, in the caller's transaction.
func (db *DB) endSessions(ctx context.Context, userID string) error {
	_, err := query.Of[sessionRow](db.gorm).Where("user_id = ?", userID).Delete(ctx)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// ListSessions are the browsers that the actor is signed in with, the one used
// last first.
func (db *DB) ListSessions(ctx context.Context, by Actor) ([]Session, error) {
	if err := by.signedIn(); err != nil {
		return nil, err
	}
	now := db.Now()
	rows, err := query.Of[sessionRow](db.gorm).
		Where("user_id = ? AND expires_at > ? AND seen_at > ?", by.UserID, now, now.Add(-sessionIdle)).
		Order("seen_at DESC, id DESC").Limit(MaxPageSize).Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	sessions := make([]Session, len(rows))
	for i, r := range rows {
		sessions[i] = Session{ID: r.ID, UserID: r.UserID, TeamID: r.TeamID, Address: r.Address, Agent: r.Agent,
			CreatedAt: r.CreatedAt, SeenAt: r.SeenAt, ExpiresAt: r.ExpiresAt}
	}
	return sessions, nil
}

// DeleteSession ends one of the actor's own sessions, or returns ErrNotFound.
func (db *DB) DeleteSession(ctx context.Context, by Actor, id string) error {
	if err := by.signedIn(); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		n, err := query.Of[sessionRow](tx.gorm).Where("user_id = ? AND id = ?", by.UserID, id).Delete(ctx)
		if err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		if n == 0 {
			return ErrNotFound
		}
		return nil
	})
}

// SwitchTeam has the session of token work in another of the actor's teams, or
// returns ErrNotFound when the actor is no member of it. Its rights change with
// it, so the session gets a new token and the old one no longer works.
func (db *DB) SwitchTeam(ctx context.Context, by Actor, token, teamID string) (SignedIn, *Team, error) {
	if err := by.signedIn(); err != nil {
		return SignedIn{}, nil, err
	}
	var team Team
	fresh := db.newToken()
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		team, err = query.Of[Team](tx.gorm).
			Where("id = ? AND id IN (SELECT team_id FROM memberships WHERE user_id = ?)", teamID, by.UserID).First(ctx)
		if err != nil {
			return err
		}
		res := tx.gorm.WithContext(ctx).Model(&sessionRow{}).Where("token_hash = ? AND user_id = ?", hashToken(token), by.UserID).
			Updates(map[string]any{"token_hash": hashToken(fresh), "team_id": teamID})
		if res.Error != nil {
			return fmt.Errorf("switch team: %w", res.Error)
		}
		if res.RowsAffected == 0 {
			return ErrNotFound
		}
		return nil
	})
	if err != nil {
		return SignedIn{}, nil, err
	}
	return SignedIn{Token: fresh}, &team, nil
}
