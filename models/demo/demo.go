// Package demo fills a database with a sample team: people of every role, a
// year of orders, and every kind of resource in every state. It uses the same
// methods as everybody else, with the clock set back.
package demo

import (
	"context"
	"fmt"
	"strings"

	"quartermaster/models"
)

// Account is a person of the sample team, with the password.
type Account struct {
	Role     string
	Email    string
	Password string
}

// teamName is the name of the sample team.
const teamName = "星河数据平台 Starlight Data"

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

// Fill makes the sample team if it does not exist, and gives its people new
// passwords, which it returns. They are made anew at each start, so nobody else
// knows them. folder is the data folder of db, which was opened with clock.
func Fill(ctx context.Context, db *models.DB, clock *Clock, folder string) ([]Account, error) {
	by := models.Operator()
	users, err := db.ListUsers(ctx, by)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		y := &year{db: db, clock: clock, folder: folder}
		if err := y.live(ctx, by); err != nil {
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

// team makes the sample team with its people, and returns who they are.
func (y *year) team(ctx context.Context, by models.Actor) error {
	team, err := y.db.CreateTeam(ctx, by, models.TeamInput{Name: teamName})
	if err != nil {
		return err
	}
	by.TeamID = team.ID
	for _, p := range people {
		user, err := y.db.AddMember(ctx, by, models.UserInput{Name: p.name, Email: p.email}, p.role)
		if err != nil {
			return fmt.Errorf("add %s: %w", p.email, err)
		}
		y.people = append(y.people, models.Actor{
			UserID: user.ID, UserName: user.Name, TeamID: team.ID, Role: p.role, Face: models.ByForm,
			Address: "127.0.0.1", Agent: "demo", RequestID: "demo",
		})
	}
	if err := y.db.MakeSiteAdmin(ctx, by, people[0].email); err != nil {
		return err
	}
	err = y.db.UpdateLetterhead(ctx, y.people[0], models.LetterheadInput{
		LegalName: "星河数据科技有限公司 Starlight Data Ltd.",
		Address:   "上海市浦东新区张江路 88 号 3 号楼 · Building 3, 88 Zhangjiang Road, Shanghai",
		TaxNumber: "91310000MA1K0DEMO8",
		Contact:   "finance@starlight.example",
	}, nil)
	if err != nil {
		return err
	}
	team, err = y.db.FindTeam(ctx, y.people[0])
	if err != nil {
		return err
	}
	in := team.Settings()
	in.Centres, in.CostCentre = strings.Join(centres, "\n"), centres[0]
	return y.db.UpdateSettings(ctx, y.people[0], in)
}
