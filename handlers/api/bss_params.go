package api

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
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

// The parameters of a page, and of who a call acts as.
var (
	pageNum       = Param{Name: "PageNum", Type: Number, Rules: fmt.Sprint("min=1,max=", bssMostPage), Default: 1}
	pageSize      = Param{Name: "PageSize", Type: Number, Rules: fmt.Sprint("min=1,max=", list.MaxNumbered), Default: bssPageSize}
	ownerID       = Param{Name: "OwnerId", Type: Number, Errors: []*Error{idInvalid, invalidOwner, idMissing}}
	instanceID    = Param{Name: "InstanceId", Required: true}
	specification = Param{Name: "Specification", Field: "specification", Required: true, Rules: "number", Errors: []*Error{specificationInvalid}}
	duration      = Param{Name: "Duration", Field: "duration", Type: Number, Required: true, Rules: "min=1", Errors: []*Error{durationInvalid}}
	effectiveDate = Param{Name: "EffectiveDate", Field: "effective_date", Rules: bssMoment, Errors: []*Error{effectiveDateInvalid}}
)

const (
	bssMoment = "datetime=" + bssLayout
	cycles    = "oneof=Month Year"
)

// planParams are what a new plan is ordered with, and what its price depends on.
var planParams = []Param{
	{Name: "ProductCode", Field: "product_code", Required: true},
	{Name: "PackageType", Field: "package_type", Required: true, Errors: []*Error{packageTypeNotFound, packageTypeNotSupported}},
	specification, duration, {Name: "PricingCycle", Field: "pricing_cycle", Rules: cycles, Default: "Month"}, effectiveDate, ownerID,
}

// owner is who a call acts as: the key's own team, which OwnerId may name, or,
// with a site key, the team that it has to name.
func (a *Server) owner(ctx context.Context, c *Call) (models.Actor, error) {
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

// ordering is a method of models that takes an order.
type ordering func(ctx context.Context, by models.Actor, in models.OrderInput) (models.Quote, error)

// order hands the order that a call asks for to do. An OwnerId that is wrong is
// refused after all that the documents check before it; only a site key needs
// it first, because nothing can be looked up without a team.
func (a *Server) order(ctx context.Context, c *Call, line models.LineInput, do ordering) (*models.Order, error) {
	in := models.OrderInput{Lines: []models.LineInput{line}, Token: clientToken(c.Operation, c.Params.Get("ClientToken"))}
	by, wrong := a.owner(ctx, c)
	if wrong == nil {
		quote, err := do(ctx, by, in)
		return quote.Order, err
	}
	if !c.Caller.SiteKey() {
		if _, err := a.DB.PriceOrder(ctx, c.By, in); err != nil && (bss{a}).refuse(c, err) != notApplicable {
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
func (a *Server) place(ctx context.Context, c *Call, line models.LineInput) (any, error) {
	order, err := a.order(ctx, c, line, a.DB.PlaceOrder)
	if err != nil {
		return nil, err
	}
	reply := &packageReply{OrderID: order.Number}
	reply.Data.OrderID, reply.Data.InstanceID = order.Number, order.Lines[0].ResourceID
	return reply, nil
}
