package web

import (
	"context"
	"log/slog"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views/layout"
)

// framed is the request's context with what the frame of a whole page shows. A
// piece of a page has no frame, and needs none of this.
func framed(c *gin.Context) context.Context {
	ctx := c.Request.Context()
	v := visitOf(ctx)
	shell := layout.Shell{Path: pagePath(c.Request), Theme: readCookie(c, themeCookie), Demo: v.site.Demo, Frames: v.frames, Flash: takeFlash(c)}
	if !v.told {
		if shell.Astray = v.site.astray(c.Request); shell.Astray != nil {
			Note(ctx, slog.String("astray", shell.Astray.Reason), slog.String("asked", shell.Astray.Asked))
		}
	}
	if s := v.session; s != nil {
		shell.UserName, shell.UserEmail, shell.Initials = s.UserName, s.Email, initials(s.UserName)
		shell.TeamName, shell.TeamID, shell.Role = s.TeamName, s.TeamID, string(s.Role)
		shell.SiteAdmin = s.SiteAdmin
		if room := v.site.DB.Space(); s.SiteAdmin && room.Low() {
			shell.Disk = &layout.Disk{Free: room.Free, Total: room.Total, Full: room.Full()}
		}
		shell.Theme, shell.Slash = s.Theme, s.Slash
		if err := v.fill(ctx, &shell); err != nil {
			// A frame without its counts is better than no page.
			v.log.LogAttrs(ctx, slog.LevelWarn, "frame", slog.String("error", err.Error()))
		}
	}
	return layout.WithShell(ctx, shell)
}

// fill adds what the database knows: how much the team has, and which other
// teams the user may change to.
func (v *visit) fill(ctx context.Context, shell *layout.Shell) error {
	by := models.ActorFrom(ctx)
	if v.session.TeamCount > 1 || v.session.TeamID == "" && v.session.TeamCount > 0 {
		teams, err := v.site.DB.ListMyTeams(ctx, by)
		if err != nil {
			return err
		}
		for _, t := range teams {
			if t.ID != v.session.TeamID {
				shell.Teams = append(shell.Teams, layout.Team{ID: t.ID, Name: t.Name})
			}
		}
	}
	if v.session.TeamID == "" {
		return nil
	}
	var err error
	if shell.Counts, err = v.counted(ctx, by); err != nil {
		return err
	}
	if shell.Waiting, err = v.site.DB.CountWaiting(ctx, by); err != nil {
		return err
	}
	shell.Unread, err = v.site.DB.CountUnread(ctx, by)
	return err
}

// Counts are the team's counters, read once for a request.
func Counts(c *gin.Context) (map[string]int64, error) {
	ctx := c.Request.Context()
	return visitOf(ctx).counted(ctx, models.ActorFrom(ctx))
}

func (v *visit) counted(ctx context.Context, by models.Actor) (map[string]int64, error) {
	if v.counts != nil {
		return v.counts, nil
	}
	var err error
	v.counts, err = v.site.DB.Counts(ctx, by)
	return v.counts, err
}

// initials stand for a person where there is no room for the name: the first
// letters of the first and last word, or the end of a Chinese name, which is
// the given name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return ""
	}
	first := []rune(words[0])
	if len(words) == 1 && unicode.Is(unicode.Han, first[0]) {
		return string(first[max(0, len(first)-2):])
	}
	out := string(first[0])
	if len(words) > 1 {
		out += string([]rune(words[len(words)-1])[0])
	}
	return out
}
