package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
)

// bssLayout is how BSS writes times, always in UTC.
const bssLayout = "2006-01-02T15:04:05Z"

func bssTime(t time.Time) string { return t.UTC().Format(bssLayout) }

// bssTimeIf is bssTime of a time that may be open.
func bssTimeIf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return bssTime(*t)
}

// need refuses a call that lacks one of the parameters.
func (p Params) need(names ...string) error {
	for _, name := range names {
		if p.Get(name) == "" {
			return missingParameter
		}
	}
	return nil
}

// oneOf refuses a parameter that is given and none of the words.
func (p Params) oneOf(name string, words ...string) error {
	if value := p.Get(name); value != "" && !slices.Contains(words, value) {
		return invalidParameter
	}
	return nil
}

// number is a whole number from 1 to most, or otherwise when it is not given.
func (p Params) number(name string, otherwise, most int) (int, error) {
	value := p.Get(name)
	if value == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, invalidParameter
	}
	return n, nil
}

// yes is a truth value, false when it is not given.
func (p Params) yes(name string) (bool, error) {
	switch strings.ToLower(p.Get(name)) {
	case "true":
		return true, nil
	case "false", "":
		return false, nil
	}
	return false, invalidParameter
}

// moment is a time of one layout, the zero one when it is not given.
func (p Params) moment(name, layout string, zone *time.Location) (time.Time, error) {
	value := p.Get(name)
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(layout, value, zone)
	if err != nil || t.Format(layout) != value {
		return time.Time{}, invalidParameter
	}
	return t, nil
}

// until is a moment with the rest of its second, as the end of a range: what is
// compared with it has parts of a second.
func until(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(time.Second - time.Millisecond)
}

// The pages of lists that are asked for by number.
const (
	bssPageSize = 20
	bssMostPage = 1 << 30
)

// page is which page is asked for, from 1, and how many rows one has.
func (p Params) page() (n, size int, err error) {
	if n, err = p.number("PageNum", 1, bssMostPage); err != nil {
		return 0, 0, err
	}
	size, err = p.number("PageSize", bssPageSize, models.MaxNumberedPage)
	return n, size, err
}

// owner is who a call acts as: the key's own team, which OwnerId may name, or,
// with a site key, the team that it has to name.
func (a BSS) owner(ctx context.Context, c *Call) (models.Actor, error) {
	given := c.Params.Get("OwnerId")
	if given == "" {
		if c.Caller.SiteKey() {
			return models.Actor{}, idMissing
		}
		return c.By, nil
	}
	id, err := strconv.ParseInt(given, 10, 64)
	if err != nil {
		return models.Actor{}, idInvalid
	}
	by, err := a.DB.ActorFor(ctx, c.Caller, strconv.FormatInt(id, 10))
	if errors.Is(err, models.ErrNotFound) {
		return models.Actor{}, invalidOwner
	}
	return by, err
}

// reader is owner for a call that only reads, of a key that may.
func (a BSS) reader(ctx context.Context, c *Call) (models.Actor, error) {
	if !c.Caller.SiteKey() && !c.By.May(models.See) {
		return models.Actor{}, models.ErrForbidden
	}
	return a.owner(ctx, c)
}

// ordering is a method of models that takes an order.
type ordering func(ctx context.Context, by models.Actor, in models.OrderInput) (models.Quote, error)

// order hands the order that a call asks for to do. An OwnerId that is wrong is
// refused after all that the documents check before it; only a site key needs
// it first, because nothing can be looked up without a team.
func (a BSS) order(ctx context.Context, c *Call, line models.LineInput, do ordering) (*models.Order, error) {
	if len(c.Params.Get("ClientToken")) > mostToken {
		return nil, invalidParameter
	}
	in := models.OrderInput{Lines: []models.LineInput{line}, Token: clientToken(c.Operation, c.Params.Get("ClientToken"))}
	by, wrong := a.owner(ctx, c)
	if wrong == nil {
		quote, err := do(ctx, by, in)
		return quote.Order, err
	}
	if !c.Caller.SiteKey() {
		if _, err := a.DB.PriceOrder(ctx, c.By, in); err != nil && bssError(c, err) != notApplicable {
			return nil, err
		}
	}
	return nil, wrong
}

// packageReply is the answer of what orders a plan, or changes one.
type packageReply struct {
	bssOK
	OrderID int64 `json:"OrderId" xml:"OrderId"`
	Data    struct {
		OrderID    int64  `json:"OrderId" xml:"OrderId"`
		InstanceID string `json:"InstanceId" xml:"InstanceId"`
	}
}

// place places the order that a call asks for and answers with its ids.
func (a BSS) place(ctx context.Context, c *Call, line models.LineInput) (any, error) {
	order, err := a.order(ctx, c, line, a.DB.PlaceOrder)
	if err != nil {
		return nil, err
	}
	reply := &packageReply{OrderID: order.Number}
	reply.Data.OrderID, reply.Data.InstanceID = order.Number, order.Lines[0].ResourceID
	return reply, nil
}

// mayOrder refuses a key whose owner may not order.
func mayOrder(c *Call) error {
	if !c.Caller.SiteKey() && !c.By.May(models.Request) {
		return models.ErrForbidden
	}
	return nil
}
