package models

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
)

// User is a person. What a person may do is said by the memberships.
type User struct {
	ID           string
	Email        string // trimmed, in lower case
	Name         string
	PasswordHash string // argon2id in PHC form; empty: no password can match
	SiteAdmin    bool
	Disabled     bool
	Language     string
	Theme        string
	Zone         string
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// UserInput is what is said about a new person.
type UserInput struct {
	Name  string `form:"user_name" validate:"required,line,max=64"`
	Email string `form:"email" validate:"required,line,max=254,email"`
}

// AddMember makes a person a member of a team with a role, and makes the
// person first when the address is not known yet. The new person has no
// password until one is set.
func (db *DB) AddMember(ctx context.Context, by Actor, in UserInput, role Role) (*User, error) {
	if err := by.may(Administer); err != nil && !by.SiteAdmin {
		return nil, err
	}
	if err := Check(&in); err != nil {
		return nil, err
	}
	if role.rank() == 0 {
		return nil, invalid("role", "oneof")
	}
	var user *User
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		user, err = tx.addMember(ctx, by, in, role)
		return err
	})
	if err != nil {
		return nil, err
	}
	return user, nil
}

func (db *DB) addMember(ctx context.Context, by Actor, in UserInput, role Role) (*User, error) {
	now := db.Now()
	in.Email = strings.ToLower(in.Email)
	found, err := gorm.G[User](db.gorm).Where("email = ?", in.Email).Limit(1).Find(ctx)
	if err != nil {
		return nil, err
	}
	user := &User{ID: db.newID(), Email: in.Email, Name: in.Name, CreatedAt: now, UpdatedAt: now}
	if len(found) > 0 {
		user = &found[0]
	} else if err := gorm.G[User](db.gorm).Create(ctx, user); err != nil {
		return nil, taken(err, "email")
	}
	m := Membership{TeamID: by.TeamID, UserID: user.ID, Role: role, CreatedAt: now}
	if err := gorm.G[Membership](db.gorm).Create(ctx, &m); err != nil {
		return nil, fmt.Errorf("add member: %w", taken(err, "email"))
	}
	return user, db.record(ctx, by, Event{Action: "member.added", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name},
		map[string]any{"role": role})
}
