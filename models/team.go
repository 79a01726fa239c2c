package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/query"
)

// Team is the account of the documents: every resource, order, job and event
// belongs to one.
type Team struct {
	ID            string // the documents' 16-digit account id
	Name          string
	ClockOffsetMs int64 // how far the team's clock is ahead of the server's
	CUQuota       int64 `gorm:"column:cu_quota"`
	CUUsed        int64 `gorm:"column:cu_used"`
	CULimit       int64 `gorm:"column:cu_limit"` // the most that the quota may be, as site admins say
	ObjectStorage bool  // false: buckets are switched off
	VerifiedOnly  bool  // true: package versions from buckets of this server only
	// APIOrders is what becomes of an order by API that has to be approved:
	// RefuseAPIOrders or HoldAPIOrders.
	APIOrders string `gorm:"column:api_orders"`
	// Rules say which orders wait for whom, LapseDays for how long at most.
	Rules        RuleBook `gorm:"serializer:json;not null"`
	LapseDays    int
	Budgets      Budgets `gorm:"serializer:json;not null"`
	PlanAPI      bool    `gorm:"column:plan_api"` // false: scripts cannot order plans, only people
	StorePrepaid bool    // false: nobody orders stores for a term that is paid in advance
	LegalName    string
	Address      string
	TaxNumber    string
	Contact      string
	CostCentre   string // of orders that name none
	// Currency is what the team reckons in, TaxRate, in hundredths of a percent, what
	// is added under TaxName; 0 is none.
	Currency string
	TaxRate  int64
	TaxName  string
	// CostCentres are what people choose from, OnlyCostCentres refuses others.
	CostCentres     []string `gorm:"serializer:json;not null"`
	OnlyCostCentres bool
	Logo            []byte
	LogoType        string
	RemindedDay     int64 // up to which its people were reminded of what ends
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Membership is a person's role in a team.
type Membership struct {
	TeamID   string `gorm:"primaryKey"`
	UserID   string `gorm:"primaryKey"`
	UserName string // what the person is called, for sorting
	Role     Role
	Only     Only `gorm:"column:may_order;serializer:json;not null"`
	// DeputyID stands in for the person from one day until another, as "2006-01-02"
	// by the calendar of UTC+8; "" is nobody.
	DeputyID  string
	AwayFrom  string
	AwayUntil string
	// Remind is when the person is reminded of what they ordered.
	Remind    RemindDays
	CreatedAt time.Time
}

// TeamInput is what a site admin says about a new team.
type TeamInput struct {
	Name string `form:"team_name" validate:"required,line,max=64"`
}

// CreateTeam makes a team without members.
func (db *DB) CreateTeam(ctx context.Context, by Actor, in TeamInput) (*Team, error) {
	if err := by.maySite(); err != nil {
		return nil, err
	}
	if err := Check(&in); err != nil {
		return nil, err
	}
	var team *Team
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		team, err = tx.createTeam(ctx, by, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return team, nil
}

// createTeam is CreateTeam inside a transaction, for one who may.
func (db *DB) createTeam(ctx context.Context, by Actor, in TeamInput) (*Team, error) {
	now := db.Now()
	team := &Team{ID: db.newAccountID(), Name: in.Name, CUQuota: 100, CULimit: 100, Currency: "CNY", CostCentres: []string{}, ObjectStorage: true, APIOrders: RefuseAPIOrders, PlanAPI: true, StorePrepaid: true, LapseDays: 14, CreatedAt: now, UpdatedAt: now}
	if err := query.Of[Team](db.gorm).Create(ctx, team); err != nil {
		return nil, fmt.Errorf("create team: %w", err)
	}
	by.TeamID = team.ID
	return team, db.recordOfTeam(ctx, by, team, "team.created")
}

// FindTeam is the actor's team, without the bytes of its logo.
func (db *DB) FindTeam(ctx context.Context, by Actor) (*Team, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	team, err := query.Of[Team](db.gorm).Omit("logo").Where("id = ?", by.TeamID).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &team, nil
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
	user, err := db.accountOf(ctx, in.Email)
	if err != nil {
		return nil, err
	}
	if user == nil {
		in.Email = normalEmail(in.Email)
		user = &User{ID: db.newID(), Email: in.Email, EmailKey: emailKey(in.Email), Name: in.Name, CreatedAt: now, UpdatedAt: now}
		if err := query.Of[User](db.gorm).Create(ctx, user); err != nil {
			return nil, taken(err, "email")
		}
	}
	m := Membership{TeamID: by.TeamID, UserID: user.ID, UserName: user.Name, Role: role, CreatedAt: now}
	if err := query.Of[Membership](db.gorm).Create(ctx, &m); err != nil {
		return nil, fmt.Errorf("add member: %w", taken(err, "email"))
	}
	return user, db.Record(ctx, by, Event{Action: "member.added", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name},
		map[string]any{"role": role})
}

// ListMyTeams are the teams that the actor is a member of, by name.
func (db *DB) ListMyTeams(ctx context.Context, by Actor) ([]Team, error) {
	if err := by.signedIn(); err != nil {
		return nil, err
	}
	teams, err := query.Of[Team](db.gorm).Select("id", "name").
		Where("id IN (SELECT team_id FROM memberships WHERE user_id = ?)", by.UserID).Order("name, id").Find(ctx)
	return teams, translate(err)
}
