package api

import (
	"context"
	"strconv"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/pricing"
)

// detailItem is what one bucket drew from a plan on one day, as BSS shows it.
// Quantities are in GB, which a factor of 1 turns into the plan's.
type detailItem struct {
	InstanceID            string `json:"InstanceId" xml:"InstanceId"`
	InstanceSpec          string
	DeductedInstanceID    string `json:"DeductedInstanceId" xml:"DeductedInstanceId"`
	DeductedCommodityCode string
	DeductedProductDetail string
	ResCode               string
	Region                string
	DeductDate            string
	UID                   int64 `json:"Uid" xml:"Uid"`
	ShareUID              int64 `json:"ShareUid" xml:"ShareUid"`
	DeductQuantity        float64
	DeductMeasure         float64
	DeductHours           float64
	DeductFactorTotal     float64
}

type detailReply struct {
	bssOK
	Data struct {
		NextToken  string
		DetailList struct {
			DetailList []detailItem `xml:"DetailList"`
		}
	}
}

// Times here are those of the clocks in China, where days are counted.
const detailLayout = "2006-01-02 15:04:05"

// hoursOfDeduction is what one deduction is for: a day.
const hoursOfDeduction = 24

func queryDPUtilizationDetail() Operation {
	return Operation{
		Name: "QueryDPUtilizationDetail", Product: BSS(), Method: "POST", Path: "/", Run: (*Server).QueryDPUtilizationDetail,
		Params: []Param{
			{Name: "StartTime", Required: true, Rules: "datetime=" + detailLayout}, {Name: "EndTime", Required: true, Rules: "datetime=" + detailLayout},
			{Name: "IncludeShare", Type: Truth, Required: true}, {Name: "InstanceId"}, {Name: "CommodityCode"}, {Name: "ProdCode"}, {Name: "InstanceSpec"},
			{Name: "DeductedInstanceId"}, {Name: "LastToken"}, {Name: "Limit", Type: Number, Rules: pageSize.Rules, Default: bssPageSize}, ownerID,
		},
		Errors: []*Error{invalidParameter},
	}
}

// QueryDPUtilizationDetail lists what was drawn from plans, the latest day
// first. Nothing is shared between teams, so IncludeShare changes nothing.
func (a *Server) QueryDPUtilizationDetail(ctx context.Context, c *Call) (any, error) {
	q, some, err := drawQuery(c.Params)
	if err != nil {
		return nil, err
	}
	by, err := a.owner(ctx, c)
	if err != nil {
		return nil, err
	}
	reply := &detailReply{}
	reply.Data.DetailList.DetailList = []detailItem{}
	if !some {
		return reply, nil
	}
	q.After, q.Size = c.Params.Get("LastToken"), c.number("Limit")
	draws, err := models.Draws.Read(ctx, a.DB, by, q)
	if err != nil {
		return nil, err
	}
	reply.Data.NextToken = draws.Next
	for _, d := range draws.Rows {
		reply.Data.DetailList.DetailList = append(reply.Data.DetailList.DetailList, newDetail(d))
	}
	return reply, nil
}

// drawQuery reads the parameters; some is false where nothing can obey them
// all.
func drawQuery(p Params) (q list.Query, some bool, err error) {
	from, to := p.moment("StartTime", detailLayout, pricing.Zone), p.moment("EndTime", detailLayout, pricing.Zone)
	if _, err = p.yes("IncludeShare"); err != nil {
		return q, false, err
	}
	if to.Before(from) {
		return q, false, invalidParameter
	}
	product, spec := p.Get("CommodityCode"), p.Get("InstanceSpec")
	if other := p.Get("ProdCode"); product == "" {
		product = other
	} else if other != "" && other != product {
		return q, false, nil
	}
	if spec != "" {
		n, err := strconv.ParseInt(spec, 10, 64)
		if err != nil || n < 1 {
			return q, false, nil // no plan has such a size
		}
		spec = strconv.FormatInt(n, 10)
	}
	return list.With("plan", p.Get("InstanceId"), "bucket", p.Get("DeductedInstanceId"), "product", product, "size", spec,
		"measured", models.Span(from, until(to))), true, nil
}

func newDetail(d models.Draw) detailItem {
	const gb = 1 << 30
	team, _ := strconv.ParseInt(d.TeamID, 10, 64) // an account id is a number
	quantity := float64(d.Quantity) / gb
	out := detailItem{
		InstanceID: d.PlanID, InstanceSpec: strconv.FormatInt(d.Plan.Specification, 10), DeductedInstanceID: d.BucketName,
		ResCode: d.Plan.Type.Item, Region: d.Region, DeductDate: d.MeasuredAt.In(pricing.Zone).Format(detailLayout), UID: team, ShareUID: team,
		DeductQuantity: quantity, DeductMeasure: quantity, DeductHours: hoursOfDeduction, DeductFactorTotal: 1,
	}
	if products := d.Plan.Type.AppliesTo; len(products) > 0 {
		out.DeductedCommodityCode, out.DeductedProductDetail = products[0], products[0]
	}
	return out
}
