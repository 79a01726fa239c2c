package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Stores has the pages of knowledge stores.
type Stores struct {
	DB *models.DB
	// API has the operations that its form is written as.
	API code.Table
}

// List shows the team's stores.
func (h Stores) List(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	f := models.StoreFilter{Region: c.Query("region"), State: models.StoreState(c.Query("state")), Text: c.Query("q")}
	stores, cursor, err := h.DB.ListStores(ctx, by, f, listPage(c))
	if err != nil {
		return err
	}
	regions, err := h.DB.ListRegions(ctx, "store")
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.StoreList(views.StoreListProps{
		By: by, Stores: stores, Cursor: cursor, Regions: regions, Now: h.DB.TeamNow(by), Filter: f,
		URL: listURL(c, "q", "region", "state"), Here: c.Request.URL.RequestURI(),
	}))
}

// New shows the form for a new store. What the query gives is filled in
// already.
func (h Stores) New(c *gin.Context) error {
	if !models.ActorFrom(c.Request.Context()).May(models.Request) {
		return models.ErrForbidden
	}
	return h.Preview(c)
}

// Preview shows the form again after a change: what depends on the change is
// offered anew, and the summary follows.
func (h Stores) Preview(c *gin.Context) error { return h.preview(c, pasted{}) }

// Paste fills in the form from a request that was pasted.
func (h Stores) Paste(c *gin.Context) error {
	said, err := paste(c, h.API, code.CreateStore)
	if err != nil {
		return err
	}
	return h.preview(c, said)
}

func (h Stores) preview(c *gin.Context, said pasted) error {
	form, in, store, err := storeForm(c)
	if err != nil && !form.Reject(err) {
		return err
	}
	regions, err := h.DB.ListRegions(c.Request.Context(), "store")
	if err != nil {
		return err
	}
	refillStore(form, store, regions, c.Request.Method == http.MethodGet)
	p, err := h.form(c, form, in, store, regions)
	if err != nil {
		return err
	}
	p.Form.Errors = nil // nobody has pressed the button: the summary says what is wrong
	p.Code.Pasted = said.words(form)
	return web.Render(c, said.status(), views.StoreNew(p))
}

// Create orders a store, or shows the form again with what was wrong.
func (h Stores) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	form, in, store, err := storeForm(c)
	order, err := placeOrder(ctx, h.DB, in, err)
	if form.Reject(err) {
		return h.refused(c, form, in, store)
	}
	if err != nil {
		return err
	}
	return placed(c, order, "stores.created", "/stores/")
}

// refused shows a refused form again.
func (h Stores) refused(c *gin.Context, form ui.Form, in models.OrderInput, store *models.StoreInput) error {
	regions, err := h.DB.ListRegions(c.Request.Context(), "store")
	if err != nil {
		return err
	}
	p, err := h.form(c, form, in, store, regions)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusUnprocessableEntity, views.StoreNew(p))
}

// form is the form with the order as it stands.
func (h Stores) form(c *gin.Context, form ui.Form, in models.OrderInput, store *models.StoreInput, regions []models.Region) (views.StoreNewProps, error) {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	p := views.StoreNewProps{Form: form, Input: *store, Regions: regions}
	var err error
	var broken models.Invalid
	if p.Order, err = h.DB.PreviewOrder(ctx, by, in); err != nil && !errors.As(err, &broken) {
		return p, err
	}
	p.Refused = alsoInvalid(form.Errors, broken)
	p.Code = codePanel(ctx, form, formRequest(h.API, code.CreateStore, in))
	if p.Prices, err = h.DB.ListStorePrices(ctx, by, store.Region); err != nil {
		return p, err
	}
	if p.SoldPrepaid, err = h.DB.StoresPrepaid(ctx); err != nil {
		return p, err
	}
	p.Team, err = h.DB.FindTeam(ctx, by)
	return p, err
}

// alsoInvalid is what is wrong with the fields by either, each field once.
func alsoInvalid(a, b models.Invalid) models.Invalid {
	out := slices.Clone(a)
	for _, f := range b {
		if !slices.ContainsFunc(out, func(o models.FieldError) bool { return o.Field == f.Field }) {
			out = append(out, f)
		}
	}
	return out
}

// Check tells, when the name's field is left, whether the name is free.
func (h Stores) Check(c *gin.Context) error {
	ctx := c.Request.Context()
	if !models.ActorFrom(ctx).May(models.Request) {
		return models.ErrForbidden
	}
	var in struct {
		Name   string `form:"store_name"`
		Region string `form:"region"`
	}
	form, err := web.Decode(c, &in)
	if err != nil {
		return err
	}
	note := ""
	if in.Name != "" {
		err = h.DB.CheckStoreName(ctx, models.ActorFrom(ctx), in.Region, in.Name)
		note = i18n.T(ctx, "stores.name-free")
	}
	if err != nil && !form.Reject(err) {
		return err
	}
	return web.Render(c, http.StatusOK, ui.FieldNote(form, "store_name", note))
}

// Show is the page of one store.
func (h Stores) Show(c *gin.Context) error {
	store, err := h.DB.FindStore(c.Request.Context(), models.ActorFrom(c.Request.Context()), c.Param("id"))
	if err != nil {
		return err
	}
	p, err := h.page(c, store)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.StoreShow(p))
}

// Status is the part of a store's page that follows its job. When the store is
// gone it leads to the list.
func (h Stores) Status(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	store, err := h.DB.FindStore(ctx, by, c.Param("id"))
	if errors.Is(err, models.ErrNotFound) {
		jobs, listErr := h.DB.ListJobs(ctx, by, c.Param("id"))
		if listErr == nil && len(jobs) > 0 && jobs[0].Kind == models.DeleteStoreJob {
			web.Flash(c, "stores.deleted", "Name", jobs[0].SubjectName)
			return web.SeeOther(c, "/stores")
		}
	}
	if err != nil {
		return err
	}
	p, err := h.page(c, store)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.StoreStatus(p))
}

func (h Stores) page(c *gin.Context, store *models.Store) (views.StoreShowProps, error) {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	p := views.StoreShowProps{Store: *store, By: by, Now: h.DB.TeamNow(by), At: h.DB.Now()}
	var err error
	if p.Job, err = h.DB.FindJob(ctx, by, store.JobID); err != nil && !errors.Is(err, models.ErrNotFound) {
		return p, err
	}
	if p.Lines, err = h.DB.ListStoreLines(ctx, by, store.ID); err != nil {
		return p, err
	}
	if p.Regions, err = h.DB.ListRegions(ctx, "store"); err != nil {
		return p, err
	}
	if p.Team, err = h.DB.FindTeam(ctx, by); err != nil {
		return p, err
	}
	p.Events, _, err = h.DB.ListEvents(ctx, by, models.EventFilter{Subject: store.ID}, models.Page{Size: 20})
	return p, err
}

// Retry lets the job that failed on a store go on.
func (h Stores) Retry(c *gin.Context) error {
	ctx := c.Request.Context()
	store, err := h.DB.RetryStore(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	web.Flash(c, "stores.retried", "Name", store.Name)
	return web.SeeOther(c, "/stores/"+store.ID)
}

// EditScale shows the form for another size of a store.
func (h Stores) EditScale(c *gin.Context) error {
	if !models.ActorFrom(c.Request.Context()).May(models.Request) {
		return models.ErrForbidden
	}
	return h.PreviewScale(c)
}

// PreviewScale shows the form again after a change, with what the new size
// costs.
func (h Stores) PreviewScale(c *gin.Context) error {
	in, p, err := h.scaleForm(c)
	if err != nil && !p.Form.Reject(err) {
		return err
	}
	p.Form.Errors = nil // nobody has pressed the button: the summary says what is wrong
	return h.showScale(c, http.StatusOK, in, p)
}

// Scale orders another size of a store, or shows the form again with what was
// wrong.
func (h Stores) Scale(c *gin.Context) error {
	in, p, err := h.scaleForm(c)
	if p.Store.ID == "" {
		return err
	}
	order, err := placeOrder(c.Request.Context(), h.DB, in, err)
	if p.Form.Reject(err) {
		return h.showScale(c, http.StatusUnprocessableEntity, in, p)
	}
	if err != nil {
		return err
	}
	return placed(c, order, "stores.scaled", "/stores/")
}

// scaleForm reads the form for another size of the address's store. Where there
// is no such store, the properties have none.
func (h Stores) scaleForm(c *gin.Context) (models.OrderInput, views.StoreScaleProps, error) {
	ctx := c.Request.Context()
	store, err := h.DB.FindStore(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return models.OrderInput{}, views.StoreScaleProps{}, err
	}
	size := &models.StoreScaleInput{StoreID: store.ID}
	form, in, err := orderForm(c, size)
	if err == nil && c.Request.Method == http.MethodGet && form.Value("num") == "" {
		size.Num = store.Num
		form.Values.Set("num", strconv.FormatInt(store.Num, 10))
	}
	return in, views.StoreScaleProps{Form: form, Store: *store, Num: size.Num}, err
}

func (h Stores) showScale(c *gin.Context, status int, in models.OrderInput, p views.StoreScaleProps) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	var err error
	var broken models.Invalid
	if p.Order, err = h.DB.PreviewOrder(ctx, by, in); err != nil && !errors.As(err, &broken) {
		return err
	}
	p.Refused = alsoInvalid(p.Form.Errors, broken)
	if p.Team, err = h.DB.FindTeam(ctx, by); err != nil {
		return err
	}
	return web.Render(c, status, views.StoreScale(p))
}

// Delete begins to delete a store.
func (h Stores) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	store, err := h.DB.DeleteStore(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	web.Flash(c, "stores.dropped", "Name", store.Name)
	return web.SeeOther(c, "/stores/"+store.ID)
}

// storeForm reads the form. An empty description is none.
func storeForm(c *gin.Context) (ui.Form, models.OrderInput, *models.StoreInput, error) {
	store := &models.StoreInput{}
	form, in, err := orderForm(c, store)
	if form.Values == nil {
		form.Values = url.Values{}
	}
	if store.Description != nil && *store.Description == "" {
		store.Description = nil
	}
	return form, in, store, err
}

// refillStore gives the fields that a change of another has made meaningless,
// and, in a fresh form, those that nothing was said about, what the form begins
// with.
func refillStore(form ui.Form, in *models.StoreInput, regions []models.Region, fresh bool) {
	if in.Region == "" && len(regions) > 0 {
		in.Region = regions[0].ID
	}
	if i := slices.IndexFunc(regions, func(r models.Region) bool { return r.ID == in.Region }); i >= 0 {
		known := slices.DeleteFunc(slices.Clone(in.Zones), func(id string) bool { return !regions[i].HasZone(id) })
		if len(known) == 0 && (fresh || len(in.Zones) > 0) && len(regions[i].Zones) > 0 {
			known = []string{regions[i].Zones[0].ID}
		}
		in.Zones = known
	}
	if in.CU == "" {
		in.CU = "xlarge"
	}
	if form.Value("num") == "" && fresh {
		in.Num = 1
		form.Values.Set("num", "1")
	}
	if in.ChargeMode == "" {
		in.ChargeMode = pricing.PostPaid
	}
	if in.ChargeMode == pricing.PrePaid {
		refillPeriod(form, in)
	}
	form.Values["availability_zones"] = in.Zones
	for field, value := range map[string]string{"region": in.Region, "cu": in.CU, "charge_mode": string(in.ChargeMode)} {
		form.Values.Set(field, value)
	}
}

// refillPeriod gives a store that is paid in advance a period that is sold.
func refillPeriod(form ui.Form, in *models.StoreInput) {
	if models.StorePeriods(in.PeriodType) == nil {
		in.PeriodType = pricing.Month
	}
	if lengths := models.StorePeriods(in.PeriodType); !slices.Contains(lengths, in.PeriodNum) {
		in.PeriodNum = lengths[0]
	}
	form.Values.Set("period_type", string(in.PeriodType))
	form.Values.Set("period_num", strconv.Itoa(in.PeriodNum))
}
