package api

import "context"

// product is what plans are sold for, as BSS shows it.
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

// QueryProductList lists the products of the catalogue.
func (a BSS) QueryProductList(ctx context.Context, c *Call) (any, error) {
	all, err := a.DB.ListProducts(ctx)
	if err != nil {
		return nil, err
	}
	reply := &productListReply{}
	reply.Data.ProductList.Product = make([]productItem, len(all))
	for i, p := range all {
		reply.Data.ProductList.Product[i] = productItem{p.Code, p.EN, p.Type, p.Subscription}
	}
	return reply, nil
}
