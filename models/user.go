package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"quartermaster/models/fold"
	"quartermaster/models/password"
	"quartermaster/models/query"
)

// User is a person. What a person may do is said by the memberships.
type User struct {
	ID           string
	Email        string // trimmed, in lower case
	EmailKey     string // what it must not have in common with another
	Name         string
	PasswordHash string // argon2id in PHC form; empty: no password is right
	SiteAdmin    bool
	Disabled     bool
	Language     string     // "" follows the browser
	Theme        string     // "", "light" or "dark"
	Slash        string     // "off" where "/" does nothing
	Zone         string     // "" follows the language
	SeenAt       *time.Time // when they were last signed in somewhere
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// UserInput is what is said about a new person.
type UserInput struct {
	Name  string `form:"user_name" validate:"required,line,max=64"`
	Email string `form:"email" validate:"required,line,max=254,email"`
}

// normalEmail is an address as it is kept and compared.
func normalEmail(email string) string { return strings.ToLower(fold.Tidy(email)) }

// emailKey is what an address must not have in common with another.
func emailKey(email string) string { return strings.ToLower(fold.Same(normalEmail(email))) }

// signedIn says whether the actor is somebody.
func (by Actor) signedIn() error {
	if by.UserID == "" {
		return ErrUnauthenticated
	}
	return nil
}

// maySite says whether the actor keeps the site itself: a site admin, or the
// person at the server's command line.
func (by Actor) maySite() error {
	if !by.SiteAdmin {
		return Lacks{}
	}
	return nil
}

// Operator is the actor of the command line: whoever can read the data folder.
func Operator() Actor { return Actor{UserName: "quartermaster", SiteAdmin: true, Face: ByServer} }

// passwordRule adds what the tags cannot say: that a password is not one of
// those that everybody tries. own are words of the account itself.
func passwordRule(field, text string, own ...string) error {
	if password.Common(text, own...) {
		return invalid(field, "common")
	}
	return nil
}

// FindUser is the actor's own account.
func (db *DB) FindUser(ctx context.Context, by Actor) (*User, error) {
	if err := by.signedIn(); err != nil {
		return nil, err
	}
	user, err := query.Of[User](db.gorm).Where("id = ?", by.UserID).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &user, nil
}

func (db *DB) userByEmail(ctx context.Context, email string) (*User, error) {
	user, err := query.Of[User](db.gorm).Where("email = ?", normalEmail(email)).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &user, nil
}

// ProfileInput is what people may change of their own account.
type ProfileInput struct {
	Name     string `form:"user_name" validate:"required,line,max=64"`
	Language string `form:"language" validate:"omitempty,oneof=en zh"`
	Theme    string `form:"theme" validate:"omitempty,oneof=light dark"`
	Zone     string `form:"zone" validate:"omitempty,zone"`
	Slash    string `form:"slash" validate:"omitempty,oneof=off"`
	// Shown is what the form showed, so that only what was changed is written.
	Shown string `form:"shown"`
}

// Profile is the input that would leave the account as it is.
func (u *User) Profile() ProfileInput {
	in := ProfileInput{Name: u.Name, Language: u.Language, Theme: u.Theme, Zone: u.Zone, Slash: u.Slash}
	in.Shown = shownAs(in)
	return in
}

// UpdateProfile changes the actor's own name, language, theme, zone and keys. All teams
// of a person see from which name to which it was.
func (db *DB) UpdateProfile(ctx context.Context, by Actor, in ProfileInput) error {
	if err := by.signedIn(); err != nil {
		return err
	}
	if err := Check(&in); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		user, err := query.Of[User](tx.gorm, clause.Locking{Strength: "UPDATE"}).Where("id = ?", by.UserID).First(ctx)
		if err != nil {
			return err
		}
		if err := edited(&in, user.Profile(), in.Shown); err != nil {
			return err
		}
		err = tx.updateUser(ctx, by.UserID, map[string]any{
			"name": in.Name, "language": in.Language, "theme": in.Theme, "zone": in.Zone, "slash": in.Slash,
		})
		if err != nil || in.Name == user.Name {
			return err
		}
		return tx.recordRenamed(ctx, by, user.Name, in.Name)
	})
}

func (db *DB) recordRenamed(ctx context.Context, by Actor, from, to string) error {
	memberships := query.Of[Membership](db.gorm).Where("user_id = ?", by.UserID)
	if _, err := memberships.Update(ctx, "user_name", to); err != nil {
		return fmt.Errorf("rename member: %w", err)
	}
	teams, err := memberships.Find(ctx)
	for _, m := range teams {
		by.TeamID, by.UserName = m.TeamID, from
		err = errors.Join(err, db.Record(ctx, by, Event{Action: "user.renamed", Kind: KindUser, SubjectID: by.UserID, SubjectName: to},
			map[string]any{"from": from, "to": to}))
	}
	return err
}

// SetLanguage makes the actor read lang from now on. An unknown language is
// refused.
func (db *DB) SetLanguage(ctx context.Context, by Actor, lang string) error {
	return db.prefer(ctx, by, "language", lang, "en", "zh")
}

// SetTheme makes the actor's pages light, dark, or, with "", as their system is.
func (db *DB) SetTheme(ctx context.Context, by Actor, theme string) error {
	return db.prefer(ctx, by, "theme", theme, "", "light", "dark")
}

func (db *DB) prefer(ctx context.Context, by Actor, column, value string, known ...string) error {
	if err := by.signedIn(); err != nil {
		return err
	}
	for _, k := range known {
		if value == k {
			return db.tx(ctx, func(ctx context.Context, tx *DB) error {
				return tx.updateUser(ctx, by.UserID, map[string]any{column: value})
			})
		}
	}
	return invalid(column, "oneof", known...)
}

// updateUser changes columns of one account, or returns ErrNotFound.
func (db *DB) updateUser(ctx context.Context, id string, columns map[string]any) error {
	columns["updated_at"] = db.Now()
	res := db.gorm.WithContext(ctx).Model(&User{}).Where("id = ?", id).Updates(columns)
	if res.Error != nil {
		return fmt.Errorf("update user: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrNotFound
	}
	return nil
}

// ChangePasswordInput is a new password, with the old one to show that it is
// the account's owner who asks.
type ChangePasswordInput struct {
	Current string `form:"current_password" validate:"required,nfcmax=256"`
	New     string `form:"new_password" validate:"required,nfcmin=12,nfcmax=256"`
}

// CheckNewPassword says which rules the fields break, whether or not the current
// password is right, and of whom they are.
func (db *DB) CheckNewPassword(ctx context.Context, by Actor, in ChangePasswordInput) (*User, error) {
	user, err := db.FindUser(ctx, by)
	if err != nil {
		return nil, err
	}
	return user, Invalid(nil).With(Check(&in), passwordRule("new_password", in.New, user.Email, user.Name))
}

// ChangePassword replaces the actor's password, ends all sessions of the
// account and begins a new one in place of the one named by token. Wrong old
// passwords are counted for that session, so that a stolen one cannot be used to
// find the password out.
func (db *DB) ChangePassword(ctx context.Context, by Actor, token string, in ChangePasswordInput) (SignedIn, error) {
	user, err := db.CheckNewPassword(ctx, by, in)
	if err != nil {
		return SignedIn{}, err
	}
	session, err := query.Of[sessionRow](db.gorm).Where("user_id = ? AND token_hash = ?", user.ID, hashToken(token)).First(ctx)
	if err != nil {
		return SignedIn{}, translate(err)
	}
	// By its id, since a session that changes teams gets a new token.
	guess := try{"session:" + session.ID, accountTries}
	if err := db.attempt(ctx, guess); err != nil {
		return SignedIn{}, err
	}
	right, err := db.passwords.Right(ctx, user.PasswordHash, in.Current)
	if err != nil {
		return SignedIn{}, err
	}
	if !right {
		return SignedIn{}, invalid("current_password", "wrong")
	}
	hash, err := db.passwords.Hash(ctx, in.New)
	if err != nil {
		return SignedIn{}, err
	}
	var begun SignedIn
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.succeeded(ctx, guess); err != nil {
			return err
		}
		// If somebody has changed it meanwhile, that change is the newer one.
		res := tx.gorm.WithContext(ctx).Model(&User{}).Where("id = ? AND password_hash = ?", user.ID, user.PasswordHash).
			Updates(map[string]any{"password_hash": hash, "updated_at": tx.Now()})
		if res.Error != nil {
			return fmt.Errorf("change password: %w", res.Error)
		}
		if res.RowsAffected == 0 {
			return ErrConflict
		}
		if err := tx.endSessions(ctx, user.ID); err != nil {
			return err
		}
		if begun.Token, err = tx.beginSession(ctx, by, user.ID, by.TeamID); err != nil {
			return err
		}
		return tx.Record(ctx, by, Event{Action: "user.password_changed", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name})
	})
	return begun, err
}

// NewUserInput is an account made by a site admin, outside any team.
type NewUserInput struct {
	UserInput
	Password  string `form:"password" validate:"required,nfcmin=12,nfcmax=256"`
	SiteAdmin bool   `form:"-"`
}

// CreateUser makes an account. A site admin's account also counts as the site's
// setup.
func (db *DB) CreateUser(ctx context.Context, by Actor, in NewUserInput) (*User, error) {
	if err := by.maySite(); err != nil {
		return nil, err
	}
	if err := Invalid(nil).With(Check(&in), passwordRule("password", in.Password, in.Email, in.Name)); err != nil {
		return nil, err
	}
	hash, err := db.passwords.Hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	var user *User
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if in.SiteAdmin {
			if err := tx.endSetup(ctx); err != nil {
				return err
			}
		}
		user, err = tx.createUser(ctx, by, User{Email: in.Email, Name: in.Name, PasswordHash: hash, SiteAdmin: in.SiteAdmin})
		return err
	})
	return user, err
}

// createUser adds an account in the caller's transaction.
func (db *DB) createUser(ctx context.Context, by Actor, user User) (*User, error) {
	user.ID, user.Email, user.EmailKey = db.newID(), normalEmail(user.Email), emailKey(user.Email)
	user.CreatedAt, user.UpdatedAt = db.Now(), db.Now()
	same, args := sameName("email_key", user.EmailKey)
	found, err := query.Of[User](db.gorm).Where(same, args...).Limit(1).Find(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(found) > 0:
		return nil, invalid("email", "taken")
	}
	if err := taken(query.Of[User](db.gorm).Create(ctx, &user), "email"); err != nil {
		return nil, err
	}
	err = db.Record(ctx, by, Event{Action: "user.created", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name},
		map[string]any{"site_admin": user.SiteAdmin})
	return &user, err
}

// ListUsers are all accounts of the site, sorted by address, for site admins.
func (db *DB) ListUsers(ctx context.Context, by Actor) ([]User, error) {
	if err := by.maySite(); err != nil {
		return nil, err
	}
	users, err := query.Of[User](db.gorm).Order("email").Find(ctx)
	return users, translate(err)
}

// Emails are the addresses that people have now, by their ids: the rows of a list
// have their names alone, as they were.
func (db *DB) Emails(ctx context.Context, by Actor, ids []string) (map[string]string, error) {
	if err := by.may(See); err != nil && by.maySite() != nil {
		return nil, err
	}
	users, err := query.Of[User](db.gorm).Select("id", "email").Where("id IN ?", append(ids, "")).Find(ctx)
	emails := make(map[string]string, len(users))
	for _, u := range users {
		emails[u.ID] = u.Email
	}
	return emails, translate(err)
}

// ResetPassword gives an account a new password, enables it, ends its sessions
// and forgets its wrong tries: all that a person who is locked out needs.
func (db *DB) ResetPassword(ctx context.Context, by Actor, email, password string) error {
	return db.restore(ctx, by, email, "user.password_reset", func(user *User) (map[string]any, error) {
		in := struct {
			Password string `form:"password" validate:"required,nfcmin=12,nfcmax=256"`
		}{password}
		if err := Invalid(nil).With(Check(&in), passwordRule("password", password, user.Email, user.Name)); err != nil {
			return nil, err
		}
		hash, err := db.passwords.Hash(ctx, password)
		return map[string]any{"password_hash": hash, "disabled": false}, err
	})
}

// MakeSiteAdmin makes an account a site admin's and enables it. Its sessions
// end, since its rights have changed.
func (db *DB) MakeSiteAdmin(ctx context.Context, by Actor, email string) error {
	return db.restore(ctx, by, email, "user.site_admin", func(*User) (map[string]any, error) {
		return map[string]any{"site_admin": true, "disabled": false}, nil
	})
}

func (db *DB) restore(ctx context.Context, by Actor, email, action string, change func(*User) (map[string]any, error)) error {
	if err := by.maySite(); err != nil {
		return err
	}
	user, err := db.userByEmail(ctx, email)
	if err != nil {
		return err
	}
	columns, err := change(user)
	if err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.revive(ctx, user, columns); err != nil {
			return err
		}
		return tx.Record(ctx, by, Event{Action: action, Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name})
	})
}

// revive changes an account, ends its sessions and forgets its wrong tries.
func (db *DB) revive(ctx context.Context, user *User, columns map[string]any) error {
	if err := db.updateUser(ctx, user.ID, columns); err != nil {
		return err
	}
	if err := db.endSessions(ctx, user.ID); err != nil {
		return err
	}
	return db.succeeded(ctx, accountTry(user.Email))
}

// GeneratePassword is a password that nobody chose: 120 bits in letters and
// digits that are easy to copy.
func (db *DB) GeneratePassword() string {
	t := db.newToken()
	return strings.Join([]string{t[:6], t[6:12], t[12:18], t[18:24]}, "-")
}
