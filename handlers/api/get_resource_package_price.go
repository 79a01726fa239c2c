package api

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// amount is a sum of money in the smallest unit, written as a number of the
// currency's whole unit: 2250 is 22.5.
type amount int64

func (m amount) String() string {
	text := yuan(int64(m))
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func (m amount) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }
func (m amount) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// yuan is a sum in the smallest unit with two decimals: 22.50.
func yuan(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	text := strconv.FormatInt(minor+100, 10) // three digits at least
	whole := strconv.FormatInt(minor/100, 10)
	return sign + whole + "." + text[len(text)-2:]
}

type priceReply struct {
	bssOK
	Data struct {
		OriginalPrice amount
		DiscountPrice amount
		TradePrice    amount
		Currency      string
		Promotions    struct {
			Promotion []struct{} `xml:"Promotion"`
		}
	}
}

func getResourcePackagePrice() Operation {
	return Operation{
		Name: "GetResourcePackagePrice", Product: BSS(), Method: "POST", Path: "/", Run: (*Server).GetResourcePackagePrice,
		Input: &models.PlanInput{},
		Params: append(slices.Clone(planParams),
			Param{Name: "OrderType", Rules: "oneof=BUY UPGRADE RENEW", Default: "BUY"}, Param{Name: "InstanceId", Words: "InstanceId.change"}),
		Errors: []*Error{invalidParameter, productNotFound, notApplicable},
	}
}

// GetResourcePackagePrice tells what an order of the same parameters costs.
func (a *Server) GetResourcePackagePrice(ctx context.Context, c *Call) (any, error) {
	kind := c.Params.Get("OrderType")
	if (kind == "RENEW" || kind == "UPGRADE") && c.Params.Get("InstanceId") == "" {
		return nil, missingParameter
	}
	// What a new plan is refused for, a change of one is too.
	order, err := a.order(ctx, c, planInput(c.Params), a.DB.PriceOrder)
	if err != nil {
		return nil, err
	}
	if change := planChange(c.Params, kind); change != nil {
		sku := order.Lines[0].SKU
		if order, err = a.order(ctx, c, change, a.DB.PriceOrder); err != nil {
			return nil, err
		}
		if order.Lines[0].SKU != sku {
			return nil, invalidParameter // the plan is of another type or size
		}
	}
	reply := &priceReply{}
	d := &reply.Data
	d.OriginalPrice, d.DiscountPrice, d.TradePrice = amount(order.ListMinor), amount(order.DiscountMinor), amount(order.TotalMinor-order.TaxMinor)
	d.Currency, d.Promotions.Promotion = order.Currency, []struct{}{}
	return reply, nil
}

// planChange is what a price is asked for of a plan that there is, or nil.
func planChange(p Params, orderType string) models.LineInput {
	switch orderType {
	case "RENEW":
		in := renewInput(p)
		if in.PricingCycle == "" {
			in.PricingCycle = pricing.Monthly
		}
		return in
	case "UPGRADE":
		return upgradeInput(p)
	}
	return nil
}
