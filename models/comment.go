package models

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/query"
)

// Comment is what a member says about an order.
type Comment struct {
	ID          string
	TeamID      string
	OrderNumber int64
	UserID      string
	UserName    string
	Body        string
	Mentions    []Person `gorm:"serializer:json;not null"`
	At          time.Time
}

// CommentInput is a comment as a form has it. Whoever Mention names by address, or
// Body after an @ by name or address, is told of it.
type CommentInput struct {
	Body    string `form:"comment" validate:"required,prose,max=2000"`
	Mention string `form:"mention" validate:"line,max=500"`
}

const (
	// mostComments is how many an order takes, mostAMinute how many a person says
	// about it in a minute, and mostLately how many about all orders in ten.
	mostComments = 200
	mostAMinute  = 10
	mostLately   = 20
)

// CommentOrder says something about an order of the actor's team. The same again,
// within a minute, is said once.
func (db *DB) CommentOrder(ctx context.Context, by Actor, number int64, in CommentInput) error {
	if err := by.may(See); err != nil {
		return err
	}
	if err := Check(&in); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		order, err := tx.FindOrder(ctx, by, number)
		if err != nil {
			return err
		}
		c := &Comment{ID: tx.newID(), TeamID: by.TeamID, OrderNumber: number, UserID: by.UserID, UserName: by.UserName, Body: in.Body, At: tx.TeamNow(by)}
		said, err := tx.Comments(ctx, by, number)
		if err != nil {
			return err
		}
		lately, own := 0, 0
		for _, other := range said {
			if other.UserID == by.UserID {
				own++
			}
			if other.UserID != by.UserID || other.At.Before(c.At.Add(-time.Minute)) {
				continue
			}
			if lately++; other.Body == c.Body {
				return nil
			}
		}
		if len(said) >= mostComments || own >= mostComments/4 || lately >= mostAMinute {
			return invalid("comment", "too_many_comments")
		}
		all, err := query.Of[Comment](tx.gorm).Where("user_id = ? AND at > ? AND team_id = ?", by.UserID, c.At.Add(-10*time.Minute), by.TeamID).Count(ctx, "*")
		if err != nil {
			return translate(err)
		}
		if all >= mostLately {
			return invalid("comment", "too_many_lately", strconv.Itoa(mostLately))
		}
		if c.Mentions, err = tx.mentioned(ctx, by, in); err != nil {
			return err
		}
		if err := query.Of[Comment](tx.gorm).Create(ctx, c); err != nil {
			return fmt.Errorf("write comment: %w", err)
		}
		if err := tx.recordDecision(ctx, by, order, "order.commented", map[string]any{"comment": c.ID, "mentions": c.Mentions}); err != nil {
			return err
		}
		return tx.tellOfComment(ctx, by, order, c)
	})
}

// mentioned are the members whom a comment names.
func (db *DB) mentioned(ctx context.Context, by Actor, in CommentInput) (named []Person, err error) {
	asked := strings.FieldsFunc(strings.ToLower(in.Mention), func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
	if len(asked) == 0 && !strings.ContainsAny(in.Body, "@＠") {
		return nil, nil
	}
	members, err := db.ListMembers(ctx, by)
	if err != nil {
		return nil, err
	}
	// The longest names first, so that nobody is meant by the beginning of another's.
	slices.SortStableFunc(members, func(a, b Member) int { return len(b.Name) - len(a.Name) })
	body := strings.ToLower(strings.ReplaceAll(in.Body, "＠", "@"))
	for _, m := range members {
		email, left := strings.ToLower(m.Email), body
		for _, name := range []string{email, strings.ToLower(m.Name)} {
			left = strings.ReplaceAll(left, "@"+name, "")
		}
		i := slices.Index(asked, email)
		if i >= 0 {
			asked = slices.Delete(asked, i, i+1)
		}
		if i >= 0 || left != body {
			named = append(named, Person{m.UserID, m.Name})
		}
		body = left
	}
	if len(asked) > 0 {
		return nil, invalid("mention", "unknown_member", asked[0])
	}
	return named, nil
}

// Comments are what was said about an order of the actor's team, the first first.
func (db *DB) Comments(ctx context.Context, by Actor, number int64) ([]Comment, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	all, err := query.Of[Comment](db.gorm).Where("order_number = ? AND team_id = ?", number, by.TeamID).Order("at, id").Limit(mostComments).Find(ctx)
	return all, translate(err)
}
