package api

import (
	"context"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// createdStore is the data of a new store.
type createdStore struct {
	ID          string     `json:"id"`
	JobID       string     `json:"job_id"`
	StoreName   string     `json:"store_name"`
	Status      string     `json:"status"`
	Region      string     `json:"region"`
	Zones       []string   `json:"availability_zones"`
	Flavor      flavor     `json:"flavor"`
	ChargeInfo  chargeInfo `json:"charge_info"`
	Description *string    `json:"description"`
}

func createStore() Operation {
	return Operation{
		Name: "CreateStore", Product: LMS(), Method: "POST", Path: "/v1/stores/create", Writes: true, Run: (*Server).CreateStore,
		Makes: models.KindStore, Input: &models.StoreInput{},
		Params: []Param{
			{Name: "store_name", Field: "store_name"}, {Name: "region", Field: "region"},
			{Name: "availability_zones", Field: "availability_zones", Type: List, Required: true},
			{Name: "flavor", Type: Object, Required: true},
			{Name: "flavor.cu", Field: "cu"}, {Name: "flavor.num", Field: "num", Type: Number, Required: true},
			{Name: "charge_info", Type: Object, Rules: "omitempty"},
			{Name: "charge_info.charge_mode", Field: "charge_mode", Default: pricing.PostPaid},
			{Name: "charge_info.period_type", Field: "period_type", Rules: "oneof=month year"},
			{Name: "charge_info.period_num", Field: "period_num", Type: Number, Rules: "min=1,max=9"},
			{Name: "charge_info.is_auto_renew", Field: "auto_renew", Type: Truth, Default: false},
			{Name: "charge_info.is_auto_pay", Field: "auto_pay", Type: Truth, Default: false},
			{Name: "description", Field: "description"}, lmsToken,
		},
		Errors: []*Error{storeInvalid, storeExists},
		Note: "The store is NORMAL when its job is Completed. An order that has to be approved is answered with APIGW.0302 and its address or, " +
			"where the team chose so, with a store that stays CREATING until then.",
	}
}

// CreateStore orders a store, which a job builds. A repeat with the same
// client_token is answered with the first store.
func (a *Server) CreateStore(ctx context.Context, c *Call) (any, error) {
	body := readBody(c.Body)
	in := storeInput(body)
	token := orderToken(c, body)
	if err := body.wrong.err(); err != nil {
		return nil, err
	}
	s, job, err := a.orderStore(ctx, c, in, token)
	if err != nil {
		return nil, err
	}
	return done("Request success, store is creating", createdStore{
		ID: s.ID, JobID: job, StoreName: s.Name, Status: string(models.StoreCreating), Region: s.Region, Zones: s.Zones,
		Flavor: flavor{s.CU, s.Num}, ChargeInfo: newChargeInfo(*s), Description: s.Description,
	}), nil
}

// storeInput reads what a caller says about a new store.
func storeInput(body object) *models.StoreInput {
	in := &models.StoreInput{Name: body.required("store_name"), Region: body.required("region"), Zones: body.texts("availability_zones"),
		ChargeMode: pricing.PostPaid}
	body.need(len(in.Zones) > 0)
	flavor, _ := body.object("flavor")
	in.CU = flavor.required("cu")
	var ok bool
	in.Num, ok = flavor.number("num")
	flavor.need(ok)
	if description, ok := body.text("description"); ok {
		in.Description = &description
	}
	charge, _ := body.object("charge_info")
	if mode, ok := charge.text("charge_mode"); ok {
		in.ChargeMode = pricing.ChargeMode(mode)
		charge.wrong.value = charge.wrong.value || mode == ""
	}
	unit, _ := charge.text("period_type")
	length, given := charge.number("period_num")
	in.PeriodType, in.PeriodNum = pricing.Unit(unit), int(length)
	in.AutoRenew, in.AutoPay = charge.yes("is_auto_renew"), charge.yes("is_auto_pay")
	charge.need(in.ChargeMode != pricing.PrePaid || unit != "" && given)
	return in
}

// mostToken is the most bytes of a client_token.
const mostToken = 64

// orderToken reads the client_token, which makes an order safe to repeat.
func orderToken(c *Call, body object) string {
	token, _ := body.text("client_token")
	body.wrong.value = body.wrong.value || len(token) > mostToken
	return clientToken(c.Operation, token)
}

// orderStore orders a new store or a new size of one, and finds the store and
// the job that the order promised.
func (a *Server) orderStore(ctx context.Context, c *Call, in models.LineInput, token string) (*models.Store, string, error) {
	quote, err := a.DB.PlaceOrder(ctx, c.By, models.OrderInput{Lines: []models.LineInput{in}, Token: token})
	if err != nil {
		return nil, "", err
	}
	job, err := a.DB.FindStoreOrderJob(ctx, c.By, quote.Order)
	if err != nil {
		return nil, "", err
	}
	s, err := a.DB.FindStore(ctx, c.By, job.SubjectID)
	if err != nil {
		return nil, "", err
	}
	return s, job.ID, nil
}
