package api

import (
	"context"
	"errors"
	"strconv"

	"quartermaster/models"
)

// GetOrderDetail tells one order of a plan. An id that there is not is an empty
// list and no error.
func (a BSS) GetOrderDetail(ctx context.Context, c *Call) (any, error) {
	if err := c.Params.need("OrderId"); err != nil {
		return nil, err
	}
	number, err := strconv.ParseInt(c.Params.Get("OrderId"), 10, 64)
	if err != nil {
		return nil, invalidParameter
	}
	by, err := a.reader(ctx, c)
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
