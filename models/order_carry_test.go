package models_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestPONumberIsKeptAndChanged(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	in := planOrder(example())
	in.PONumber = strings.Repeat("p", 65)
	if _, err := db.PlaceOrder(t.Context(), team.Requester, in); !rejects(err, "po_number", "max") {
		t.Errorf("a long one: %v", err)
	}
	in.PONumber, in.Token = " PO-4711 ", "once"
	o := mustPlace(t, db, team.Requester, in)
	if o.PONumber != "PO-4711" || mustPlace(t, db, team.Requester, in).Number != o.Number {
		t.Errorf("the order has %q, and its repeat is another", o.PONumber)
	}
	in.PONumber = "PO-4712"
	if _, err := db.PlaceOrder(t.Context(), team.Requester, in); !rejects(err, "", "repeated") {
		t.Errorf("a repeat with another: %v", err)
	}
	first := findOrder(t, db, team.Viewer, o.Number).PONumberInput()
	change := func(by models.Actor, to string) error {
		next := first
		next.PONumber = to
		return db.ChangePONumber(t.Context(), by, o.Number, next)
	}
	for _, c := range []struct {
		by   models.Actor
		want error
	}{{team.Viewer, models.ErrForbidden}, {team.Approver, models.ErrForbidden}, {other.Admin, models.ErrNotFound}} {
		if err := change(c.by, "PO-1"); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.by.Role, err, c.want)
		}
	}
	if err := change(team.Requester, "PO-2"); err != nil {
		t.Fatal(err)
	}
	if err := change(team.Admin, "PO-3"); !rejects(err, "po_number", "changed_meanwhile") {
		t.Errorf("who saw the old one: got %v, want changed_meanwhile", err)
	}
	first = findOrder(t, db, team.Viewer, o.Number).PONumberInput()
	if err := change(team.Admin, "PO-3"); err != nil {
		t.Fatal(err)
	}
	rows, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Orders, list.Query{})
	if err != nil || len(rows) != 1 || rows[0].PONumber != "PO-3" {
		t.Errorf("the list has %+v, %v", rows, err)
	}
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("order", fmt.Sprint(o.Number)))
	if err != nil || countAction(events, "order.po_number_changed") != 2 || !strings.Contains(events[0].Detail, "PO-2") {
		t.Errorf("the events are %+v, %v", events, err)
	}
}
