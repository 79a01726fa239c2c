package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// invitationLimit is how long an invitation may be taken up.
const invitationLimit = 7 * 24 * time.Hour

// InvitationState is what has become of an invitation.
type InvitationState string

// States of an invitation. One that is open expires.
const (
	InvitationOpen      InvitationState = "open"
	InvitationAccepted  InvitationState = "accepted"
	InvitationWithdrawn InvitationState = "withdrawn"
	InvitationExpired   InvitationState = "expired"
)

// Invitation is an offer to whoever has an address to be a member of a team. The
// link's secret is kept as a hash.
type Invitation struct {
	ID          string
	TeamID      string
	Email       string
	Role        Role
	Only        Only `gorm:"column:may_order;serializer:json;not null"`
	TokenHash   string
	State       InvitationState
	UserID      string // who accepted it, "" for nobody
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// StateAt is the invitation's state at a time.
func (i Invitation) StateAt(now time.Time) InvitationState {
	if i.State == InvitationOpen && !now.Before(i.ExpiresAt) {
		return InvitationExpired
	}
	return i.State
}

// Invitations is the list of those whom a team has invited, the newest first.
var Invitations = &List[Invitation]{
	Right: Administer,
	Desc: list.Desc[Invitation]{
		Table: "invitations", Key: "id", Scope: "team_id",
		Columns: []string{"id", "created_at", "email", "role", "may_order", "state", "user_id", "created_by", "creator_name", "expires_at"},
		Into: func(i *Invitation, to []any) []any {
			return append(to, &i.ID, &i.CreatedAt, &i.Email, (*string)(&i.Role), fromJSON{&i.Only}, (*string)(&i.State), &i.UserID, &i.CreatedBy, &i.CreatorName, &i.ExpiresAt)
		},
		Sorts: []list.Sort{{Name: "created", Columns: []string{"created_at", "id"}}, small("email", "email", "id"), small("role", "role", "id"), small("state", "state", "id"),
			small("by", "creator_name", "id"), small("expires", "expires_at", "id")},
		Indexes: []list.Index{{Name: "invitations_team", Sort: "created"}},
	},
	Fill: func(_ context.Context, db *DB, by Actor, rows []Invitation) error {
		for i := range rows {
			rows[i].TeamID, rows[i].State = by.TeamID, rows[i].StateAt(db.Now())
		}
		return nil
	},
}

// InvitationInput is somebody to be invited to a team.
type InvitationInput struct {
	Email string `form:"email" validate:"required,line,max=254,email"`
	Role  Role   `form:"role" validate:"required,oneof=viewer requester approver admin"`
	OnlyInput
}

// Invite invites whoever has an address to the actor's team, in place of any earlier
// invitation of it, and returns the secret of the link.
func (db *DB) Invite(ctx context.Context, by Actor, in InvitationInput) (made *Invitation, token string, err error) {
	if err := by.may(Administer); err != nil {
		return nil, "", err
	}
	only, broken := db.readOnly(ctx, in.OnlyInput)
	if err := Invalid(nil).With(Check(&in), broken); err != nil {
		return nil, "", err
	}
	in.Email = normalEmail(in.Email)
	token = db.newToken()
	made = &Invitation{ID: db.newID(), TeamID: by.TeamID, Email: in.Email, Role: in.Role, Only: only, TokenHash: hashToken(token), State: InvitationOpen,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: db.Now(), ExpiresAt: db.Now().Add(invitationLimit)}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.stillAdmin(ctx, by); err != nil {
			return err
		}
		user, err := tx.accountOf(ctx, in.Email)
		if err != nil {
			return err
		}
		if user != nil {
			n, err := query.Of[Membership](tx.gorm).Where("team_id = ? AND user_id = ?", by.TeamID, user.ID).Count(ctx, "*")
			if err != nil {
				return err
			}
			if n > 0 && user.PasswordHash != "" {
				return invalid("email", "taken")
			}
		}
		if err := tx.withdraw(ctx, "team_id = ? AND email = ?", by.TeamID, in.Email); err != nil {
			return err
		}
		if err := query.Of[Invitation](tx.gorm).Create(ctx, made); err != nil {
			return fmt.Errorf("invite: %w", err)
		}
		return tx.recordInvitation(ctx, by, "member.invited", made, map[string]any{"role": made.Role, "only": made.Only})
	})
	if err != nil {
		return nil, "", err
	}
	return made, token, nil
}

func (db *DB) recordInvitation(ctx context.Context, by Actor, action string, i *Invitation, detail ...any) error {
	return db.Record(ctx, by, Event{Action: action, Kind: KindTeam, SubjectID: i.TeamID, SubjectName: i.Email}, detail...)
}

// withdraw ends open invitations.
func (db *DB) withdraw(ctx context.Context, which string, args ...any) error {
	_, err := query.Of[Invitation](db.gorm).Where("state = ? AND "+which, append([]any{InvitationOpen}, args...)...).Update(ctx, "state", InvitationWithdrawn)
	if err != nil {
		return fmt.Errorf("withdraw invitation: %w", err)
	}
	return nil
}

// WithdrawInvitation ends an invitation of the actor's team: its link no longer
// works. It is ErrConflict when it has been accepted, has expired or ended before.
func (db *DB) WithdrawInvitation(ctx context.Context, by Actor, id string) (*Invitation, error) {
	if err := by.may(Administer); err != nil {
		return nil, err
	}
	var i Invitation
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if err := tx.stillAdmin(ctx, by); err != nil {
			return err
		}
		if i, err = query.Of[Invitation](tx.gorm).Where("id = ? AND team_id = ?", id, by.TeamID).First(ctx); err != nil {
			return err
		}
		if i.StateAt(tx.Now()) != InvitationOpen {
			return ErrConflict
		}
		if err := tx.withdraw(ctx, "id = ?", i.ID); err != nil {
			return err
		}
		return tx.recordInvitation(ctx, by, "member.invitation_withdrawn", &i)
	})
	return &i, err
}

// accountOf is the account that has an address, or one that looks the same; nil when
// there is none.
func (db *DB) accountOf(ctx context.Context, email string) (*User, error) {
	found, err := query.Of[User](db.gorm).Where("email = ?", normalEmail(email)).Limit(1).Find(ctx)
	if err == nil && len(found) == 0 {
		same, args := sameName("email_key", emailKey(email))
		found, err = query.Of[User](db.gorm).Where(same, args...).Limit(1).Find(ctx)
	}
	if err != nil || len(found) == 0 {
		return nil, translate(err)
	}
	return &found[0], nil
}

// Invited is an invitation as whoever has its link sees it.
type Invited struct {
	Email    string
	Role     Role
	TeamID   string
	TeamName string

	row     Invitation
	account *User
	// known tells that the address has an account, whose person signs in to accept.
	known bool
}

// Mine tells whether the actor is who was invited.
func (i *Invited) Mine(by Actor) bool { return i.account != nil && i.account.ID == by.UserID }

// FindInvitation is the open invitation of a link's secret, or ErrNotFound. Too many
// wrong secrets from one address are Throttled.
func (db *DB) FindInvitation(ctx context.Context, from Actor, token string) (*Invited, error) {
	guess := addressTry(from.Address)
	guess.name = "join:" + guess.name // a page of somebody else can open links, and locks nobody out of signing in
	if err := db.attempt(ctx, guess); err != nil {
		return nil, err
	}
	found, err := db.invited(ctx, token)
	if err != nil {
		return nil, err
	}
	return found, db.tx(ctx, func(ctx context.Context, tx *DB) error { return tx.succeeded(ctx, guess) })
}

// invited is FindInvitation for who has shown that they are no guesser.
func (db *DB) invited(ctx context.Context, token string) (*Invited, error) {
	row, err := query.Of[Invitation](db.gorm).Where("token_hash = ?", hashToken(token)).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	if row.StateAt(db.Now()) != InvitationOpen {
		return nil, ErrNotFound
	}
	team, err := query.Of[Team](db.gorm).Select("id", "name").Where("id = ?", row.TeamID).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	found := &Invited{Email: row.Email, Role: row.Role, TeamID: team.ID, TeamName: team.Name, row: row}
	if found.account, err = db.accountOf(ctx, row.Email); err != nil || found.account == nil {
		return found, err
	}
	// Who has a link of this team may give the account its password only where that
	// opens no other team.
	found.known = found.account.PasswordHash != "" || found.account.SiteAdmin || found.account.Disabled
	if !found.known {
		n, err := query.Of[Membership](db.gorm).Where("user_id = ? AND team_id <> ?", found.account.ID, row.TeamID).Count(ctx, "*")
		if found.known = n > 0; err != nil {
			return nil, translate(err)
		}
	}
	return found, nil
}

// JoinInput is what an invited person without an account says.
type JoinInput struct {
	Name     string `form:"user_name" validate:"required,line,max=64"`
	Password string `form:"password" validate:"required,nfcmin=12,nfcmax=256"`
}

// CheckJoin says which rules the name and the password of an invited person break.
func (i *Invited) CheckJoin(in *JoinInput) error {
	return Invalid(nil).With(Check(in), passwordRule("password", in.Password, i.Email, in.Name))
}

// Join makes the account of an invited person, who becomes a member, and signs them
// in. The link works once: when several use it at the same time, one succeeds and the
// others get ErrNotFound. Whoever has an account accepts with it ("account_exists").
func (db *DB) Join(ctx context.Context, from Actor, token string, in JoinInput) (SignedIn, error) {
	invited, err := db.invited(ctx, token)
	if err != nil {
		return SignedIn{}, err
	}
	if err := invited.CheckJoin(&in); err != nil {
		return SignedIn{}, err
	}
	hash, err := db.passwords.Hash(ctx, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	if invited.known {
		return SignedIn{}, invalid("", "account_exists")
	}
	var begun SignedIn
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		by := from
		by.UserName, by.TeamID = in.Name, invited.TeamID
		user := invited.account
		if user == nil {
			if user, err = tx.createUser(ctx, by, User{Email: invited.Email, Name: in.Name, PasswordHash: hash}); err != nil {
				return err
			}
		} else if err := tx.firstPassword(ctx, user, in.Name, hash); err != nil {
			return err
		}
		by.UserID = user.ID
		if err := tx.accept(ctx, by, &invited.row); err != nil {
			return err
		}
		begun.Token, err = tx.beginSession(ctx, by, user.ID, invited.TeamID)
		return err
	})
	if isInvalid(err) { // somebody has made an account of that address meanwhile
		err = invalid("", "account_exists")
	}
	return begun, err
}

// firstPassword gives an account that has never had a password its first, and the
// name that its person chose.
func (db *DB) firstPassword(ctx context.Context, user *User, name, hash string) error {
	n, err := query.Of[User](db.gorm).Where("id = ? AND password_hash = ''", user.ID).Select("name", "password_hash").
		Updates(ctx, User{Name: name, PasswordHash: hash})
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	if _, err := query.Of[Membership](db.gorm).Where("user_id = ?", user.ID).Update(ctx, "user_name", name); err != nil {
		return fmt.Errorf("name member: %w", err)
	}
	user.Name = name
	return nil
}

// AcceptInvitation makes the actor, who was invited, a member of the team, once.
// Anybody else gets ErrForbidden.
func (db *DB) AcceptInvitation(ctx context.Context, by Actor, token string) (*Invited, error) {
	if err := by.signedIn(); err != nil {
		return nil, err
	}
	invited, err := db.invited(ctx, token)
	if err != nil {
		return nil, err
	}
	if !invited.Mine(by) {
		return nil, ErrForbidden
	}
	by.TeamID = invited.TeamID
	return invited, db.tx(ctx, func(ctx context.Context, tx *DB) error { return tx.accept(ctx, by, &invited.row) })
}

// accept uses an invitation up, in the caller's transaction, and makes the actor a
// member as it says. Who is one already stays what they are.
func (db *DB) accept(ctx context.Context, by Actor, i *Invitation) error {
	n, err := query.Of[Invitation](db.gorm).Where("id = ? AND state = ? AND expires_at > ?", i.ID, InvitationOpen, db.Now()).Select("state", "user_id").
		Updates(ctx, Invitation{State: InvitationAccepted, UserID: by.UserID})
	if err != nil {
		return fmt.Errorf("use invitation: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	m := Membership{TeamID: i.TeamID, UserID: by.UserID, UserName: by.UserName, Role: i.Role, Only: i.Only, CreatedAt: db.Now()}
	have, err := query.Of[Membership](db.gorm).Where("team_id = ? AND user_id = ?", i.TeamID, by.UserID).Find(ctx)
	if len(have) > 0 {
		m = have[0]
	} else if err == nil {
		err = query.Of[Membership](db.gorm).Create(ctx, &m)
	}
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return db.Record(ctx, by, Event{Action: "member.joined", Kind: KindUser, SubjectID: by.UserID, SubjectName: by.UserName},
		map[string]any{"role": m.Role, "only": m.Only, "invited_by": i.CreatorName})
}
