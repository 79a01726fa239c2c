// Package handlers has the pages: one method a route, which reads the input,
// calls one method of models and chooses the answer.
package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/gin-gonic/gin"

	"quartermaster/handlers/api"
	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/static"
	"quartermaster/views"
	"quartermaster/views/layout"
	"quartermaster/web"
)

// Config is what the routes are made of.
type Config struct {
	web.Site
	// UploadLimit is the most bytes of one upload.
	UploadLimit int64
	// Pages adds the pages of kinds that come from elsewhere, for those who work
	// in a team; nil when there are none.
	Pages func(member gin.IRoutes)
	// Region and Rate are those of api.Config, and Operations too, whose default
	// are those that are documented. ObjectRate is the Rate of the object API, and
	// ObjectDomain its Domain.
	Region       string
	Rate         float64
	Operations   api.Table
	ObjectRate   float64
	ObjectDomain string
}

// Routes is the whole route table of both faces. Whether a request is for the
// pages or for an API is decided first.
func Routes(cfg Config) (http.Handler, error) {
	if cfg.Operations == nil {
		cfg.Operations = api.Documented()
	}
	pages, err := pageRoutes(cfg)
	if err != nil {
		return nil, err
	}
	calls, err := apiRoutes(cfg)
	if err != nil {
		return nil, err
	}
	isObjectCall, objects, err := objectRoutes(cfg)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isObjectCall(r): // first, because a bucket may be called like any path
			objects.ServeHTTP(w, r)
		case api.IsCall(r):
			calls.ServeHTTP(w, r)
		default:
			pages.ServeHTTP(w, r)
		}
	}), nil
}

// objectRoutes is the object API, with what tells a request to it. Its paths are
// names of buckets and files, which no router may read.
func objectRoutes(cfg Config) (is func(*http.Request) bool, h http.Handler, err error) {
	s := api.New(api.Config{DB: cfg.DB, Operations: cfg.Operations, Region: cfg.Region, Rate: cfg.ObjectRate, Domain: cfg.ObjectDomain, UploadLimit: cfg.UploadLimit})
	r, err := web.NewObjects(&cfg.Site, s.ObjectRequestID, s.FailObject)
	if err != nil {
		return nil, nil, err
	}
	r.NoRoute(s.Objects)
	return s.IsObjectCall, r, nil
}

// apiRoutes are the vendors' APIs. Whoever calls them signs each request; no
// cookie is read.
func apiRoutes(cfg Config) (http.Handler, error) {
	s := api.New(api.Config{DB: cfg.DB, Operations: cfg.Operations, Region: cfg.Region, Rate: cfg.Rate})
	r, err := web.NewAPI(&cfg.Site, s.RequestID, s.Fail)
	if err != nil {
		return nil, err
	}
	r.NoRoute(s.None)
	s.Routes(r)
	return r, nil
}

// refusals records the changes that members ask for without the right to them.
func refusals(db *models.DB) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		ctx := c.Request.Context()
		if c.Request.Method != http.MethodPost || c.Writer.Status() != http.StatusForbidden {
			return
		}
		order, _ := strconv.ParseInt(c.Param("number"), 10, 64) // 0 for none
		if err := db.RecordRefused(ctx, models.ActorFrom(ctx), "POST "+c.FullPath(), order); err != nil {
			web.Refused(c, err)
		}
	}
}

// pageRoutes are the pages. Each route has its guard on the same line: guest
// for visitors who are not signed in, user for those who are, member for
// members of a team. Routes that are requested again and again are Quiet or
// Polled. A form that places an order has routes of its own.
func pageRoutes(cfg Config) (http.Handler, error) {
	cfg.Calls = api.Roots
	r, err := web.New(&cfg.Site)
	if err != nil {
		return nil, err
	}
	health := Health{DB: cfg.DB}
	r.GET("/static/*file", web.Quiet, gin.WrapH(static.Handler()))
	r.GET("/healthz", web.Quiet, health.Live)
	r.GET("/readyz", web.Quiet, health.Ready)

	pages := r.Group("/", web.Authenticate)
	guest := pages.Group("/", web.Guest)
	user := pages.Group("/", web.User, refusals(cfg.DB))
	member := pages.Group("/", web.Member, refusals(cfg.DB))

	setup := Setup{DB: cfg.DB}
	guest.GET("/setup", web.Page(setup.New))
	guest.POST("/setup", web.Page(setup.Create))
	guest.POST("/setup/preview", web.Page(noted(rules[models.SetupInput], setup.form)))

	sessions := Sessions{DB: cfg.DB}
	guest.GET("/sign-in", web.Page(sessions.New))
	guest.POST("/sign-in", web.Page(sessions.Create))
	pages.POST("/sign-out", web.Page(sessions.Delete))
	pages.GET("/join", web.Page(sessions.Join))
	pages.POST("/join", web.Anybody, web.Page(sessions.Accept))
	guest.POST("/join/preview", web.Page(noted(sessions.check, sessions.form)))

	dashboard := Dashboard{DB: cfg.DB}
	member.GET("/", web.Page(dashboard.Show))
	member.GET("/expiring", web.Page(dashboard.Expiring))
	member.GET("/dashboard/running", web.Polled, web.Page(dashboard.Running))
	member.GET("/search", web.Page(dashboard.Search))
	if cfg.Demo {
		member.GET("/gallery", web.Page(dashboard.Gallery))
	}

	table := code.NewTable(cfg.Operations)
	orders := Orders{DB: cfg.DB, API: table}
	List[models.Order]{DB: cfg.DB, View: views.Orders, Choices: ofOrders, Sum: ordersSum}.route(member)
	member.GET("/orders/:number", web.Polled, web.Page(orders.Show))
	member.GET("/orders/:number/print", web.Page(orders.Print))
	member.GET("/orders/:number/code", web.Page(orders.Code))
	member.POST("/orders/:number/retry", web.Page(orders.Retry))
	member.POST("/orders/:number/po-number", web.Page(orders.PONumber))
	member.POST("/orders/:number/attachments", web.Upload(attachRoom+web.FormRoom), web.Page(orders.Attach))
	member.GET("/orders/:number/attachments/:id", web.Page(orders.Attachment))
	member.POST("/orders/:number/attachments/:id/removal", web.Page(orders.Detach))
	member.POST("/orders/:number/decision", web.Page(orders.Decide))
	member.POST("/orders/:number/cancellation", web.Page(orders.Cancel))

	List[models.Approval]{DB: cfg.DB, View: views.Approvals}.route(member)

	member.POST("/orders/:number/comments", web.Page(orders.Comment))
	member.POST("/orders/:number/watch", web.Page(orders.Watch))

	notices := Notices{DB: cfg.DB}
	List[models.Notice]{DB: cfg.DB, View: views.Notices}.route(member)
	member.GET(layout.BellPath, web.Polled, web.Page(notices.Bell))
	member.POST("/notices/read", web.Page(notices.Read))

	bulks := Bulks{DB: cfg.DB}
	member.GET("/bulks/:id", web.Page(bulks.Show))
	member.POST("/bulks/:id/retry", web.Page(bulks.Retry))
	member.POST("/bulks/:id/cancellation", web.Page(bulks.Cancel))

	budgets := Budgets{DB: cfg.DB}
	member.GET("/team/budgets", web.Page(budgets.List))
	member.POST("/team/budgets", web.Page(budgets.Save))
	member.POST("/team/budgets/:id", web.Page(budgets.Save))
	member.POST("/team/budgets/:id/removal", web.Page(budgets.Delete))
	List[models.BudgetEntry]{DB: cfg.DB, View: views.BudgetEntries}.route(member)

	approvalRules := Rules{DB: cfg.DB}
	member.GET("/team/rules", web.Page(approvalRules.List))
	member.POST("/team/rules", web.Page(approvalRules.Save))
	member.GET("/team/rules/new", web.Page(approvalRules.Edit))
	member.POST("/team/rules/preview", web.Page(approvalRules.Preview))
	member.GET("/team/rules/:at", web.Page(approvalRules.Edit))
	member.POST("/team/rules/:at", web.Page(approvalRules.Save))
	member.POST("/team/rules/:at/preview", web.Page(approvalRules.Preview))
	member.POST("/team/rules/:at/place", web.Page(approvalRules.Move))
	member.POST("/team/rules/:at/removal", web.Page(approvalRules.Delete))

	tags := Tags{DB: cfg.DB}
	member.GET("/tags/known", web.Polled, web.Page(tags.Known))
	member.GET("/tags/:kind/:id", web.Page(tags.Edit))
	member.POST("/tags/:kind/:id", web.Page(tags.Save))
	member.GET("/team/tags", web.Page(tags.List))
	member.GET("/team/tags/change", web.Page(tags.Change))
	member.POST("/team/tags/change", web.Page(tags.Rename))
	member.POST("/team/tags/removal", web.Page(tags.Remove))

	drafts := Drafts{DB: cfg.DB}
	List[models.Draft]{DB: cfg.DB, View: views.Drafts}.route(member)
	member.POST("/drafts/:token/removal", web.Page(drafts.Delete))

	activity(cfg.DB).route(member)

	catalogue := Catalogue{DB: cfg.DB}
	List[models.Offer]{DB: cfg.DB, View: views.Offers, Choices: regions("")}.route(member)
	List[models.PriceLine]{DB: cfg.DB, View: views.Prices, Choices: regions("")}.route(member)
	member.GET("/catalogue/prices/new", web.Page(catalogue.NewPrice))
	member.POST("/catalogue/prices/new", web.Page(catalogue.AddPrice))
	Import[models.PriceInput, models.PriceLine]{DB: cfg.DB, Import: models.PriceImport, View: views.PriceImport}.route(member)
	member.GET("/catalogue/prices/:id", web.Page(catalogue.Price))
	member.POST("/catalogue/prices/:id", web.Page(catalogue.AddPrice))
	member.POST("/catalogue/prices/:id/withdrawal", web.Page(catalogue.WithdrawPrice))
	sale := Sale{DB: cfg.DB}
	List[models.Thing]{DB: cfg.DB, View: views.Things}.route(member)
	Import[models.ThingRow, models.Thing]{DB: cfg.DB, Import: models.ThingImport, View: views.ThingImport}.route(member)
	member.GET("/catalogue/sale/:sort", web.Page(sale.Show))
	member.POST("/catalogue/sale/:sort", web.Page(sale.Save))
	member.GET("/catalogue/sale/:sort/:id", web.Page(sale.Show))
	member.POST("/catalogue/sale/:sort/:id", web.Page(sale.Save))
	member.POST("/catalogue/sale-state/:sort/:id", web.Page(sale.State))

	docs := APIDocs{DB: cfg.DB, Operations: cfg.Operations, ObjectDomain: cfg.ObjectDomain, Described: sync.OnceValue(cfg.Operations.OpenAPI)}
	member.GET("/api", web.Page(docs.Guide))
	member.GET("/api/conformance", web.Page(api.Conformance))
	member.GET("/api/openapi.json", web.Page(docs.OpenAPI))
	member.GET("/api/:operation", web.Page(docs.Operation))
	member.GET("/api/signing", web.Page(docs.Signing))
	member.GET("/api/checker", web.Page(docs.Checker))
	member.POST("/api/checker", web.Page(docs.Check))

	settings := TeamSettings{DB: cfg.DB}
	member.GET("/team/settings", web.Page(settings.Edit))
	member.POST("/team/settings", web.Page(settings.Update))
	member.POST("/team/settings/preview", web.Page(noted(rules[models.SettingsInput], settings.form)))

	letterhead := Letterhead{DB: cfg.DB}
	member.GET("/team/letterhead", web.Page(letterhead.Edit))
	member.POST("/team/letterhead", web.Upload(logoUpload), web.Page(letterhead.Update))
	member.POST("/team/letterhead/preview", web.Page(noted(rules[models.LetterheadInput], letterhead.form)))
	member.GET("/team/logo", web.Page(letterhead.Logo))

	buckets := Buckets{DB: cfg.DB, UploadLimit: cfg.UploadLimit, API: table}
	List[models.Bucket]{DB: cfg.DB, View: views.Buckets, Choices: regions(models.KindBucket)}.route(member)
	member.GET("/buckets/:id", web.Page(buckets.Show))
	buckets.objects(models.Bucket{}, "", false).files(member)
	member.GET("/buckets/:id/details", web.Page(buckets.Details))
	member.POST("/buckets/:id/removal", web.Page(buckets.Delete))
	buckets.form().route(member)

	files := Objects{Buckets: buckets}
	member.POST("/buckets/:id/objects", web.Upload(cfg.UploadLimit+web.FormRoom), web.Page(files.Create))
	member.GET("/buckets/:id/object", web.Page(files.Show))
	member.GET("/buckets/:id/code", web.Page(files.Code))
	member.GET("/buckets/:id/download", web.Page(files.Download))
	member.GET("/buckets/:id/objects/removal", web.Page(files.Confirm))
	member.POST("/buckets/:id/objects/removal", web.Page(files.Delete))

	uploads := Uploads{Buckets: buckets}
	member.GET("/buckets/:id/uploads", web.Page(uploads.List))
	member.POST("/buckets/:id/uploads", web.Page(uploads.Create))
	member.POST("/buckets/:id/uploads/removal", web.Page(uploads.DeleteAll))
	member.POST("/buckets/:id/uploads/:upload/parts", web.Upload(cfg.UploadLimit), web.Page(uploads.Put))
	member.POST("/buckets/:id/uploads/:upload/completion", web.Page(uploads.Complete))
	member.POST("/buckets/:id/uploads/:upload/removal", web.Page(uploads.Delete))

	account := Account{DB: cfg.DB}
	user.GET("/account", web.Page(account.Show))
	user.POST("/account/profile", web.Page(account.Update))
	user.POST("/account/profile/preview", web.Page(noted(rules[models.ProfileInput], account.profile)))
	user.POST("/account/password", web.Page(account.Password))
	user.POST("/account/password/preview", web.Page(noted(account.checkPassword, account.password)))
	user.POST("/account/team", web.Page(account.Team))
	member.POST("/account/deputy", web.Page(account.Deputy))
	member.POST("/account/reminders", web.Page(account.Reminders))
	user.POST("/account/sessions/:id/end", web.Page(account.EndSession))
	pages.POST("/account/language", web.Page(account.Language))
	pages.POST("/account/theme", web.Page(account.Theme))

	members := Members{DB: cfg.DB}
	members.list(nil).route(member)
	invitations := Invitations{DB: cfg.DB}
	invitations.list().route(member)
	member.POST("/team/invitations", web.Page(invitations.Create))
	member.POST("/team/invitations/preview", web.Page(noted(rules[models.InvitationInput], invitations.form)))
	member.POST("/team/invitations/:id/withdrawal", web.Page(invitations.Withdraw))
	member.GET("/team/members/:id", web.Page(members.Show))
	member.POST("/team/members/:id/role", web.Page(members.Role))
	member.POST("/team/members/:id/limits", web.Page(members.Limit))
	member.POST("/team/members/:id/deputy", web.Page(members.Deputy))
	member.POST("/team/members/:id/removal", web.Page(members.Delete))

	for _, at := range []struct {
		place views.AccessKeyPlace
		group *gin.RouterGroup
	}{{views.TeamKeys, member}, {views.SiteKeys, user}} {
		keys, path := AccessKeys{DB: cfg.DB, Place: at.place}, string(at.place)
		keys.keys().route(at.group)
		at.group.GET(path+"/new", web.Page(keys.New))
		at.group.POST(path, web.Page(keys.Create))
		at.group.POST(path+"/preview", web.Page(noted(rules[models.AccessKeyInput], keys.form)))
		at.group.GET(path+"/:id", web.Polled, web.Page(keys.Show))
		keys.calls().files(at.group)
		at.group.POST(path+"/:id/state", web.Page(keys.State))
		at.group.POST(path+"/:id/removal", web.Page(keys.Delete))
		at.group.POST(path+"/:id/tokens", web.Page(keys.Issue))
		at.group.POST(path+"/:id/tokens/:token/removal", web.Page(keys.Revoke))
	}

	siteActivity(cfg.DB).route(user)

	rates := Rates{DB: cfg.DB}
	user.GET("/site/rates", web.Page(rates.List))
	user.POST("/site/rates", web.Page(rates.Create))

	siteTeams := SiteTeams{DB: cfg.DB}
	siteTeams.list().route(user)
	user.POST("/site/teams", web.Page(siteTeams.Create))
	user.POST("/site/teams/preview", web.Page(noted(rules[models.TeamInput], siteTeams.form)))
	user.GET("/site/teams/:id", web.Page(siteTeams.Show))
	user.POST("/site/teams/:id", web.Page(siteTeams.Update))
	user.POST("/site/teams/:id/storage", web.Page(siteTeams.Storage))

	siteUsers := SiteUsers{DB: cfg.DB}
	siteUsers.list().route(user)
	user.POST("/site/users", web.Page(siteUsers.Create))
	user.POST("/site/users/preview", web.Page(noted(rules[newUser], siteUsers.form)))
	user.GET("/site/users/:id", web.Page(siteUsers.Show))
	user.POST("/site/users/:id/state", web.Page(siteUsers.State))
	user.POST("/site/users/:id/teams", web.Page(siteUsers.Add))
	user.POST("/site/users/:id/teams/:team/removal", web.Page(siteUsers.Remove))

	apps := Apps{DB: cfg.DB}
	apps.list().route(member)
	member.GET("/apps/new", web.Page(apps.New))
	member.POST("/apps/preview", web.Page(apps.New))
	member.POST("/apps", web.Page(apps.Create))
	member.GET("/apps/:id", web.Polled, web.Page(apps.Show))
	member.POST("/apps/:id/removal", web.Page(apps.Delete))

	versions := PkgVersions{DB: cfg.DB, UploadLimit: cfg.UploadLimit, API: table}
	versions.list().route(member, web.Polled)
	member.GET("/pkg-versions/:id", web.Page(versions.Show))
	member.GET("/pkg-versions/:id/status", web.Polled, web.Page(versions.Status))
	member.GET("/pkg-versions/:id/file", web.Page(versions.Download))
	member.POST("/pkg-versions/uploads", web.Page(versions.Begin))
	member.POST("/pkg-versions/:id/retry", web.Page(versions.Retry))
	member.POST("/pkg-versions/:id/removal", web.Page(versions.Delete))
	versions.form().route(member)

	plans := Plans{DB: cfg.DB, API: table}
	plans.list().route(member)
	member.GET("/plans/:id", web.Polled, web.Page(plans.Show))
	plans.deductions().files(member)
	member.POST("/plans/:id/removal", web.Page(plans.Delete))
	member.POST("/plans/:id/reminder", web.Page(plans.Remind))
	plans.form().route(member)
	plans.renewal().route(member)
	plans.renewals().route(member)
	plans.upgrade().route(member)

	stores := Stores{DB: cfg.DB, API: table}
	List[models.Store]{DB: cfg.DB, View: views.Stores, Choices: regions(models.KindStore)}.route(member, web.Polled)
	member.GET("/stores/:id", web.Page(stores.Show))
	member.GET("/stores/:id/status", web.Polled, web.Page(stores.Status))
	member.POST("/stores/:id/retry", web.Page(stores.Retry))
	member.POST("/stores/:id/removal", web.Page(stores.Delete))
	member.POST("/stores/:id/reminder", web.Page(stores.Remind))
	stores.form().route(member)
	stores.scale().route(member)

	if cfg.Pages != nil {
		cfg.Pages(member)
	}
	cfg.Carry(r)
	return web.Serve(r), nil
}

// Health tells a supervisor whether the program works.
type Health struct{ DB *models.DB }

// Live answers as long as the program runs.
func (h Health) Live(c *gin.Context) { c.String(http.StatusOK, "ok\n") }

// Ready answers 200 when the database answers, with what needs attention, and
// 503 with the reason while it does not or accepts no changes. On a full disk
// it stays 200, so that people can come and make room.
func (h Health) Ready(c *gin.Context) {
	disk := h.DB.Space()
	room := fmt.Sprintf("%d of %d MiB are free on the disk of the data folder", disk.Free>>20, disk.Total>>20)
	switch err := h.DB.Ready(c.Request.Context()); {
	case err == nil:
		said := "ready\n"
		switch {
		case disk.Full():
			said += "warning: the disk is full: " + room + "; uploads and whatever is new are refused\n"
		case disk.Low():
			said += "warning: " + room + "\n"
		}
		if n := h.DB.Withheld(); n > 0 {
			said += fmt.Sprintf("warning: the database does not know %d objects in the data folder; look at them with: quartermaster check\n", n)
		}
		c.String(http.StatusOK, "%s", said)
	case errors.Is(err, models.ErrMoved):
		c.String(http.StatusServiceUnavailable, "the database was moved away, replaced or taken over; nothing is written\n")
	case errors.Is(err, models.ErrDatabaseDamaged):
		c.String(http.StatusServiceUnavailable, "the database is damaged; keep it, and restore the newest backup\n")
	default:
		c.Header("Retry-After", "2")
		c.String(http.StatusServiceUnavailable, "database does not answer\n")
	}
}
