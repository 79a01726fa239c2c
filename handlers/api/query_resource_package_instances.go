package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
)

// instance is a plan as BSS shows it.
type instance struct {
	InstanceID          string `json:"InstanceId" xml:"InstanceId"`
	PackageType         string
	Remark              string
	Status              string
	Region              string
	CommodityCode       string
	DeductType          string
	EffectiveTime       string
	ExpiryTime          string
	TotalAmount         string
	TotalAmountUnit     string
	RemainingAmount     string
	RemainingAmountUnit string
	ApplicableProducts  struct {
		Product []string `xml:"Product"`
	}
}

type instancesReply struct {
	bssOK
	Page     int
	PageSize int
	Total    int64
	Data     struct {
		HostID     string `json:"HostId" xml:"HostId"`
		PageNum    string
		PageSize   string
		TotalCount string
		Instances  struct {
			Instance []instance `xml:"Instance"`
		}
	}
}

func queryResourcePackageInstances() Operation {
	return Operation{
		Name: "QueryResourcePackageInstances", Product: BSS(), Method: "POST", Path: "/", Run: (*Server).QueryResourcePackageInstances,
		Params: []Param{
			{Name: "ProductCode"}, {Name: "ExpiryTimeStart", Rules: bssMoment}, {Name: "ExpiryTimeEnd", Rules: bssMoment}, pageNum, pageSize,
			{Name: "IncludePartner", Type: Truth}, ownerID,
		},
		Errors: []*Error{invalidParameter},
	}
}

// QueryResourcePackageInstances lists plans, also those that are over, newest
// first. There are no partners, so IncludePartner changes nothing.
func (a *Server) QueryResourcePackageInstances(ctx context.Context, c *Call) (any, error) {
	n, size := c.number("PageNum"), c.number("PageSize")
	q := list.With("product", c.Params.Get("ProductCode"),
		"ends", models.Span(c.Params.moment("ExpiryTimeStart", bssLayout, time.UTC), c.Params.moment("ExpiryTimeEnd", bssLayout, time.UTC)))
	by, err := a.owner(ctx, c)
	if err != nil {
		return nil, err
	}
	plans, total, err := models.Plans.Numbered(ctx, a.DB, by, q, n, size, list.Unknown)
	if err != nil {
		return nil, err
	}
	reply := &instancesReply{Page: n, PageSize: size, Total: total}
	d := &reply.Data
	d.HostID, d.PageNum, d.PageSize, d.TotalCount = "cn", strconv.Itoa(n), strconv.Itoa(size), strconv.FormatInt(total, 10)
	d.Instances.Instance = make([]instance, len(plans))
	for i, p := range plans {
		d.Instances.Instance[i] = newInstance(p, a.DB.TeamNow(by))
	}
	return reply, nil
}

func newInstance(p models.Plan, now time.Time) instance {
	out := instance{
		InstanceID: p.ID, PackageType: p.PackageType, Remark: p.Type.EN, Status: "Available", Region: p.Region, CommodityCode: p.ProductCode,
		DeductType: p.Type.DeductType, EffectiveTime: bssTime(p.EffectiveAt), ExpiryTime: bssTime(p.EndsAt),
	}
	if p.State(now) == models.PlanExpired {
		out.Status = "Expired"
	}
	out.TotalAmount, out.TotalAmountUnit = planAmount(p.Total())
	out.RemainingAmount, out.RemainingAmountUnit = planAmount(p.Remaining())
	out.ApplicableProducts.Product = p.Type.AppliesTo
	return out
}

// planAmount is a number of bytes with three decimals, cut and not rounded, so
// that never more is shown than there is: 40.000 GB, and from a terabyte on
// 10.000 TB.
func planAmount(bytes int64) (number, unit string) {
	const gb = 1 << 30
	size := int64(gb)
	if unit = "GB"; bytes >= 1024*gb {
		size, unit = 1024*gb, "TB"
	}
	return fmt.Sprintf("%d.%03d", bytes/size, bytes%size/(size/1024)*1000/1024), unit
}
