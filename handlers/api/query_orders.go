package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
)

// orderItem is an order of a plan as BSS shows it: texts all of them.
type orderItem struct {
	OrderID           string `json:"OrderId" xml:"OrderId"`
	SubOrderID        string `json:"SubOrderId" xml:"SubOrderId"`
	RelatedOrderID    string `json:"RelatedOrderId" xml:"RelatedOrderId"`
	OrderType         string
	OrderSubType      string
	ProductCode       string
	ProductType       string
	CommodityCode     string
	SubscriptionType  string
	CreateTime        string
	PaymentTime       string
	PaymentStatus     string
	Currency          string
	PaymentCurrency   string
	PretaxGrossAmount string
	PretaxAmount      string
	PretaxAmountLocal string
	Tax               string
	AfterTaxAmount    string
	Quantity          string
	Region            string
	InstanceIDs       string
	Config            string
	OriginalConfig    string
	Operator          string
	UsageStartTime    string
	UsageEndTime      string
}

type ordersReply struct {
	bssOK
	Data struct {
		HostName   string
		PageNum    int
		PageSize   int
		TotalCount int64
		OrderList  struct {
			Order []orderItem `xml:"Order"`
		}
	}
}

// lastHour is what QueryOrders covers when it is told no times.
const lastHour = time.Hour

func queryOrders() Operation {
	return Operation{
		Name: "QueryOrders", Product: BSS(), Method: "POST", Path: "/", Run: (*Server).QueryOrders,
		Params: []Param{
			{Name: "ProductCode"}, {Name: "ProductType"}, {Name: "SubscriptionType", Rules: "oneof=Subscription PayAsYouGo"},
			{Name: "OrderType", Rules: "oneof=" + strings.Join(models.OrderTypes, " ")}, {Name: "PaymentStatus", Rules: "oneof=Paid Unpaid Cancelled"},
			{Name: "CreateTimeStart", Rules: bssMoment}, {Name: "CreateTimeEnd", Rules: bssMoment}, pageNum, pageSize, ownerID,
		},
		Errors: []*Error{invalidParameter},
		Note:   "Orders of other kinds are not bought from a product of this document and are not listed.",
	}
}

// QueryOrders lists orders of plans, newest first.
func (a *Server) QueryOrders(ctx context.Context, c *Call) (any, error) {
	by, err := a.owner(ctx, c)
	if err != nil {
		return nil, err
	}
	from, to := c.Params.moment("CreateTimeStart", bssLayout, time.UTC), until(c.Params.moment("CreateTimeEnd", bssLayout, time.UTC))
	if to.IsZero() {
		to = a.DB.TeamNow(by)
	}
	if from.IsZero() {
		from = to.Add(-lastHour)
	}
	products, err := a.DB.ListProducts(ctx)
	if err != nil {
		return nil, err
	}
	reply := &ordersReply{}
	n, size := c.number("PageNum"), c.number("PageSize")
	reply.page(c, n, size)
	codes, some := orderedProducts(c.Params, products)
	if !some {
		return reply, nil
	}
	q := list.With("type", c.Params.Get("OrderType"), "payment", c.Params.Get("PaymentStatus"), "product", strings.Join(codes, ","), "created", models.Span(from, to))
	orders, total, err := models.PlanOrders.Numbered(ctx, a.DB, by, q, n, size, list.Unknown)
	if err != nil {
		return nil, err
	}
	reply.Data.TotalCount = total
	for _, o := range orders {
		reply.add(o, products)
	}
	return reply, nil
}

// orderedProducts are the codes of what is asked for of the product, none for
// all. some is false where no order can be of such a product: whatever is ordered
// is subscribed to.
func orderedProducts(p Params, products []models.Product) (codes []string, some bool) {
	code, kind := p.Get("ProductCode"), p.Get("ProductType")
	if code == "" && kind == "" {
		return nil, p.Get("SubscriptionType") != "PayAsYouGo"
	}
	for _, x := range products {
		if (code == "" || x.Code == code) && (kind == "" || x.Type == kind) {
			codes = append(codes, x.Code)
		}
	}
	return codes, len(codes) > 0 && p.Get("SubscriptionType") != "PayAsYouGo"
}

// page fills in which page of the list it is.
func (r *ordersReply) page(c *Call, n, size int) {
	r.Data.HostName, r.Data.PageNum, r.Data.PageSize = c.request.Host, n, size
	r.Data.OrderList.Order = []orderItem{}
}

// add appends an order, which has one line.
func (r *ordersReply) add(o models.PlanOrder, products []models.Product) {
	l, number := o.Lines[0], strconv.FormatInt(o.Number, 10)
	pretax := yuan(o.TotalMinor - o.TaxMinor) // as the documents have it, in the currency of the price book
	item := orderItem{
		OrderID: number, SubOrderID: number, OrderType: o.Type, OrderSubType: "ProductSubOrder",
		ProductCode: o.ProductCode, CommodityCode: o.ProductCode, SubscriptionType: "Subscription",
		CreateTime: bssTime(o.CreatedAt), PaymentStatus: string(o.Payment()), Currency: o.Currency, PaymentCurrency: o.Currency,
		PretaxGrossAmount: yuan(o.ListMinor), PretaxAmount: pretax, PretaxAmountLocal: pretax, Tax: yuan(o.TaxMinor), AfterTaxAmount: yuan(o.TotalMinor),
		Quantity: strconv.FormatInt(l.Quantity, 10), Region: l.Region, InstanceIDs: instanceIDs(l.ResourceID), Operator: o.RequestedBy,
		UsageStartTime: bssTimeIf(o.EffectiveAt), UsageEndTime: bssTimeIf(l.EndsAt),
	}
	for _, p := range products {
		if p.Code == o.ProductCode {
			item.ProductType = p.Type
		}
	}
	if o.RelatedNumber != 0 {
		item.RelatedOrderID = strconv.FormatInt(o.RelatedNumber, 10)
	}
	if o.Payment() == models.Paid {
		paid := o.CreatedAt
		if o.DecidedAt != nil {
			paid = *o.DecidedAt
		}
		item.PaymentTime = bssTime(paid)
	}
	item.Config, item.OriginalConfig = planConfig(l)
	r.Data.OrderList.Order = append(r.Data.OrderList.Order, item)
}

// instanceIDs is a list as the text of a JSON array.
func instanceIDs(id string) string {
	ids := []string{}
	if id != "" {
		ids = append(ids, id)
	}
	text, err := json.Marshal(ids)
	if err != nil {
		panic(err) // a list of texts can always be written
	}
	return string(text)
}

// planConfig is what was ordered, and what it was before, as the samples write
// it.
func planConfig(l models.OrderLine) (config, original string) {
	before, after, changed := strings.Cut(l.Detail, " → ")
	if !changed {
		after = l.Detail
	} else {
		original = fmt.Sprintf("ResourcePackage:[PackageType:%s;Specification:%s;]", l.Name, before)
	}
	config = fmt.Sprintf("ResourcePackage:[PackageType:%s;Specification:%s;", l.Name, after)
	if l.TermN > 0 {
		config += fmt.Sprintf("Duration:%d %s;", l.TermN, l.TermUnit)
	}
	return config + "]", original
}
