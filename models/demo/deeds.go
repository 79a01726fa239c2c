package demo

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// From where people and scripts order.
var origins = []struct {
	face           models.Face
	address, agent string
}{
	{models.ByForm, "192.0.2.17", "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0"},
	{models.ByForm, "192.0.2.44", "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) Safari/619"},
	{models.ByAPI, "198.51.100.8", "AlibabaCloud (linux; amd64) Golang/1.26.0 Core/1.63.107"},
	{models.ByForm, "192.0.2.90", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/143.0"},
	{models.ByAPI, "198.51.100.23", "huaweicloud-usdk-go/3.0"},
	{models.ByForm, "2001:db8::17", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/619"},
	{models.ByForm, "192.0.2.17", "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0"},
}

var notes = []string{"", "季度扩容", "", "Backups of the order database", "大促准备 Peak season", "", "合同扫描件归档", "For the café project, naïve estimate",
	"", "测试环境", "Move from the old data centre", "", "数据平台日常用量"}

var centres = []string{ccData, ccData, ccShop, "", ccLaw}

const dayLong = 24 * time.Hour

// pattern is what happens again and again, each time with other words.
var pattern = []deed{
	{orders: 1, share: 10, happens: traffic},
	{orders: 1, share: 9, happens: aBucket},
	{orders: 1, share: 10, happens: traffic},
	{orders: 3, share: 5, happens: release},
	{orders: 1, share: 0.3, since: 30 * dayLong, happens: waits},
	{orders: 1, share: 9, happens: aBucket},
	{orders: 1, share: 1, store: true, happens: stateOf("NORMAL")},
	{orders: 1, share: 4, happens: approved},
	{orders: 1, share: 1, happens: rejected},
	{orders: 2, share: 0.5, happens: tooLate},
	{orders: 1, share: 10, happens: traffic},
	{orders: 1, share: 2, happens: deleted},
	{orders: 1, share: 4, since: 100 * dayLong, happens: ahead},
	{orders: 1, share: 3, since: 150 * dayLong, happens: usedUp},
	{orders: 1, share: 9, happens: aBucket},
	{orders: 1, share: 0.5, happens: storage},
	{orders: 1, share: 3, happens: together},
	{orders: 1, share: 10, happens: traffic},
	{orders: 1, share: 0.1, store: true, happens: stateOf("FROZEN")},
	{orders: 1, share: 9, happens: aBucket},
	{orders: 1, share: 0.1, store: true, happens: storeFails},
	{orders: 1, share: 10, happens: traffic},
	{orders: 4, share: 5, happens: release},
	{orders: 1, share: 9, happens: aBucket},
	{orders: 1, share: 0.1, store: true, happens: stateOf("DISK_FULL")},
	{orders: 1, share: 10, happens: traffic},
	{orders: 1, share: 0.1, store: true, happens: stateOf("ABNORMAL")},
	{orders: 1, share: 9, happens: aBucket},
	{orders: 1, share: 0.1, store: true, happens: stateOf("DELETE_FAILED")},
	{orders: 1, share: 10, happens: traffic},
	{orders: 1, happens: stateOf("DROPPING")}, // passing, so it has no copies
	{orders: 1, happens: stateOf("CREATING")},
}

// order orders things together.
func (d *deeds) order(ctx context.Context, lines ...models.LineInput) (*models.Order, error) {
	quote, err := d.db.PlaceOrder(ctx, d.who, models.OrderInput{Lines: lines, CostCentre: d.centre, Note: d.note})
	return quote.Order, err
}

// held orders things that wait for approval, by form: a script would be told.
func (d *deeds) held(ctx context.Context, lines ...models.LineInput) (*models.Order, error) {
	d.who.Face = models.ByForm
	if d.who.UserID == d.approver.UserID {
		d.who.UserID, d.who.UserName = d.people[requester].UserID, d.people[requester].UserName
	}
	return d.order(context.WithValue(ctx, holding{}, true), lines...)
}

// decide lets the approver decide in the afternoon.
func (d *deeds) decide(ctx context.Context, o *models.Order, approve bool, reason string) error {
	d.clock.behind.Add(-int64(3 * time.Hour))
	_, err := d.db.DecideOrder(ctx, d.approver, o.Number, o.Version, approve, reason)
	return err
}

// plan is one of the plans for traffic and archives, which no measurement draws
// down.
func (d *deeds) plan() *models.PlanInput {
	all := []*models.PlanInput{
		plan(outbound, "50", "1", pricing.Monthly), plan(outbound, "500", "6", pricing.Monthly), plan(cdn, "100", "6", pricing.Monthly),
		plan(outbound, "2048", "12", pricing.Monthly), plan(cdn, "1024", "12", pricing.Monthly), plan(archived, "100", "12", pricing.Monthly),
		plan(outbound, "50", "6", pricing.Monthly), plan(archived, "1024", "3", pricing.Yearly), plan(origin, "1024", "6", pricing.Monthly),
		plan(cdn, "10240", "6", pricing.Monthly), plan(outbound, "500", "1", pricing.Monthly), plan(archived, "100", "1", pricing.Monthly),
	}
	return all[d.n%len(all)]
}

// bucket is a bucket whose name has the mark.
func (d *deeds) bucket(part string) *models.BucketInput {
	what := []struct{ word, description, tags string }{
		{"logs", "访问日志 Access logs", "logs, 运维"}, {"backups", "Nightly database dumps", "backup"}, {"invoices", "发票扫描件", "finance, 归档"},
		{"thumbnails", "Pictures of the shop", "shop"}, {"telemetry", "设备遥测原始数据", "iot"}, {"datasets", "标注数据与训练集", "ml, 训练"}, {"exports", "", ""},
	}[d.n%7]
	region := []string{"cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-shenzhen", "cn-hangzhou"}[d.n%5]
	return bucket(what.word+part+"-"+d.mark, region, what.description, what.tags, []int64{0, 100, 500, 0, 20}[d.n%5])
}

func traffic(ctx context.Context, d *deeds) error {
	_, err := d.order(ctx, d.plan())
	return err
}

func aBucket(ctx context.Context, d *deeds) error {
	_, err := d.order(ctx, d.bucket(""))
	return err
}

func storage(ctx context.Context, d *deeds) error {
	t := []string{shanghai, beijing, hangzhou, shenzhen}[d.n%4]
	if _, err := d.order(ctx, plan(t, "40", "1", pricing.Monthly)); err != nil {
		return err
	}
	return d.work(ctx)
}

// together is an order of several lines.
func together(ctx context.Context, d *deeds) error {
	_, err := d.order(ctx, d.bucket("-raw"), d.bucket("-clean"), d.plan())
	return err
}

// release makes an application, and versions of it in every state in which they
// stay.
func release(ctx context.Context, d *deeds) error {
	name := []string{"结算服务 checkout", "portal-web", "报表中心", "search-indexer", "iot-gateway"}[d.n%5] + " " + d.mark
	app, err := d.db.CreateApp(ctx, d.who, models.AppInput{Name: name, Region: []string{"cn-hangzhou", "cn-shanghai", "cn-beijing"}[d.n%3],
		Category: []string{"Java", "Tomcat", "Go", ""}[d.n%4], Description: "Released by the pipeline 发布流水线"})
	if err != nil {
		return err
	}
	sources := []string{d.files[d.teamOf()] + "good.jar", "oss://partner-deliveries/" + d.mark + "/app.war", d.files[d.teamOf()] + "broken.zip", d.files[d.teamOf()] + "good.jar"}
	for i, source := range sources[:d.orders] {
		if _, err := d.order(ctx, &models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprintf("1.%d.0", i), Description: "构建 build", Source: source}); err != nil {
			return err
		}
	}
	return d.work(ctx)
}

// teamOf is the place of the team.
func (d *deeds) teamOf() int {
	for i, team := range d.teams {
		if team[0].TeamID == d.who.TeamID {
			return i
		}
	}
	return 0
}

func waits(ctx context.Context, d *deeds) error {
	_, err := d.held(ctx, d.plan(), d.bucket(""))
	return err
}

func approved(ctx context.Context, d *deeds) error {
	o, err := d.held(ctx, d.plan())
	if err != nil {
		return err
	}
	return d.decide(ctx, o, true, "")
}

func rejected(ctx context.Context, d *deeds) error {
	o, err := d.held(ctx, d.plan(), d.bucket(""))
	if err != nil {
		return err
	}
	return d.decide(ctx, o, false, "预算已用完 The budget is spent")
}

// tooLate is approved when its name has been taken.
func tooLate(ctx context.Context, d *deeds) error {
	o, err := d.held(ctx, d.bucket(""))
	if err != nil {
		return err
	}
	if _, err := d.order(ctx, d.bucket("")); err != nil {
		return err
	}
	return d.decide(ctx, o, true, "")
}

func deleted(ctx context.Context, d *deeds) error {
	o, err := d.order(ctx, d.bucket(""))
	if err != nil {
		return err
	}
	return d.db.DeleteBucket(ctx, d.who, o.Lines[0].ResourceID)
}

// ahead is a plan that has not begun.
func ahead(ctx context.Context, d *deeds) error {
	in := d.plan()
	in.EffectiveDate = d.clock.Now().UTC().AddDate(0, 0, 150).Format("2006-01-02T15:04:05Z")
	_, err := d.order(ctx, in)
	return err
}

func usedUp(ctx context.Context, d *deeds) error {
	o, err := d.order(ctx, plan(outbound, "50", "6", pricing.Monthly))
	if err != nil {
		return err
	}
	return d.db.SetSampleState(ctx, d.admin, models.KindPlan, o.Lines[0].ResourceID, "EXHAUSTED")
}

// store is a store whose name has the mark.
func (d *deeds) store() *models.StoreInput {
	region := []string{"cn-north-4", "cn-north-7", "cn-east-3"}[d.n%3]
	return aStore([]string{"kb-legal-", "kb-support-", "wiki-"}[d.n%3]+d.mark, region, []string{"xlarge", "2xlarge"}[d.n%2], 1, "a", "知识库 Knowledge")
}

// stateOf makes a store in a state.
func stateOf(state string) func(context.Context, *deeds) error {
	return func(ctx context.Context, d *deeds) error {
		o, err := d.order(ctx, d.store())
		if err != nil {
			return err
		}
		if state != "CREATING" {
			if err := d.work(ctx); err != nil || state == "NORMAL" {
				return err
			}
		}
		return d.db.SetSampleState(ctx, d.admin, models.KindStore, o.Lines[0].ResourceID, state)
	}
}

func storeFails(ctx context.Context, d *deeds) error {
	o, err := d.order(ctx, d.store())
	if err != nil {
		return err
	}
	return d.failing(ctx, o.Lines[0].ResourceID)
}
