package handlers

import (
	"context"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/ui"
)

// siteActivity is the list of who did what to the site.
func siteActivity(db *models.DB) List[models.Event] {
	return List[models.Event]{DB: db, View: views.SiteEvents, By: models.Actor.ForSite, Choices: func(ctx context.Context, _ *models.DB, _ list.Query) (map[string][]views.ListChoice, error) {
		choices := map[string][]views.ListChoice{}
		for _, kind := range []models.Kind{models.KindTeam, models.KindUser, models.KindKey} {
			choices["kind"] = append(choices["kind"], views.ListChoice{Value: string(kind), Label: ui.Look(ctx, kind).One(ctx)})
		}
		return choices, nil
	}}
}

// activity is the list of who did what in the team.
func activity(db *models.DB) List[models.Event] {
	return List[models.Event]{DB: db, View: views.Events, Choices: func(ctx context.Context, db *models.DB, _ list.Query) (map[string][]views.ListChoice, error) {
		people, err := db.ListMembers(ctx, models.ActorFrom(ctx))
		choices := map[string][]views.ListChoice{}
		for _, look := range ui.Kinds(ctx) {
			choices["kind"] = append(choices["kind"], views.ListChoice{Value: string(look.Kind), Label: look.One(ctx)})
		}
		for _, m := range people {
			choices["person"] = append(choices["person"], views.ListChoice{Value: m.UserID, Label: m.Name})
		}
		return choices, err
	}}
}
