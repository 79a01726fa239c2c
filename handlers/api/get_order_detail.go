package api

import (
	"context"
	"errors"
	"strconv"

	"quartermaster/models"
)

func getOrderDetail() Operation {
	return Operation{
		Name: "GetOrderDetail", Product: BSS(), Method: "POST", Path: "/", Run: (*Server).GetOrderDetail,
		Params: []Param{{Name: "OrderId", Type: Number, Required: true}, ownerID},
		Errors: []*Error{invalidParameter},
	}
}

// GetOrderDetail tells one order of a plan. An id that there is not is an empty
// list and no error.
func (a *Server) GetOrderDetail(ctx context.Context, c *Call) (any, error) {
	number, err := strconv.ParseInt(c.Params.Get("OrderId"), 10, 64)
	if err != nil {
		return nil, invalidParameter
	}
	by, err := a.owner(ctx, c)
	if err != nil {
		return nil, err
	}
	reply := &ordersReply{}
	reply.page(c, 1, bssPageSize)
	order, err := a.DB.FindPlanOrder(ctx, by, number)
	if errors.Is(err, models.ErrNotFound) {
		return reply, nil
	}
	if err != nil {
		return nil, err
	}
	products, err := a.DB.ListProducts(ctx)
	if err != nil {
		return nil, err
	}
	reply.Data.TotalCount = 1
	reply.add(*order, products)
	return reply, nil
}
