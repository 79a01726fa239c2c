package web

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
)

// A form says in teamField which team it was opened in, and with changeField that its
// reader goes back to work there.
const (
	teamField   = "of_team"
	changeField = "change_team"
)

// elsewhereError is that a form was opened in another team than the one that its
// reader works in by now.
type elsewhereError struct{ views.Elsewhere }

func (e *elsewhereError) Error() string {
	return fmt.Sprintf("a form of team %q, sent in team %q", e.Of.ID, e.Now.ID)
}

// formRead is how much of a form with a file is read to show what was typed in it.
const formRead = 8 << 20

// inItsTeam refuses a form that was opened in another team than its reader works in
// now, before it does anything. One that was refused so and says that the reader goes
// back first is sent there.
func inItsTeam(c *gin.Context) error {
	if c.Request.Method != http.MethodPost {
		return nil
	}
	ctx := c.Request.Context()
	v := visitOf(ctx)
	of := c.Query(teamField)
	var sent url.Values
	kind, _, _ := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		var err error
		if sent, err = submitted(c.Request); err != nil {
			return err
		}
		if said := sent.Get(teamField); said != "" {
			of = said
		}
	}
	if of == "" || of == v.session.TeamID {
		return nil
	}
	by := models.ActorFrom(ctx)
	if sent.Get(changeField) != "" {
		return changeTeam(c, by, of)
	}
	if kind == "multipart/form-data" {
		sent = typedIn(c)
	}
	to := url.URL{Path: c.Request.URL.Path}
	query := c.Request.URL.Query()
	query.Del(teamField)
	to.RawQuery = query.Encode()
	e := &elsewhereError{views.Elsewhere{Now: views.TeamName{ID: v.session.TeamID, Name: v.session.TeamName}, Path: to.String(), Typed: sent}}
	teams, err := v.site.DB.ListMyTeams(ctx, by)
	if err != nil {
		return err
	}
	for _, t := range teams {
		if t.ID == of {
			e.Of = views.TeamName{ID: t.ID, Name: t.Name}
		}
	}
	return e
}

// changeTeam has the reader work in another team, in this request too.
func changeTeam(c *gin.Context, by models.Actor, team string) error {
	ctx := c.Request.Context()
	v := visitOf(ctx)
	begun, _, err := v.site.DB.SwitchTeam(ctx, by, SessionToken(c), team)
	if err != nil {
		return err
	}
	session, err := v.site.DB.FindSession(ctx, begun.Token)
	if err != nil {
		return err
	}
	SignIn(c, begun)
	v.session = session
	c.Request = c.Request.WithContext(models.WithActor(ctx, session.Actor(by)))
	return nil
}
