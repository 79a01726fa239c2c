package models

import (
	"context"
	"time"
)

// Role is what a person may do in a team. Each role may do what the one
// before it may, and more.
type Role string

// The roles, from least to most.
const (
	Viewer    Role = "viewer"
	Requester Role = "requester"
	Approver  Role = "approver"
	Admin     Role = "admin"
)

// Roles are all roles, from least to most.
var Roles = []Role{Viewer, Requester, Approver, Admin}

func (r Role) rank() int {
	for i, other := range Roles {
		if r == other {
			return i + 1
		}
	}
	return 0
}

// AtLeast tells whether the role may do everything that other may.
func (r Role) AtLeast(other Role) bool { return r.rank() > 0 && r.rank() >= other.rank() }

// Right is something that only some roles may do.
type Right string

// The rights that actions ask for.
const (
	See        Right = "see"        // the team's resources, orders and activity
	Request    Right = "request"    // create, renew and delete resources
	Decide     Right = "decide"     // approve or reject other people's orders
	Administer Right = "administer" // members, access keys, quotas, letterhead
)

var leastRole = map[Right]Role{See: Viewer, Request: Requester, Decide: Approver, Administer: Admin}

// Face is the way a request came in.
type Face string

// The faces.
const (
	ByForm   Face = "form"
	ByAPI    Face = "api"
	ByServer Face = "server" // the program itself: jobs, the command line
)

// Faces are all faces, in the order they are shown.
var Faces = []Face{ByForm, ByAPI, ByServer}

// Actor is who asks, in which team, from where. The zero Actor is nobody and
// may do nothing.
type Actor struct {
	UserID    string
	UserName  string
	TeamID    string
	Role      Role
	SiteAdmin bool
	// Only is all that the actor may order, nil for everything.
	Only *Only
	// ClockOffset is how far the team's clock is ahead of the server's.
	ClockOffset time.Duration

	Face      Face
	Address   string
	Agent     string
	RequestID string
	// KeyID and KeyName are the access key that the request was signed with, ""
	// when there was none.
	KeyID   string
	KeyName string

	// site is set by ForSite.
	site bool
	// siteKey tells that KeyID is a key of the site, which orders for any team.
	siteKey bool
	// grants are all that the key lets the actor do; nil is no limit.
	grants *[]Grant
}

// ForSite is the actor without a team: the methods then work on what belongs to
// the site itself, which only a site admin may do.
func (by Actor) ForSite() Actor {
	by.TeamID, by.Role, by.Only, by.ClockOffset, by.site = "", "", nil, 0, true
	return by
}

// May tells whether the actor has the right in its team. Pages use it to show
// or hide a button; the methods of DB decide by it. With a key that has grants an
// actor has none: what these allow is asked by mayReach.
func (by Actor) May(right Right) bool {
	least, known := leastRole[right]
	return known && by.TeamID != "" && by.Role.AtLeast(least) && by.grants == nil
}

// may is May as an error.
func (by Actor) may(right Right) error {
	if by.TeamID == "" {
		return ErrUnauthenticated
	}
	if !by.May(right) {
		return Refuse(right)
	}
	return nil
}

// Refuse is ErrForbidden for who does not have a right, and names the role that has it.
func Refuse(right Right) error { return Lacks{leastRole[right]} }

type actorKey struct{}

// WithActor returns a context that carries who asks.
func WithActor(ctx context.Context, by Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, by)
}

// ActorFrom is the context's actor, or nobody.
func ActorFrom(ctx context.Context) Actor {
	by, _ := ctx.Value(actorKey{}).(Actor)
	return by
}
