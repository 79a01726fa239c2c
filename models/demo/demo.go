// Package demo fills a database with a sample team.
package demo

import (
	"context"
	"fmt"

	"quartermaster/models"
)

// Account is somebody of the sample team and how to sign in as them.
type Account struct {
	Role     string
	Email    string
	Password string
}

// TeamName is the name of the sample team.
const TeamName = "星河数据平台 Starlight Data"

var people = []struct {
	name  string
	email string
	role  models.Role
}{
	{"林悦", "lin.yue@starlight.example", models.Admin},
	{"Grace Chen", "grace.chen@starlight.example", models.Approver},
	{"王浩然", "wang.haoran@starlight.example", models.Requester},
	{"Tomás Becker", "tomas.becker@starlight.example", models.Viewer},
}

// Fill makes the sample team where it is not there yet, gives its people new
// passwords and returns them. Nobody else knows these: they are made at each
// start.
func Fill(ctx context.Context, db *models.DB) ([]Account, error) {
	by := models.Operator()
	users, err := db.ListUsers(ctx, by)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		if err := fill(ctx, db, by); err != nil {
			return nil, err
		}
	}
	var accounts []Account
	for _, p := range people {
		a := Account{Role: string(p.role), Email: p.email, Password: db.GeneratePassword()}
		if err := db.ResetPassword(ctx, by, a.Email, a.Password); err != nil {
			return nil, fmt.Errorf("password of %s: %w", a.Email, err)
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

func fill(ctx context.Context, db *models.DB, by models.Actor) error {
	team, err := db.CreateTeam(ctx, by, models.TeamInput{Name: TeamName})
	if err != nil {
		return err
	}
	by.TeamID = team.ID
	for _, p := range people {
		if _, err := db.AddMember(ctx, by, models.UserInput{Name: p.name, Email: p.email}, p.role); err != nil {
			return fmt.Errorf("add %s: %w", p.email, err)
		}
	}
	return db.MakeSiteAdmin(ctx, by, people[0].email)
}
