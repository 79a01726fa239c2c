package api

import (
	"context"
	"strconv"

	"quartermaster/models"
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
	f, some, err := drawFilter(c.Params)
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
	draws, cursor, err := a.DB.ListDraws(ctx, by, f, models.Page{After: c.Params.Get("LastToken"), Size: c.number("Limit")})
	if err != nil {
		return nil, err
	}
	reply.Data.NextToken = cursor.Next
	for _, d := range draws {
		reply.Data.DetailList.DetailList = append(reply.Data.DetailList.DetailList, newDetail(d))
	}
	return reply, nil
}

// drawFilter reads the parameters; some is false where nothing can obey them
// all.
func drawFilter(p Params) (f models.DrawFilter, some bool, err error) {
	f.From, f.To = p.moment("StartTime", detailLayout, pricing.Zone), p.moment("EndTime", detailLayout, pricing.Zone)
	if _, err = p.yes("IncludeShare"); err != nil {
		return f, false, err
	}
	if f.To.Before(f.From) {
		return f, false, invalidParameter
	}
	f.To = until(f.To)
	f.PlanID, f.BucketName, f.ProductCode = p.Get("InstanceId"), p.Get("DeductedInstanceId"), p.Get("CommodityCode")
	if product := p.Get("ProdCode"); f.ProductCode == "" {
		f.ProductCode = product
	} else if product != "" && product != f.ProductCode {
		return f, false, nil
	}
	if spec := p.Get("InstanceSpec"); spec != "" {
		f.Specification, err = strconv.ParseInt(spec, 10, 64)
		if err != nil || f.Specification < 1 {
			return f, false, nil // no plan has such a size
		}
	}
	return f, true, nil
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
