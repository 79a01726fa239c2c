package api

import (
	"context"
	"slices"

	"quartermaster/models"
)

// productItem is what plans are sold for, as BSS shows it.
type productItem struct {
	ProductCode      string
	ProductName      string
	ProductType      string
	SubscriptionType string
}

type productListReply struct {
	bssOK
	Data struct {
		PageNum     int
		PageSize    int
		TotalCount  int
		ProductList struct {
			Product []productItem `xml:"Product"`
		}
	}
}

func queryProductList() Operation {
	return Operation{
		Name: "QueryProductList", Product: BSS(), Method: "POST", Path: "/", Run: (*Server).QueryProductList,
		Params: []Param{{Name: "PageNum", Type: Number, Required: true, Rules: "min=1"}, pageSize, {Name: "QueryTotalCount", Type: Truth, Default: false}},
		Errors: []*Error{invalidParameter},
	}
}

// QueryProductList lists the products of the catalogue.
func (a *Server) QueryProductList(ctx context.Context, c *Call) (any, error) {
	n, size := c.number("PageNum"), c.number("PageSize")
	count, err := c.Params.yes("QueryTotalCount")
	if err != nil {
		return nil, err
	}
	all, err := a.DB.ListProducts(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p models.Product) bool { return p.Off })
	reply := &productListReply{}
	d := &reply.Data
	d.PageNum, d.PageSize, d.ProductList.Product = n, size, []productItem{}
	if count {
		d.TotalCount = len(all)
	}
	first := min((n-1)*size, len(all))
	for _, p := range all[first:min(first+size, len(all))] {
		d.ProductList.Product = append(d.ProductList.Product, productItem{p.Code, p.EN, p.Type, p.Subscription})
	}
	return reply, nil
}
