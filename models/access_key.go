package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// AccessKey lets a program sign requests to the vendors' APIs. It acts with the
// present role of its user in its team, or, when it is a site key, for the team
// that each request names.
type AccessKey struct {
	ID          string // the AccessKeyId of the documents
	TeamID      string // "" for a site key
	UserID      string
	Name        string
	Operations  []string // the operations it is limited to; empty: it may call all of them
	Grants      []Grant  // what it may do with objects, and nothing else; empty: no such limit
	Disabled    bool
	ExpiresAt   *time.Time
	UsedAt      *time.Time
	UsedFrom    string // the address of its last request
	UsedAgent   string // the program of its last request
	UsedFor     string // the operation of its last request
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
	UpdatedAt   time.Time

	// UserName and Role are who it acts as now; Role is "" for a site key.
	UserName string
	Role     Role
	// Orphaned says that its user may not act any more: disabled, no member of
	// the team, or, for a site key, no site admin.
	Orphaned bool

	sorted sorted
}

// accessKeyRow is an access key as the table has it.
type accessKeyRow struct {
	ID          string
	TeamID      string
	UserID      string
	Name        string
	Operations  []string `gorm:"serializer:json"`
	Grants      []Grant  `gorm:"serializer:json"`
	Sealed      []byte   // the secret, encrypted
	Token       *string  // the one-time token of its form
	Disabled    bool
	ExpiresAt   *time.Time
	UsedAt      *time.Time
	UsedFrom    string
	UsedAgent   string
	UsedFor     string
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// TableName is the table that the row is of.
func (accessKeyRow) TableName() string { return "access_keys" }

func (r accessKeyRow) key() AccessKey {
	return AccessKey{ID: r.ID, TeamID: r.TeamID, UserID: r.UserID, Name: r.Name, Operations: r.Operations, Grants: r.Grants,
		Disabled: r.Disabled, ExpiresAt: r.ExpiresAt, UsedAt: r.UsedAt, UsedFrom: r.UsedFrom, UsedAgent: r.UsedAgent,
		UsedFor: r.UsedFor, CreatedBy: r.CreatedBy, CreatorName: r.CreatorName, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
}

// KeyState is whether an access key works, or why not.
type KeyState string

// The states of an access key.
const (
	KeyActive   KeyState = "active"
	KeyDisabled KeyState = "disabled"
	KeyExpired  KeyState = "expired"
	KeyOrphaned KeyState = "orphaned" // its user may not act any more
)

// State is the key's state at a time. Requests are accepted only from an active
// key.
func (k AccessKey) State(now time.Time) KeyState {
	switch {
	case k.Disabled:
		return KeyDisabled
	case k.ExpiresAt != nil && !now.Before(*k.ExpiresAt):
		return KeyExpired
	case k.Orphaned:
		return KeyOrphaned
	}
	return KeyActive
}

// SiteKey tells whether the key belongs to the site and not to a team.
func (k AccessKey) SiteKey() bool { return k.TeamID == "" }

// AccessKeyInput is what somebody says about a new access key.
type AccessKeyInput struct {
	Name string `form:"key_name" validate:"required,line,max=64"`
	// User is the member of the team that the key acts as, or the site admin of
	// a site key; empty means whoever makes it.
	User string `form:"key_user" validate:"max=64"`
	// Operations are what the key may call; an empty list means all.
	Operations []string `form:"operations" validate:"max=100"`
	// Grants are what the key may do with objects, each on a line of its own, as
	// ParseGrant reads it; with any, it can do nothing else. A key of the site has
	// none.
	Grants string `form:"grants" validate:"max=32768"`
	// Days is how long the key works; 0 means until somebody ends it.
	Days int `form:"days" validate:"min=0,max=3650"`
	// Token is the form's one-time token.
	Token string `form:"-" validate:"max=64"`
}

// mayKeys says whether the actor keeps the access keys of its team, or of the
// site.
func (by Actor) mayKeys() error {
	if by.site {
		return by.maySite()
	}
	return by.may(Administer)
}

// CreateAccessKey makes an access key of the actor's team, or, for an actor
// ForSite, of the site. The secret is returned here and never again: sending the
// same form once more is ErrConflict while the key exists.
func (db *DB) CreateAccessKey(ctx context.Context, by Actor, in AccessKeyInput) (*AccessKey, string, error) {
	if err := by.mayKeys(); err != nil {
		return nil, "", err
	}
	err := Check(&in)
	operations, known := db.inOrder(in.Operations)
	if !known {
		err = Invalid(nil).With(err, invalid("operations", "oneof"))
	}
	grants, broken := parseGrants(in.Grants)
	if by.site && len(grants) > 0 {
		broken = invalid("grants", "site_key")
	}
	if broken != nil {
		err = Invalid(nil).With(err, broken)
	}
	if err == nil {
		err = db.hasRoom(ctx)
	}
	if err != nil {
		return nil, "", err
	}
	now := db.Now()
	row := accessKeyRow{ID: db.newAccessKeyID(), TeamID: by.TeamID, UserID: in.User, Name: in.Name, Operations: operations, Grants: grants,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: now, UpdatedAt: now}
	if row.UserID == "" {
		row.UserID = by.UserID
	}
	if in.Days > 0 {
		end := now.AddDate(0, 0, in.Days)
		row.ExpiresAt = &end
	}
	if in.Token != "" {
		row.Token = &in.Token
	}
	secret := db.newSecret()
	keys := []AccessKey{row.key()}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.fillUsers(ctx, by, keys); err != nil {
			return err
		}
		if keys[0].Orphaned {
			return invalid("key_user", "member")
		}
		seal, err := tx.sealingKey(ctx)
		if err != nil {
			return err
		}
		row.Sealed = seal.Seal(secret, row.ID)
		if err := query.Of[accessKeyRow](tx.gorm).Create(ctx, &row); errors.Is(err, gorm.ErrDuplicatedKey) {
			return ErrConflict
		} else if err != nil {
			return fmt.Errorf("make access key: %w", err)
		}
		return tx.recordKey(ctx, by, "key.created", keys[0],
			map[string]any{"user": keys[0].UserName, "operations": operations, "grants": grantTexts(grants), "expires_at": row.ExpiresAt})
	})
	if err != nil {
		return nil, "", err
	}
	return &keys[0], secret, nil
}

func (db *DB) recordKey(ctx context.Context, by Actor, action string, k AccessKey, detail ...any) error {
	return db.Record(ctx, by, Event{Action: action, Kind: KindKey, SubjectID: k.ID, SubjectName: k.Name}, detail...)
}

// AccessKeys is the list of the access keys of a team, or of the site.
var AccessKeys = &List[AccessKey]{
	Right: Administer, Site: true,
	Desc: list.Desc[AccessKey]{
		Table: "access_keys", Key: "id", Scope: "team_id",
		Columns: []string{"id", "team_id", "user_id", "name", "operations", "grants", "disabled", "expires_at", "used_at", "used_from", "used_agent", "used_for",
			"created_by", "creator_name", "created_at", "updated_at"},
		Into: func(k *AccessKey, to []any) []any {
			return append(to, &k.ID, &k.TeamID, &k.UserID, &k.Name, fromJSON{&k.Operations}, fromJSON{&k.Grants}, &k.Disabled, &k.ExpiresAt, &k.UsedAt, &k.UsedFrom, &k.UsedAgent, &k.UsedFor,
				&k.CreatedBy, &k.CreatorName, &k.CreatedAt, &k.UpdatedAt, &k.sorted.text, &k.sorted.text, &k.sorted.n, &k.sorted.at, &k.sorted.at)
		},
		Sorted: []list.Sorted{
			{Name: "user_name", SQL: "COALESCE((SELECT u.name FROM users AS u WHERE u.id = access_keys.user_id), '')"},
			{Name: "limits", SQL: "operations || grants"},
			{Name: "off", SQL: "CASE WHEN disabled THEN 3 WHEN expires_at <= CURRENT_TIMESTAMP THEN 2 WHEN " + keyOrphaned + " THEN 1 ELSE 0 END"},
			{Name: "ends", SQL: "COALESCE(expires_at, '9999-12-31 00:00:00+00:00')"},
			{Name: "used", SQL: "COALESCE(used_at, '0001-01-01 00:00:00+00:00')"},
		},
		Sorts: []list.Sort{{Name: "created", Columns: []string{"created_at", "id"}}, small("name", "name", "id"), small("user", "user_name", "id"), small("limit", "limits", "id"),
			small("state", "off", "ends", "id"), small("ends", "ends", "id"), small("used", "used", "id")},
		Indexes: []list.Index{{Name: "access_keys_team", Sort: "created"}},
	},
	Fill: func(ctx context.Context, db *DB, by Actor, keys []AccessKey) error {
		return db.fillUsers(ctx, by, keys)
	},
}

// FindAccessKey is an access key of the actor's team, or of the site, or
// ErrNotFound.
func (db *DB) FindAccessKey(ctx context.Context, by Actor, id string) (*AccessKey, error) {
	if err := by.mayKeys(); err != nil {
		return nil, err
	}
	row, err := query.Of[accessKeyRow](db.gorm).Omit("sealed").Where("id = ? AND team_id = ?", id, by.TeamID).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	keys := []AccessKey{row.key()}
	return &keys[0], db.fillUsers(ctx, by, keys)
}

// FindAccessKeyOf is the access key of the actor's team, or of the site, that was
// made with a form's token, or nil.
func (db *DB) FindAccessKeyOf(ctx context.Context, by Actor, token string) (*AccessKey, error) {
	if err := by.mayKeys(); err != nil {
		return nil, err
	}
	rows, err := query.Of[accessKeyRow](db.gorm).Omit("sealed").Where("team_id = ? AND token = ?", by.TeamID, token).Limit(1).Find(ctx)
	if err != nil || len(rows) == 0 {
		return nil, translate(err)
	}
	k := rows[0].key()
	return &k, nil
}

// fillUsers says of keys of the actor's team, or of the site, who they act as
// now.
func (db *DB) fillUsers(ctx context.Context, by Actor, keys []AccessKey) error {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.UserID
	}
	var users []struct {
		ID        string
		Name      string
		Disabled  bool
		SiteAdmin bool
		Role      Role
	}
	err := db.gorm.WithContext(ctx).Raw(`SELECT u.id, u.name, u.disabled, u.site_admin, COALESCE(m.role, '') AS role
		FROM users u LEFT JOIN memberships m ON m.user_id = u.id AND m.team_id = ?
		WHERE u.id IN ?`, by.TeamID, ids).Scan(&users).Error
	if err != nil {
		return translate(err)
	}
	for i := range keys {
		keys[i].Orphaned = true
		for _, u := range users {
			if u.ID == keys[i].UserID { // #nosec G602 -- i ranges over keys
				keys[i].UserName, keys[i].Role = u.Name, u.Role                                 // #nosec G602 -- i ranges over keys
				keys[i].Orphaned = orphaned(keys[i].SiteKey(), u.Disabled, u.SiteAdmin, u.Role) // #nosec G602 -- i ranges over keys
			}
		}
	}
	return nil
}

// keyOrphaned is orphaned as SQL tells it of a key.
const keyOrphaned = `NOT EXISTS (SELECT 1 FROM users AS u WHERE u.id = access_keys.user_id AND NOT u.disabled AND
	(u.site_admin AND access_keys.team_id = '' OR EXISTS (SELECT 1 FROM memberships AS m WHERE m.user_id = u.id AND m.team_id = access_keys.team_id)))`

// orphaned tells whether a key's user may not act any more.
func orphaned(siteKey, disabled, siteAdmin bool, role Role) bool {
	if siteKey {
		return disabled || !siteAdmin
	}
	return disabled || role == ""
}

// SetAccessKeyDisabled disables or enables an access key, from the next request
// on.
func (db *DB) SetAccessKeyDisabled(ctx context.Context, by Actor, id string, disabled bool) (*AccessKey, error) {
	return db.onKey(ctx, by, id, func(ctx context.Context, tx *DB, k *AccessKey) error {
		q := query.Of[accessKeyRow](tx.gorm).Where("id = ? AND team_id = ? AND disabled <> ?", id, by.TeamID, disabled).Select("disabled", "updated_at")
		n, err := q.Updates(ctx, accessKeyRow{Disabled: disabled, UpdatedAt: tx.Now()})
		if err != nil || n == 0 { // it was in that state already
			return err
		}
		k.Disabled = disabled
		action := "key.enabled"
		if disabled {
			action = "key.disabled"
		}
		return tx.recordKey(ctx, by, action, *k)
	})
}

// DeleteAccessKey ends an access key for good, with its tokens and the list of
// its calls. Orders and the record keep its id.
func (db *DB) DeleteAccessKey(ctx context.Context, by Actor, id string) (*AccessKey, error) {
	return db.onKey(ctx, by, id, func(ctx context.Context, tx *DB, k *AccessKey) error {
		if _, err := query.Of[accessKeyRow](tx.gorm).Where("id = ? AND team_id = ?", id, by.TeamID).Delete(ctx); err != nil {
			return fmt.Errorf("delete access key: %w", err)
		}
		if err := query.Exec(ctx, tx.gorm, "DELETE FROM nonces WHERE key_id = ?", id); err != nil {
			return fmt.Errorf("delete nonces: %w", err)
		}
		return tx.recordKey(ctx, by, "key.deleted", *k)
	})
}

// onKey changes something about an access key of the actor's team, or of the
// site.
func (db *DB) onKey(ctx context.Context, by Actor, id string, change func(context.Context, *DB, *AccessKey) error) (*AccessKey, error) {
	if err := by.mayKeys(); err != nil {
		return nil, err
	}
	var k *AccessKey
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if k, err = tx.FindAccessKey(ctx, by, id); err != nil {
			return err
		}
		return change(ctx, tx, k)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// newAccessKeyID is an AccessKeyId: "QM" and 22 capital letters and digits, 110
// bits, none of which look alike.
func (db *DB) newAccessKeyID() string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := db.randomBytes(22)
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return "QM" + string(b)
}

// newSecret is the secret of an access key: 40 letters and digits, 238 bits.
func (db *DB) newSecret() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	const fair = 256 - 256%len(alphabet) // larger bytes would make the first letters more likely
	var secret []byte
	for len(secret) < 40 {
		for _, c := range db.randomBytes(64) {
			if int(c) < fair && len(secret) < 40 {
				secret = append(secret, alphabet[int(c)%len(alphabet)])
			}
		}
	}
	return string(secret)
}

// Caller is an access key as the check of a signed request needs it: with its
// secret, and who it acts as now.
type Caller struct {
	Key    AccessKey
	Secret string `json:"-"`
	// Actor is who the key acts as. For a site key it is in no team: ActorFor
	// gives it one.
	Actor Actor
}

// Active tells whether requests of the key are accepted: it is enabled, has not
// expired, and its user may act.
func (c *Caller) Active(now time.Time) bool { return c.Key.State(now) == KeyActive }

// May tells whether the key may call an operation of a product: with grants, one
// of OSS alone. What its user's role and its grants allow is decided where the
// operation is done.
func (c *Caller) May(product APIProduct, operation string) bool {
	if len(c.Key.Grants) > 0 && product != ProductOSS {
		return false
	}
	return len(c.Key.Operations) == 0 || slices.Contains(c.Key.Operations, operation)
}

// SiteKey tells whether the key is for the team that each request names.
func (c *Caller) SiteKey() bool { return c.Key.SiteKey() }

// callerQuery is all that is to be known of a key to check a request: one query.
// Whatever ends a key does so at once, see remembered.
const callerQuery = `SELECT k.id, k.team_id, k.user_id, k.name, k.operations, k.grants, k.sealed, k.disabled, k.expires_at,
		u.name, u.disabled, u.site_admin, COALESCE(m.role, ''), COALESCE(m.may_order, '{}'), COALESCE(t.clock_offset_ms, 0)
	FROM access_keys k
	JOIN users u ON u.id = k.user_id
	LEFT JOIN memberships m ON m.user_id = k.user_id AND m.team_id = k.team_id
	LEFT JOIN teams t ON t.id = m.team_id`

// FindCaller is the key of an id with its secret, or ErrNotFound. Where the
// request came from is taken from the given actor. It may be called before
// anybody has signed in: the caller then checks the signature and Active.
func (db *DB) FindCaller(ctx context.Context, keyID string, from Actor) (*Caller, error) {
	version, err := db.rightsVersion(ctx)
	if err != nil {
		return nil, err
	}
	c, known := db.callers.at(version, keyID)
	if !known {
		if c, err = db.caller(ctx, callerQuery+" WHERE k.id = ?", keyID); err != nil {
			return nil, err
		}
		if version != "" {
			db.callers.keep(version, keyID, c)
		}
	}
	return db.unseal(c, from)
}

// unseal is a caller with its secret.
func (db *DB) unseal(c sealedCaller, from Actor) (*Caller, error) {
	secret, err := db.keys.Unseal(c.sealed, c.key.ID)
	if err != nil {
		return nil, err
	}
	caller := c.caller(from)
	caller.Secret = secret
	return caller, nil
}

// FindCallerByToken is the key that a token was issued for, without its secret,
// or ErrNotFound when the token is unknown, has expired or was revoked.
func (db *DB) FindCallerByToken(ctx context.Context, token string, from Actor) (*Caller, error) {
	c, err := db.caller(ctx, callerQuery+` JOIN access_tokens a ON a.key_id = k.id
		WHERE a.token_hash = ? AND a.expires_at > ?`, hashToken(token), db.Now())
	if err != nil {
		return nil, err
	}
	return c.caller(from), nil
}

// sealedCaller is a caller as the database has it.
type sealedCaller struct {
	key    AccessKey
	sealed []byte // the secret
	only   Only
	offset time.Duration
}

// caller is the caller in a request that came from somewhere.
func (s sealedCaller) caller(from Actor) *Caller {
	k := s.key
	// A key never has the rights of a site admin, whoever its user is.
	from.SiteAdmin = false
	from.UserID, from.UserName, from.KeyID, from.KeyName = k.UserID, k.UserName, k.ID, k.Name
	from.TeamID, from.Role, from.Only, from.ClockOffset = k.TeamID, k.Role, s.only.orNil(), s.offset
	if len(k.Grants) > 0 {
		from.grants = &k.Grants
	}
	return &Caller{Key: k, Actor: from}
}

func (db *DB) caller(ctx context.Context, statement string, args ...any) (c sealedCaller, err error) {
	var (
		k                   = &c.key
		operations, grants  string
		expires             sql.NullTime
		disabled, siteAdmin bool
		offset              int64
	)
	err = query.Row(ctx, db.gorm, statement, args, &k.ID, &k.TeamID, &k.UserID, &k.Name, &operations, &grants, &c.sealed,
		&k.Disabled, &expires, &k.UserName, &disabled, &siteAdmin, &k.Role, fromJSON{&c.only}, &offset)
	if err != nil {
		return c, translate(err)
	}
	if err := json.Unmarshal([]byte(operations), &k.Operations); err != nil {
		return c, fmt.Errorf("operations of access key %s: %w", k.ID, err)
	}
	if err := json.Unmarshal([]byte(grants), &k.Grants); err != nil {
		return c, fmt.Errorf("grants of access key %s: %w", k.ID, err)
	}
	if expires.Valid {
		k.ExpiresAt = &expires.Time
	}
	k.Orphaned = orphaned(k.SiteKey(), disabled, siteAdmin, k.Role)
	c.offset = msDuration(offset)
	return c, nil
}

// ActorFor is who a caller acts as in a team. A site key is a requester in any
// existing team; a team's key only acts in its own. Everything else is
// ErrNotFound.
func (db *DB) ActorFor(ctx context.Context, c *Caller, teamID string) (Actor, error) {
	if !c.SiteKey() {
		if teamID != c.Key.TeamID {
			return Actor{}, ErrNotFound
		}
		return c.Actor, nil
	}
	var offset int64
	err := db.gorm.WithContext(ctx).Raw("SELECT clock_offset_ms FROM teams WHERE id = ?", teamID).Row().Scan(&offset)
	if errors.Is(err, sql.ErrNoRows) {
		return Actor{}, ErrNotFound
	}
	if err != nil {
		return Actor{}, translate(err)
	}
	by := c.Actor
	by.TeamID, by.Role, by.ClockOffset, by.siteKey = teamID, Requester, msDuration(offset), true
	return by, nil
}
