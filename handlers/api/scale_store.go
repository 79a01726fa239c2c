package api

import (
	"context"
	"slices"

	"quartermaster/models"
)

// scaledStore is the data of a store whose size changes.
type scaledStore struct {
	ID        string `json:"id"`
	JobID     string `json:"job_id"`
	StoreName string `json:"store_name"`
	Status    string `json:"status"`
	CUNum     int64  `json:"cu_num"`
}

func scaleStore() Operation {
	return Operation{
		Name: "ScaleStore", Product: LMS(), Method: "POST", Path: "/v1/stores/scale", Writes: true, Run: (*Server).ScaleStore,
		Input: &models.StoreScaleInput{},
		Params: append(slices.Clone(namedStore),
			Param{Name: "cu_num", Field: "num", Type: Number, Required: true}, Param{Name: "action", Field: "action", Default: models.ScaleOut}, lmsToken),
		Errors: []*Error{storeInvalid, storeBadRequest, storeNotFound},
		Note: "Only a NORMAL store can be scaled. One that is charged by the hour costs the new rate; for one that is paid in advance, " +
			"further units are paid for the rest of the term.",
	}
}

// ScaleStore orders another number of units for a store, in all, which a job
// brings it to. A repeat with the same client_token is answered with the first
// order.
func (a *Server) ScaleStore(ctx context.Context, c *Call) (any, error) {
	body := readBody(c.Body)
	in := &models.StoreScaleInput{Action: models.ScaleOut}
	var ok bool
	in.Num, ok = body.number("cu_num")
	body.need(ok)
	if action, ok := body.text("action"); ok {
		in.Action = models.ScaleAction(action)
	}
	body.wrong.value = body.wrong.value || in.Action == "" || models.Check(in) != nil
	token := orderToken(c, body)
	s, err := a.store(ctx, c, body)
	if err != nil {
		return nil, err
	}
	in.StoreID = s.ID
	s, job, err := a.orderStore(ctx, c, in, token)
	if err != nil {
		return nil, err
	}
	data := scaledStore{ID: s.ID, JobID: job, StoreName: s.Name, Status: string(models.StoreScaling), CUNum: in.Num}
	if in.Action == models.ScaleIn {
		data.Status = string(models.StoreScalingIn)
	}
	return done("Request success, store is scaling", data), nil
}
