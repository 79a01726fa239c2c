package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/bssopenapi"
	"github.com/google/go-cmp/cmp"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
	"quartermaster/web/sign"
)

// given are the parameters of a call of BSS.
type given map[string]string

// with is the same with some changed; an empty value takes one away.
func (g given) with(changes given) given {
	out := maps.Clone(g)
	for name, value := range changes {
		if out[name] = value; value == "" {
			delete(out, name)
		}
	}
	return out
}

// bssAnswer is what a call of BSS came to, as its client read it. Code is
// "Success" or that of the refusal.
type bssAnswer struct {
	Code, Message string
	body          map[string]any
}

// field is a value of the answer as text, by a path as
// "Data.OrderList.Order.0.OrderId".
func (a bssAnswer) field(path string) string {
	v := storesAnswer{Data: any(a.body)}.field(path)
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// size is how many elements a list of the answer has.
func (a bssAnswer) size(path string) int {
	list, _ := storesAnswer{Data: any(a.body)}.field(path).([]any)
	return len(list)
}

// bssWay is one way to call BSS; client is its column in the matrix.
type bssWay struct {
	client string
	call   func(t testing.TB, d *desk, k key, operation string, in given) bssAnswer
}

// bssWays are the four shapes of a call. The vendor's own client sends the
// first, and takes an answer as JSON or as XML.
var bssWays = []bssWay{
	{"go-sdk json", func(t testing.TB, d *desk, k key, operation string, in given) bssAnswer {
		return bssBySDK(t, d, k, operation, in, "JSON")
	}},
	{"go-sdk xml", func(t testing.TB, d *desk, k key, operation string, in given) bssAnswer {
		return bssBySDK(t, d, k, operation, in, "XML")
	}},
	{"http rpc1 get", func(t testing.TB, d *desk, k key, operation string, in given) bssAnswer {
		return readBSS(t, d.send(t, bssRequest(d, operation, in, "JSON").SignRPC(k.ID, k.Secret, d.DB.Now(), nonce())))
	}},
	{"http rpc1 form", func(t testing.TB, d *desk, k key, operation string, in given) bssAnswer {
		r := bssRequest(d, operation, in, "JSON")
		r.Method = http.MethodPost
		return readBSS(t, d.send(t, asForm(r.SignRPC(k.ID, k.Secret, d.DB.Now(), nonce()))))
	}},
	{"http v3", func(t testing.TB, d *desk, k key, operation string, in given) bssAnswer {
		return readBSS(t, d.send(t, bssV3(d, operation, in).SignACS3(k.ID, k.Secret, d.DB.Now(), nonce())))
	}},
}

var (
	nonces sync.Mutex
	last   int
)

// nonce is one that no other call has.
func nonce() string {
	nonces.Lock()
	defer nonces.Unlock()
	last++
	return "nonce-" + strconv.Itoa(last)
}

func (g given) query() url.Values {
	q := url.Values{}
	for name, value := range g {
		q.Set(name, value)
	}
	return q
}

// bssRequest is a GET with everything in the query, not signed yet; without a
// format it asks for none.
func bssRequest(d *desk, operation string, in given, format string) sign.Request {
	q := in.query()
	q.Set("Action", operation)
	q.Set("Version", "2017-12-14")
	if format != "" {
		q.Set("Format", format)
	}
	return sign.Request{Method: http.MethodGet, Path: "/", Query: q.Encode(), Host: d.host(), Header: http.Header{}}
}

// bssV3 is the newer shape: the operation stands in headers.
func bssV3(d *desk, operation string, in given) sign.Request {
	return sign.Request{Method: http.MethodPost, Path: "/", Query: in.query().Encode(), Host: d.host(),
		Header: http.Header{"X-Acs-Action": {operation}, "X-Acs-Version": {"2017-12-14"}}}
}

// asForm moves everything from the query of a signed request into a form, which
// changes nothing of what was signed.
func asForm(r sign.Request) sign.Request {
	r.Body, r.Length, r.Query = []byte(r.Query), int64(len(r.Query)), ""
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func readBSS(t testing.TB, a answer) bssAnswer {
	t.Helper()
	out := bssAnswer{}
	digits := json.NewDecoder(strings.NewReader(a.Body))
	digits.UseNumber() // a team's id has more of them than a float64
	if err := digits.Decode(&out.body); err != nil {
		t.Fatalf("got %d %q, want JSON: %v", a.Status, a.Body, err)
	}
	out.Code, _ = out.body["Code"].(string)
	out.Message, _ = out.body["Message"].(string)
	if (a.Status == http.StatusOK) != (out.Code == "Success") || a.Header.Get("X-Acs-Request-Id") != out.body["RequestId"] {
		t.Errorf("got %d %s with the id %s in the header", a.Status, a.Body, a.Header.Get("X-Acs-Request-Id"))
	}
	return out
}

// bssBySDK calls through the vendor's own client, whose types of request and
// reply it fills and reads by name. What they have no field for goes into the
// query as it is. The client cannot read a refusal in XML.
func bssBySDK(t testing.TB, d *desk, k key, operation string, in given, format string) bssAnswer {
	t.Helper()
	client := reflect.ValueOf(d.bss(t, k))
	method := client.MethodByName(operation)
	create := bssRequests[operation]
	request := reflect.ValueOf(create())
	request.Elem().FieldByName("AcceptFormat").SetString(format)
	query := request.MethodByName("GetQueryParams").Call(nil)[0]
	for name, value := range in {
		if f := request.Elem().FieldByName(name); f.IsValid() {
			f.SetString(value)
		} else {
			query.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(value))
		}
	}
	got := method.Call([]reflect.Value{request})
	out := bssAnswer{}
	if err, _ := got[1].Interface().(error); err != nil {
		var refused sdkerrors.Error
		if !errors.As(err, &refused) {
			t.Fatalf("%s: %v", operation, err)
		}
		out.Code, out.Message = refused.ErrorCode(), refused.Message()
		return out
	}
	text, err := json.Marshal(got[0].Interface())
	if err == nil {
		err = json.Unmarshal(text, &out.body)
	}
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	out.Code, out.Message = fmt.Sprint(out.body["Code"]), fmt.Sprint(out.body["Message"])
	return out
}

// bssRequests make the vendor's types of requests.
var bssRequests = map[string]func() any{
	"CreateResourcePackage":          func() any { return bssopenapi.CreateCreateResourcePackageRequest() },
	"DescribeResourcePackageProduct": func() any { return bssopenapi.CreateDescribeResourcePackageProductRequest() },
	"GetResourcePackagePrice":        func() any { return bssopenapi.CreateGetResourcePackagePriceRequest() },
	"QueryResourcePackageInstances":  func() any { return bssopenapi.CreateQueryResourcePackageInstancesRequest() },
	"RenewResourcePackage":           func() any { return bssopenapi.CreateRenewResourcePackageRequest() },
	"UpgradeResourcePackage":         func() any { return bssopenapi.CreateUpgradeResourcePackageRequest() },
	"QueryProductList":               func() any { return bssopenapi.CreateQueryProductListRequest() },
	"QueryOrders":                    func() any { return bssopenapi.CreateQueryOrdersRequest() },
	"GetOrderDetail":                 func() any { return bssopenapi.CreateGetOrderDetailRequest() },
	"QueryDPUtilizationDetail":       func() any { return bssopenapi.CreateQueryDPUtilizationDetailRequest() },
}

// samplePackage is the page's own request, for an hour from now.
func samplePackage(d *desk) given {
	return given{"ProductCode": "ossbag", "PackageType": "FPT_ossbag_absolute_Storage_sh", "Specification": "40", "Duration": "6",
		"PricingCycle": "Month", "EffectiveDate": d.DB.Now().Add(time.Hour).Format("2006-01-02T15:04:05Z")}
}

// succeeds calls an operation that has to be done, and notes what it tried.
func (w bssWay) succeeds(t testing.TB, d *desk, operation string, in given) bssAnswer {
	t.Helper()
	a := w.call(t, d, d.Key, operation, in)
	if a.Code != "Success" || a.Message != "Successful!" {
		t.Fatalf("%s %v: got %s %s, want Success", operation, in, a.Code, a.Message)
	}
	covers(t, operation, "ok", w.client)
	for name := range in {
		covers(t, operation, "field "+name, w.client)
	}
	if w.client != "http v3" { // which has the version in a header, and asks for no format
		covers(t, "bss", "field Version", w.client)
		covers(t, "bss", "field Format", w.client)
	}
	return a
}

// refuses calls an operation that must not be done, and notes it.
func (w bssWay) refuses(t testing.TB, d *desk, k key, operation string, in given, want string) bssAnswer {
	t.Helper()
	a := w.call(t, d, k, operation, in)
	if w.client == "go-sdk xml" { // it cannot read a refusal in XML: its code stays empty
		if a.body != nil {
			t.Errorf("%s %v: done, want %s", operation, in, want)
		}
	} else if a.Code != want {
		t.Errorf("%s %v: got %s %s, want %s", operation, in, a.Code, a.Message, want)
	}
	covers(t, operation, "error "+want, w.client)
	return a
}

func eachBSS(t *testing.T, check func(t *testing.T, d *desk, w bssWay)) {
	t.Parallel()
	for _, w := range bssWays {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			check(t, open(t), w)
		})
	}
}

// expect holds fields of an answer.
func (a bssAnswer) expect(t testing.TB, operation string, want given) {
	t.Helper()
	for path, value := range want {
		if got := a.field(path); got != value {
			t.Errorf("%s: %s got %q, want %q", operation, path, got, value)
		}
	}
}

func TestPlanIsOrderedAsThePagePrintsIt(t *testing.T) {
	t.Parallel()
	d := open(t)
	line, _, _ := strings.Cut(string(readSample(t, "create_resource_package.request.http")), " HTTP/")
	_, query, ok := strings.Cut(line, "/?")
	if !ok {
		t.Fatalf("the page's request is %q", line)
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	q.Set("EffectiveDate", d.DB.Now().Add(time.Hour).Format("2006-01-02T15:04:05Z"))
	q.Set("Format", "JSON")
	r := sign.Request{Method: http.MethodPost, Path: "/", Query: q.Encode(), Host: d.host(), Header: http.Header{}}
	a := d.send(t, r.SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), nonce()))
	var want bytes.Buffer
	if err := json.Compact(&want, readSample(t, "create_resource_package.reply.json")); err != nil {
		t.Fatal(err)
	}
	plain := func(s string) string {
		s = regexp.MustCompile(`"OrderId":\d{15}\b`).ReplaceAllString(s, `"OrderId":N`)
		s = regexp.MustCompile(`"OSSBAG-cn-[a-z0-9*]{5,12}"`).ReplaceAllString(s, `"ID"`)
		return regexp.MustCompile(`[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}`).ReplaceAllString(s, "UUID")
	}
	if diff := cmp.Diff(plain(want.String()), plain(a.Body)); diff != "" || a.Status != http.StatusOK || a.Header.Get("Content-Type") != "application/json;charset=utf-8" {
		t.Errorf("got %d %s; the page's (-) and ours (+):\n%s", a.Status, a.Header.Get("Content-Type"), diff)
	}
}

func TestWithoutFormatTheOlderSchemeAnswersInXML(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := bssRequest(d, "CreateResourcePackage", samplePackage(d), "")
	r.Header.Set("Accept", "application/json, text/html") // counts only for the newer one
	a := d.send(t, r.SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), nonce()))
	shape := regexp.MustCompile(`^<\?xml version="1.0" encoding="UTF-8"\?><CreateResourcePackageResponse><Code>Success</Code><Message>Successful!</Message>` +
		`<RequestId>[0-9A-F-]{36}</RequestId><Success>true</Success><OrderId>(\d{15})</OrderId><Data><OrderId>(\d{15})</OrderId>` +
		`<InstanceId>OSSBAG-cn-[a-z0-9]{11}</InstanceId></Data></CreateResourcePackageResponse>$`)
	m := shape.FindStringSubmatch(a.Body)
	if m == nil || m[1] != m[2] || a.Header.Get("Content-Type") != "text/xml;charset=utf-8" {
		t.Errorf("got %s %s", a.Header.Get("Content-Type"), a.Body)
	}
	a = d.send(t, bssRequest(d, "QueryResourcePackageInstances", nil, "xml").SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), nonce()))
	for _, want := range []string{"<Instances><Instance><InstanceId>OSSBAG-cn-", "<ApplicableProducts><Product>oss</Product></ApplicableProducts>"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("got %s, want %s in it", a.Body, want)
		}
	}
	a = d.send(t, bssRequest(d, "GetOrderDetail", nil, "").SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), nonce()))
	if !strings.HasPrefix(a.Body, `<?xml version="1.0" encoding="UTF-8"?><Error><RequestId>`) || !strings.Contains(a.Body, "<Code>MissingParameter</Code>") || a.Status != http.StatusBadRequest {
		t.Errorf("refused: got %d %s", a.Status, a.Body)
	}
	covers(t, "CreateResourcePackage", "ok", "http rpc1 xml")
}

func TestPlanFromThePriceToTheBillByEveryClient(t *testing.T) {
	eachBSS(t, func(t *testing.T, d *desk, w bssWay) {
		list := w.succeeds(t, d, "QueryProductList", given{"PageNum": "1", "PageSize": "2", "QueryTotalCount": "true"})
		list.expect(t, "QueryProductList", given{"Data.TotalCount": "5", "Data.PageNum": "1", "Data.PageSize": "2", "Data.ProductList.Product.0.ProductCode": "ossbag",
			"Data.ProductList.Product.0.SubscriptionType": "Subscription", "Data.ProductList.Product.1.ProductCode": "cdnbag"})
		if n := w.succeeds(t, d, "QueryProductList", given{"PageNum": "3", "PageSize": "2"}).size("Data.ProductList.Product"); n != 1 {
			t.Errorf("the last page has %d products, want 1", n)
		}
		product := w.succeeds(t, d, "DescribeResourcePackageProduct", given{"ProductCode": "ossbag"})
		at := "Data.ResourcePackages.ResourcePackage.0."
		product.expect(t, "DescribeResourcePackageProduct", given{at + "ProductCode": "ossbag", at + "ProductType": "ossbag",
			at + "PackageTypes.PackageType.1.Code": "FPT_ossbag_absolute_Storage_sh", at + "PackageTypes.PackageType.1.Properties.Property.0.Name": "region",
			at + "PackageTypes.PackageType.1.Properties.Property.0.Value": "cn-shanghai", at + "PackageTypes.PackageType.1.Specifications.Specification.0.Value": "40",
			at + "PackageTypes.PackageType.1.Specifications.Specification.0.AvailableDurations.AvailableDuration.1.Value": "6",
			at + "PackageTypes.PackageType.1.Specifications.Specification.0.AvailableDurations.AvailableDuration.1.Name":  "6 Month",
			at + "PackageTypes.PackageType.1.Specifications.Specification.0.AvailableDurations.AvailableDuration.2.Unit":  "Year"})
		in := samplePackage(d).with(given{"OwnerId": d.Team.ID})
		price := given{"Data.OriginalPrice": "27", "Data.DiscountPrice": "4.5", "Data.TradePrice": "22.5", "Data.Currency": "CNY"}
		w.succeeds(t, d, "GetResourcePackagePrice", in.with(given{"OrderType": "BUY"})).expect(t, "price", price)

		made := w.succeeds(t, d, "CreateResourcePackage", in.with(given{"ClientToken": "once"}))
		id, number := made.field("Data.InstanceId"), made.field("OrderId")
		if !regexp.MustCompile(`^OSSBAG-cn-[a-z0-9]{9,12}$`).MatchString(id) || made.field("Data.OrderId") != number || len(number) != 15 {
			t.Fatalf("got order %s, plan %s", number, id)
		}
		again := w.succeeds(t, d, "CreateResourcePackage", in.with(given{"ClientToken": "once"}))
		if again.field("OrderId") != number || again.field("Data.InstanceId") != id {
			t.Errorf("a repeat made %v, want order %s", again.body, number)
		}
		again = w.succeeds(t, d, "CreateResourcePackage", in.with(given{"ClientToken": "once", "Specification": "040", "PricingCycle": "Month", "OwnerId": ""}))
		if again.field("OrderId") != number {
			t.Errorf("a repeat in other words made %v, want order %s", again.body, number)
		}
		w.refuses(t, d, d.Key, "CreateResourcePackage", in.with(given{"ClientToken": "once", "Specification": "100"}), "IdempotentParameterMismatch")
		starts, _ := time.Parse(time.RFC3339, in["EffectiveDate"])
		ends := func(months int) string { return pricing.End(starts, months).Format(time.RFC3339) }
		rows := w.succeeds(t, d, "QueryResourcePackageInstances", given{"ProductCode": "ossbag", "PageNum": "1", "PageSize": "300", "IncludePartner": "true", "OwnerId": d.Team.ID,
			"ExpiryTimeStart": ends(6), "ExpiryTimeEnd": ends(6)})
		at = "Data.Instances.Instance.0."
		rows.expect(t, "QueryResourcePackageInstances", given{"Page": "1", "PageSize": "300", "Total": "1", "Data.HostId": "cn", "Data.PageNum": "1", "Data.PageSize": "300", "Data.TotalCount": "1",
			at + "InstanceId": id, at + "PackageType": in["PackageType"], at + "Remark": "Standard (LRS) storage plan - China (Shanghai)", at + "Status": "Available", at + "Region": "cn-shanghai",
			at + "CommodityCode": "ossbag", at + "DeductType": "Absolute", at + "EffectiveTime": in["EffectiveDate"], at + "ExpiryTime": ends(6), at + "TotalAmount": "40.000", at + "TotalAmountUnit": "GB",
			at + "RemainingAmount": "40.000", at + "RemainingAmountUnit": "GB", at + "ApplicableProducts.Product.0": "oss"})

		w.succeeds(t, d, "GetResourcePackagePrice", in.with(given{"OrderType": "RENEW", "InstanceId": id, "PricingCycle": "", "EffectiveDate": ""})).expect(t, "price of a renewal", price)
		renewed := w.succeeds(t, d, "RenewResourcePackage", given{"InstanceId": id, "Duration": "6", "PricingCycle": "Month", "EffectiveDate": in["EffectiveDate"], "OwnerId": d.Team.ID, "ClientToken": "once"})
		larger := in.with(given{"Specification": "100", "OrderType": "UPGRADE", "InstanceId": id})
		upgradePrice := w.succeeds(t, d, "GetResourcePackagePrice", larger)
		upgraded := w.succeeds(t, d, "UpgradeResourcePackage", given{"InstanceId": id, "Specification": "100", "EffectiveDate": in["EffectiveDate"], "OwnerId": d.Team.ID, "ClientToken": "once"})
		w.refuses(t, d, d.Key, "RenewResourcePackage", given{"InstanceId": id, "Duration": "1", "PricingCycle": "Month", "OwnerId": d.Team.ID, "ClientToken": "once"}, "IdempotentParameterMismatch")
		w.refuses(t, d, d.Key, "UpgradeResourcePackage", given{"InstanceId": id, "Specification": "500", "OwnerId": d.Team.ID, "ClientToken": "once"}, "IdempotentParameterMismatch")
		if renewed.field("Data.InstanceId") != id || upgraded.field("Data.InstanceId") != id || renewed.field("OrderId") == number || upgraded.field("OrderId") == renewed.field("OrderId") {
			t.Errorf("got %v and %v, want the same plan in three orders", renewed.body, upgraded.body)
		}
		rows = w.succeeds(t, d, "QueryResourcePackageInstances", nil)
		rows.expect(t, "changed", given{"Total": "1", at + "TotalAmount": "100.000", at + "ExpiryTime": ends(12), at + "EffectiveTime": in["EffectiveDate"], "PageSize": "20"})

		minute := d.DB.Now().Add(-time.Minute).Format("2006-01-02T15:04:05Z")
		orders := w.succeeds(t, d, "QueryOrders", given{"ProductCode": "ossbag", "ProductType": "ossbag", "SubscriptionType": "Subscription", "PaymentStatus": "Paid", "PageNum": "1", "PageSize": "20",
			"CreateTimeStart": minute, "CreateTimeEnd": d.DB.Now().Add(time.Minute).Format("2006-01-02T15:04:05Z"), "OwnerId": d.Team.ID})
		at = "Data.OrderList.Order."
		orders.expect(t, "QueryOrders", given{"Data.TotalCount": "3", "Data.PageNum": "1", "Data.PageSize": "20", at + "0.OrderType": "Upgrade", at + "1.OrderType": "Renew", at + "2.OrderType": "New",
			at + "0.OrderId": upgraded.field("OrderId"), at + "0.RelatedOrderId": number, at + "1.RelatedOrderId": number, at + "2.RelatedOrderId": "", at + "2.UsageEndTime": ends(6), at + "1.UsageEndTime": ends(12),
			at + "1.UsageStartTime": in["EffectiveDate"], at + "0.PretaxAmount": twoDecimals(upgradePrice.field("Data.TradePrice"))})
		if got := w.succeeds(t, d, "QueryOrders", given{"OrderType": "Renew"}); got.size("Data.OrderList.Order") != 1 || got.field(at+"0.OrderId") != renewed.field("OrderId") {
			t.Errorf("renewals of the last hour: got %v", got.body)
		}
		detail := w.succeeds(t, d, "GetOrderDetail", given{"OrderId": number, "OwnerId": d.Team.ID})
		detail.expect(t, "GetOrderDetail", given{"Data.TotalCount": "1", at + "0.OrderId": number, at + "0.SubOrderId": number, at + "0.OrderType": "New", at + "0.OrderSubType": "ProductSubOrder",
			at + "0.ProductCode": "ossbag", at + "0.ProductType": "ossbag", at + "0.CommodityCode": "ossbag", at + "0.SubscriptionType": "Subscription", at + "0.PaymentStatus": "Paid",
			at + "0.Currency": "CNY", at + "0.PaymentCurrency": "CNY", at + "0.PretaxGrossAmount": "27.00", at + "0.PretaxAmount": "22.50", at + "0.PretaxAmountLocal": "22.50", at + "0.Tax": "0.00",
			at + "0.AfterTaxAmount": "22.50", at + "0.Quantity": "1", at + "0.Region": "cn-shanghai", at + "0.InstanceIDs": `["` + id + `"]`, at + "0.Operator": d.Team.Requester.UserID,
			at + "0.UsageStartTime": in["EffectiveDate"], at + "0.UsageEndTime": ends(6),
			at + "0.Config": "ResourcePackage:[PackageType:FPT_ossbag_absolute_Storage_sh;Specification:40 GB;Duration:6 month;]", at + "0.OriginalConfig": ""})
		if created, paid := detail.field(at+"0.CreateTime"), detail.field(at+"0.PaymentTime"); created != paid || !isTime(created) {
			t.Errorf("created %s and paid %s, want the same time", created, paid)
		}
		none := w.succeeds(t, d, "GetOrderDetail", given{"OrderId": "202407022550621"})
		none.expect(t, "an order that there is not", given{"Data.TotalCount": "0"})
		if none.size("Data.OrderList.Order") != 0 {
			t.Errorf("an order that there is not: got %v", none.body)
		}
	})
}

// twoDecimals is a number as money is written: 31.5 is 31.50.
func twoDecimals(s string) string {
	f, _ := strconv.ParseFloat(s, 64)
	return strconv.FormatFloat(f, 'f', 2, 64)
}

// drawnDesk is a desk on 21 November 2026 at 09:00 UTC, whose plan of 40 GB was
// drawn down on three days by a bucket that holds 30 GB.
func drawnDesk(t *testing.T) (d *desk, plan, bucket string) {
	t.Helper()
	clock := modelstest.NewClock()
	d = openWith(t, models.Options{Clock: clock.Now}, 0)
	w := bssWays[2]
	plan = w.succeeds(t, d, "CreateResourcePackage", samplePackage(d).with(given{"EffectiveDate": ""})).field("Data.InstanceId")
	order, err := d.DB.PlaceOrder(t.Context(), d.Team.Requester, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Name: "warehouse", Region: "cn-shanghai"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.DB.PutObject(t.Context(), d.Team.Requester, models.ObjectInput{BucketID: order.Order.Lines[0].ResourceID, Key: "x"}, io.LimitReader(endless{}, 3<<20))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := d.DB.MeasurePlans(t.Context(), d.Team.Admin); err != nil {
			t.Fatal(err)
		}
		clock.Move(24 * time.Hour)
	}
	return d, plan, "warehouse"
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestWhatWasDrawnFromPlansIsToldPageByPage(t *testing.T) {
	t.Parallel()
	d, plan, bucket := drawnDesk(t)
	in := given{"StartTime": "2026-11-21 00:00:00", "EndTime": "2026-11-30 00:00:00", "IncludeShare": "false"}
	for _, w := range bssWays[2:] { // the vendor's client has another clock
		var days []string
		token := ""
		for {
			a := w.succeeds(t, d, "QueryDPUtilizationDetail", in.with(given{"Limit": "2", "LastToken": token, "OwnerId": d.Team.ID}))
			for i := range a.size("Data.DetailList.DetailList") {
				at := fmt.Sprintf("Data.DetailList.DetailList.%d.", i)
				days = append(days, a.field(at+"DeductDate"))
				a.expect(t, "QueryDPUtilizationDetail", given{at + "InstanceId": plan, at + "InstanceSpec": "40", at + "DeductedInstanceId": bucket, at + "DeductedCommodityCode": "oss",
					at + "DeductedProductDetail": "oss", at + "ResCode": "storage", at + "Region": "cn-shanghai", at + "Uid": d.Team.ID, at + "ShareUid": d.Team.ID,
					at + "DeductQuantity": "0.0029296875", at + "DeductMeasure": "0.0029296875", at + "DeductHours": "24", at + "DeductFactorTotal": "1"})
			}
			if token = a.field("Data.NextToken"); token == "" {
				break
			}
		}
		if want := []string{"2026-11-23 17:00:00", "2026-11-22 17:00:00", "2026-11-21 17:00:00"}; !slices.Equal(days, want) {
			t.Errorf("%s: got %q, want %q", w.client, days, want)
		}
		for name, c := range map[string]struct {
			in   given
			want int
		}{
			"plan": {given{"InstanceId": plan}, 3}, "another plan": {given{"InstanceId": "x"}, 0}, "bucket": {given{"DeductedInstanceId": bucket}, 3}, "another bucket": {given{"DeductedInstanceId": "x"}, 0},
			"size": {given{"InstanceSpec": "40"}, 3}, "another size": {given{"InstanceSpec": "41"}, 0}, "no size": {given{"InstanceSpec": "big"}, 0},
			"product": {given{"CommodityCode": "ossbag", "ProdCode": "ossbag"}, 3}, "two products": {given{"CommodityCode": "ossbag", "ProdCode": "cdnbag"}, 0},
			"one day": {given{"StartTime": "2026-11-22 17:00:00", "EndTime": "2026-11-22 17:00:00"}, 1}, "all in one page": {given{"Limit": "300"}, 3},
		} {
			if got := w.succeeds(t, d, "QueryDPUtilizationDetail", in.with(c.in)).size("Data.DetailList.DetailList"); got != c.want {
				t.Errorf("%s, %s: got %d, want %d", w.client, name, got, c.want)
			}
		}
		rows := w.succeeds(t, d, "QueryResourcePackageInstances", nil)
		rows.expect(t, "what is left", given{"Data.Instances.Instance.0.RemainingAmount": "39.997", "Data.Instances.Instance.0.TotalAmount": "40.000"})
	}
}

func TestPlanThatIsOverIsListedAsExpired(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	d := openWith(t, models.Options{Clock: clock.Now}, 0)
	w := bssWays[4]
	in := samplePackage(d).with(given{"PackageType": "FPT_ossbag_absolute_Storage_china_common", "Specification": "10240", "Duration": "3", "PricingCycle": "Year", "EffectiveDate": ""})
	id := w.succeeds(t, d, "CreateResourcePackage", in).field("Data.InstanceId")
	at := "Data.Instances.Instance.0."
	w.succeeds(t, d, "QueryResourcePackageInstances", nil).expect(t, "new", given{at + "Status": "Available", at + "TotalAmount": "10.000", at + "TotalAmountUnit": "TB",
		at + "RemainingAmount": "10.000", at + "RemainingAmountUnit": "TB", at + "EffectiveTime": "2026-11-21T09:00:00Z", at + "ExpiryTime": "2029-11-21T16:00:00Z"})
	clock.Move(4 * 365 * 24 * time.Hour)
	w.succeeds(t, d, "QueryResourcePackageInstances", nil).expect(t, "later", given{at + "Status": "Expired", "Total": "1"})
	w.refuses(t, d, d.Key, "RenewResourcePackage", given{"InstanceId": id, "Duration": "1", "PricingCycle": "Year"}, "InvalidParameter")
	w.succeeds(t, d, "QueryOrders", nil).expect(t, "orders of the last hour", given{"Data.TotalCount": "0"})
}

func TestEveryRefusalOfThePlansByEveryClient(t *testing.T) {
	eachBSS(t, func(t *testing.T, d *desk, w bssWay) {
		in := samplePackage(d)
		buy := func(changes given) given { return in.with(changes) }
		origin := buy(given{"PackageType": "FPT_ossbag_deadlineAcc_CdnOut_common_sz", "Specification": "1024"})
		outbound := buy(given{"PackageType": "FPT_ossbag_periodMonthlyAcc_NetworkOut_china_common", "Specification": "50"})
		cold := given{"PackageType": "FPT_ossbag_absolute_StorageColdArchive_china_common", "Specification": "1024", "Duration": "12"}
		storage, fixed, traffic := w.succeeds(t, d, "CreateResourcePackage", in).field("Data.InstanceId"), w.succeeds(t, d, "CreateResourcePackage", origin).field("Data.InstanceId"),
			w.succeeds(t, d, "CreateResourcePackage", outbound).field("Data.InstanceId")
		renew := given{"InstanceId": storage, "Duration": "6", "PricingCycle": "Month"}
		upgrade := given{"InstanceId": storage, "Specification": "100"}
		use := given{"StartTime": "2026-11-21 00:00:00", "EndTime": "2026-11-22 00:00:00", "IncludeShare": "true"}
		type refusal struct {
			operation string
			in        given
			code      string
		}
		var all []refusal
		for _, operation := range []string{"CreateResourcePackage", "GetResourcePackagePrice"} {
			for _, name := range []string{"ProductCode", "PackageType", "Specification", "Duration"} {
				all = append(all, refusal{operation, buy(given{name: ""}), "MissingParameter"})
			}
			all = append(all, []refusal{
				{operation, buy(given{"ProductCode": "mystery"}), "ProductNotFound"},
				{operation, buy(given{"PackageType": "FPT_mystery"}), "PackageTypeNotFound"},
				{operation, buy(given{"ProductCode": "cdnbag"}), "PackageTypeNotFound"},
				{operation, buy(cold), "PackageTypeNotSupported"},
				{operation, buy(given{"Specification": "40.5"}), "SpecificationInvalid"},
				{operation, buy(given{"Specification": "-40"}), "SpecificationInvalid"},
				{operation, buy(given{"Specification": "0"}), "SpecificationInvalid"},
				{operation, buy(given{"Specification": "forty"}), "SpecificationInvalid"},
				{operation, buy(given{"Duration": "0"}), "DurationInvalid"},
				{operation, buy(given{"Duration": "-6"}), "DurationInvalid"},
				{operation, buy(given{"Duration": "half"}), "DurationInvalid"},
				{operation, buy(given{"PricingCycle": "Week"}), "InvalidParameter"},
				{operation, buy(given{"PricingCycle": "month"}), "InvalidParameter"},
				{operation, buy(given{"Specification": "41"}), "InvalidParameter"},
				{operation, buy(given{"Duration": "7"}), "InvalidParameter"},
				{operation, buy(given{"Duration": "99999999999999999999"}), "InvalidParameter"},
				{operation, buy(given{"EffectiveDate": "2026-11-22 09:00"}), "EffectiveDateInvalid"},
				{operation, buy(given{"EffectiveDate": "2027-02-30T09:00:00Z"}), "EffectiveDateInvalid"},
				{operation, buy(given{"EffectiveDate": "2020-03-03T12:00:00Z"}), "EffectiveDateInvalid"},
				{operation, buy(given{"EffectiveDate": "2999-03-03T12:00:00Z"}), "EffectiveDateInvalid"},
				{operation, buy(given{"OwnerId": "me"}), "IdInvalid"},
				{operation, buy(given{"OwnerId": "99999999999999999999"}), "IdInvalid"},
				{operation, buy(given{"OwnerId": "1234567890123456"}), "InvalidOwner"},
				// First failure first, in the order of the documents.
				{operation, buy(given{"Duration": "", "ProductCode": "mystery"}), "MissingParameter"},
				{operation, buy(given{"ProductCode": "mystery", "PackageType": "x", "Specification": "x"}), "ProductNotFound"},
				{operation, buy(given{"PackageType": "x", "Specification": "x", "Duration": "x"}), "PackageTypeNotFound"},
				{operation, buy(cold).with(given{"Specification": "x"}), "PackageTypeNotSupported"},
				{operation, buy(given{"Specification": "x", "Duration": "x", "PricingCycle": "x"}), "SpecificationInvalid"},
				{operation, buy(given{"Duration": "x", "PricingCycle": "x", "EffectiveDate": "x"}), "DurationInvalid"},
				{operation, buy(given{"PricingCycle": "x", "EffectiveDate": "x", "OwnerId": "x"}), "InvalidParameter"},
				{operation, buy(given{"EffectiveDate": "x", "OwnerId": "x"}), "EffectiveDateInvalid"},
			}...)
		}
		all = append(all, []refusal{
			{"GetResourcePackagePrice", buy(given{"OrderType": "RENEW"}), "MissingParameter"},
			{"GetResourcePackagePrice", buy(given{"OrderType": "UPGRADE"}), "MissingParameter"},
			{"GetResourcePackagePrice", buy(given{"OrderType": "STEAL"}), "InvalidParameter"},
			{"GetResourcePackagePrice", buy(given{"OrderType": "RENEW", "InstanceId": "OSSBAG-cn-none"}), "InvalidParameter"},
			{"GetResourcePackagePrice", buy(given{"OrderType": "RENEW", "InstanceId": traffic}), "InvalidParameter"},   // of another type
			{"GetResourcePackagePrice", buy(given{"OrderType": "UPGRADE", "InstanceId": storage}), "InvalidParameter"}, // no larger
			{"GetResourcePackagePrice", outbound.with(given{"OrderType": "UPGRADE", "InstanceId": traffic, "Specification": "500"}), "PackageTypeNotSupported"},
			{"DescribeResourcePackageProduct", given{}, "MissingParameter"},
			{"DescribeResourcePackageProduct", given{"ProductCode": "mystery"}, "ProductNotFind"},
			{"RenewResourcePackage", renew.with(given{"InstanceId": ""}), "MissingParameter"},
			{"RenewResourcePackage", renew.with(given{"Duration": ""}), "MissingParameter"},
			{"RenewResourcePackage", renew.with(given{"PricingCycle": ""}), "MissingParameter"},
			{"RenewResourcePackage", renew.with(given{"InstanceId": "OSSBAG-cn-none"}), "InvalidParameter"},
			{"RenewResourcePackage", renew.with(given{"InstanceId": fixed}), "PackageTypeNotSupported"},
			{"RenewResourcePackage", renew.with(given{"Duration": "x"}), "DurationInvalid"},
			{"RenewResourcePackage", renew.with(given{"Duration": "7"}), "InvalidParameter"},
			{"RenewResourcePackage", renew.with(given{"PricingCycle": "Week"}), "InvalidParameter"},
			{"RenewResourcePackage", renew.with(given{"EffectiveDate": "x"}), "EffectiveDateInvalid"},
			{"RenewResourcePackage", renew.with(given{"OwnerId": "x"}), "IdInvalid"},
			{"RenewResourcePackage", renew.with(given{"OwnerId": "1"}), "InvalidOwner"},
			{"UpgradeResourcePackage", upgrade.with(given{"InstanceId": ""}), "MissingParameter"},
			{"UpgradeResourcePackage", upgrade.with(given{"Specification": ""}), "MissingParameter"},
			{"UpgradeResourcePackage", upgrade.with(given{"InstanceId": "OSSBAG-cn-none"}), "InvalidParameter"},
			{"UpgradeResourcePackage", upgrade.with(given{"InstanceId": traffic}), "PackageTypeNotSupported"},
			{"UpgradeResourcePackage", upgrade.with(given{"Specification": "big"}), "SpecificationInvalid"},
			{"UpgradeResourcePackage", upgrade.with(given{"Specification": "41"}), "InvalidParameter"},
			{"UpgradeResourcePackage", upgrade.with(given{"Specification": "40"}), "InvalidParameter"},
			{"UpgradeResourcePackage", upgrade.with(given{"EffectiveDate": "x"}), "EffectiveDateInvalid"},
			{"UpgradeResourcePackage", upgrade.with(given{"OwnerId": "x"}), "IdInvalid"},
			{"UpgradeResourcePackage", upgrade.with(given{"OwnerId": "1"}), "InvalidOwner"},
			{"CreateResourcePackage", buy(given{"ClientToken": strings.Repeat("x", 65)}), "InvalidParameter"},
			{"QueryResourcePackageInstances", given{"PageNum": "0"}, "InvalidParameter"},
			{"QueryResourcePackageInstances", given{"PageNum": "99999999999"}, "InvalidParameter"},
			{"QueryResourcePackageInstances", given{"PageSize": "301"}, "InvalidParameter"},
			{"QueryResourcePackageInstances", given{"ExpiryTimeStart": "soon"}, "InvalidParameter"},
			{"QueryResourcePackageInstances", given{"ExpiryTimeEnd": "2026-11-21"}, "InvalidParameter"},
			{"QueryResourcePackageInstances", given{"OwnerId": "x"}, "IdInvalid"},
			{"QueryResourcePackageInstances", given{"OwnerId": "1"}, "InvalidOwner"},
			{"QueryProductList", given{}, "MissingParameter"},
			{"QueryProductList", given{"PageNum": "x"}, "InvalidParameter"},
			{"QueryProductList", given{"PageNum": "1", "QueryTotalCount": "perhaps"}, "InvalidParameter"},
			{"QueryOrders", given{"OrderType": "new"}, "InvalidParameter"},
			{"QueryOrders", given{"PaymentStatus": "Free"}, "InvalidParameter"},
			{"QueryOrders", given{"SubscriptionType": "x"}, "InvalidParameter"},
			{"QueryOrders", given{"CreateTimeStart": "x"}, "InvalidParameter"},
			{"QueryOrders", given{"CreateTimeEnd": "x"}, "InvalidParameter"},
			{"QueryOrders", given{"PageSize": "-1"}, "InvalidParameter"},
			{"QueryOrders", given{"OwnerId": "x"}, "IdInvalid"},
			{"QueryOrders", given{"OwnerId": "1"}, "InvalidOwner"},
			{"GetOrderDetail", given{}, "MissingParameter"},
			{"GetOrderDetail", given{"OrderId": "first"}, "InvalidParameter"},
			{"GetOrderDetail", given{"OrderId": "1", "OwnerId": "x"}, "IdInvalid"},
			{"GetOrderDetail", given{"OrderId": "1", "OwnerId": "1"}, "InvalidOwner"},
			{"QueryDPUtilizationDetail", use.with(given{"StartTime": ""}), "MissingParameter"},
			{"QueryDPUtilizationDetail", use.with(given{"EndTime": ""}), "MissingParameter"},
			{"QueryDPUtilizationDetail", use.with(given{"IncludeShare": ""}), "MissingParameter"},
			{"QueryDPUtilizationDetail", use.with(given{"IncludeShare": "some"}), "InvalidParameter"},
			{"QueryDPUtilizationDetail", use.with(given{"StartTime": "2026-11-21T00:00:00Z"}), "InvalidParameter"},
			{"QueryDPUtilizationDetail", use.with(given{"EndTime": "2020-01-01 00:00:00"}), "InvalidParameter"},
			{"QueryDPUtilizationDetail", use.with(given{"Limit": "0"}), "InvalidParameter"},
			{"QueryDPUtilizationDetail", use.with(given{"LastToken": "x"}), "InvalidParameter"},
			{"QueryDPUtilizationDetail", use.with(given{"OwnerId": "x"}), "IdInvalid"},
			{"QueryDPUtilizationDetail", use.with(given{"OwnerId": "1"}), "InvalidOwner"},
		}...)
		for _, r := range all {
			w.refuses(t, d, d.Key, r.operation, r.in, r.code)
		}
		if counts, err := d.DB.Counts(t.Context(), d.Team.Viewer); err != nil || counts["order"] != 3 || counts["plan"] != 3 {
			t.Errorf("got counts %v, %v; want the three plans and nothing of what was refused", counts, err)
		}
		viewer := d.newKey(t, models.AccessKeyInput{Name: "viewer", User: d.Team.Viewer.UserID})
		limited := d.newKey(t, models.AccessKeyInput{Name: "limited", User: d.Team.Requester.UserID, Operations: []string{"CreateStore"}})
		for operation, in := range map[string]given{"CreateResourcePackage": in, "RenewResourcePackage": renew, "UpgradeResourcePackage": upgrade} {
			w.refuses(t, d, viewer, operation, in.with(given{"ProductCode": "mystery", "Duration": ""}), "NotAuthorized")
		}
		for operation := range bssRequests {
			w.refuses(t, d, limited, operation, nil, "NotAuthorized")
		}
		if got := w.call(t, d, viewer, "GetResourcePackagePrice", in); got.Code != "Success" {
			t.Errorf("a viewer asks for a price: got %s %s", got.Code, got.Message)
		}
		modelstest.Allow(t, d.DB, d.Team, func(in *models.SettingsInput) { in.PlanAPI = false })
		for operation, in := range map[string]given{"CreateResourcePackage": in, "GetResourcePackagePrice": in, "RenewResourcePackage": renew, "UpgradeResourcePackage": upgrade} {
			w.refuses(t, d, d.Key, operation, in, "NotApplicable")
			w.refuses(t, d, d.Key, operation, in.with(given{"OwnerId": "1"}), "InvalidOwner")
		}
		if _, err := d.DB.PlaceOrder(t.Context(), d.Team.Requester, models.OrderInput{Lines: []models.LineInput{&models.PlanInput{
			ProductCode: "ossbag", PackageType: in["PackageType"], Specification: "40", Duration: "6"}}}); err != nil {
			t.Errorf("people order: got %v, want it done", err)
		}
	})
}

func TestSiteKeyOrdersForTheTeamThatItNames(t *testing.T) {
	eachBSS(t, func(t *testing.T, d *desk, w bssWay) {
		site := d.siteKey(t)
		in := samplePackage(d)
		use := given{"StartTime": "2026-11-21 00:00:00", "EndTime": "2026-11-22 00:00:00", "IncludeShare": "true"}
		for operation, in := range map[string]given{"CreateResourcePackage": in, "GetResourcePackagePrice": in, "QueryResourcePackageInstances": {}, "QueryOrders": {},
			"GetOrderDetail": {"OrderId": "1"}, "QueryDPUtilizationDetail": use, "RenewResourcePackage": {"InstanceId": "x", "Duration": "6", "PricingCycle": "Month"},
			"UpgradeResourcePackage": {"InstanceId": "x", "Specification": "100"}} {
			w.refuses(t, d, site, operation, in, "IdMissing")
			w.refuses(t, d, site, operation, in.with(given{"OwnerId": "x"}), "IdInvalid")
			w.refuses(t, d, site, operation, in.with(given{"OwnerId": "1"}), "InvalidOwner")
		}
		w.refuses(t, d, site, "CreateResourcePackage", given{"OwnerId": "x"}, "MissingParameter")
		made := w.call(t, d, site, "CreateResourcePackage", in.with(given{"OwnerId": d.Team.ID, "ClientToken": "owned"}))
		if made.Code != "Success" {
			t.Fatalf("got %s %s", made.Code, made.Message)
		}
		if _, err := d.DB.FindPlan(t.Context(), d.Team.Viewer, made.field("Data.InstanceId")); err != nil {
			t.Errorf("the team's plan: %v", err)
		}
		w.refuses(t, d, site, "CreateResourcePackage", in.with(given{"OwnerId": d.Other.ID, "ClientToken": "owned"}), "IdempotentParameterMismatch")
		if list := w.call(t, d, site, "QueryProductList", given{"PageNum": "1"}); list.Code != "Success" {
			t.Errorf("what is for nobody needs no team: got %s", list.Code)
		}
	})
}

// siteKey is a key that is bound to no team.
func (d *desk) siteKey(t testing.TB) key {
	t.Helper()
	keeper, err := d.DB.CreateUser(t.Context(), models.Operator(), models.NewUserInput{
		UserInput: models.UserInput{Name: "Keeper", Email: "keeper@example.com"}, Password: "a long enough secret", SiteAdmin: true})
	if err != nil {
		t.Fatalf("create site admin: %v", err)
	}
	by := models.Actor{UserID: keeper.ID, UserName: keeper.Name, SiteAdmin: true}.ForSite()
	k, secret, err := d.DB.CreateAccessKey(t.Context(), by, models.AccessKeyInput{Name: "everywhere"})
	if err != nil {
		t.Fatalf("create site key: %v", err)
	}
	return key{k.ID, secret}
}

func TestFaultOfTheDatabaseOrdersNothing(t *testing.T) {
	t.Parallel()
	// The database refuses an order of a type that there is not, at the end of
	// everything.
	d := openWith(t, models.Options{Policy: func(_ context.Context, _ models.Actor, o *models.Order) (bool, string) {
		if o.Note == "" {
			o.Type = "Gift"
		}
		return false, "none"
	}}, 0)
	order, err := d.DB.PlaceOrder(t.Context(), d.Team.Requester, models.OrderInput{Note: "this one passes", Lines: []models.LineInput{&models.PlanInput{
		ProductCode: "ossbag", PackageType: "FPT_ossbag_absolute_Storage_sh", Specification: "40", Duration: "6"}}})
	if err != nil {
		t.Fatal(err)
	}
	id := order.Order.Lines[0].ResourceID
	for _, w := range bssWays {
		for operation, in := range map[string]given{"CreateResourcePackage": samplePackage(d), "RenewResourcePackage": {"InstanceId": id, "Duration": "6", "PricingCycle": "Month"},
			"UpgradeResourcePackage": {"InstanceId": id, "Specification": "100"}} {
			a := w.refuses(t, d, d.Key, operation, in, "InternalError")
			if strings.Contains(strings.ToLower(a.Message), "constraint") {
				t.Errorf("%s: got %q, which tells of the database", operation, a.Message)
			}
		}
	}
	counts, err := d.DB.Counts(t.Context(), d.Team.Viewer)
	p, findErr := d.DB.FindPlan(t.Context(), d.Team.Viewer, id)
	if err != nil || findErr != nil || counts["order"] != 1 || counts["plan"] != 1 || p.Specification != 40 || p.Months() != 6 {
		t.Errorf("got counts %v and plan %+v, %v, %v; want everything as it was", counts, p, err, findErr)
	}
}

func TestPlanThatWaitsForApproval(t *testing.T) {
	eachBSS(t, func(t *testing.T, _ *desk, w bssWay) {
		d := openWith(t, models.Options{Policy: func(context.Context, models.Actor, *models.Order) (bool, string) { return true, "all" }}, 0)
		in := samplePackage(d)
		a := w.refuses(t, d, d.Key, "CreateResourcePackage", in, "NotAuthorized")
		orders, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Orders, list.Query{})
		if err != nil || len(orders) != 1 || orders[0].State != models.OrderPending {
			t.Fatalf("got orders %+v, %v; want one that waits", orders, err)
		}
		if address := fmt.Sprintf("http://desk.example.com/orders/%d", orders[0].Number); !strings.HasSuffix(a.Message, address) && w.client != "go-sdk xml" {
			t.Errorf("got %q, want the address %s in it", a.Message, address)
		}
		modelstest.HoldAPIOrders(t, d.DB, d.Team)
		made := w.succeeds(t, d, "CreateResourcePackage", in.with(given{"EffectiveDate": "", "ClientToken": "t"}))
		p, err := d.DB.FindPlan(t.Context(), d.Team.Viewer, made.field("Data.InstanceId"))
		if err != nil || p.State(d.DB.Now()) != models.PlanScheduled || p.PaidMinor != 0 {
			t.Errorf("got plan %+v, %v; want one that is scheduled and not paid", p, err)
		}
		at := "Data.OrderList.Order.0."
		w.succeeds(t, d, "GetOrderDetail", given{"OrderId": made.field("OrderId")}).expect(t, "unpaid", given{at + "PaymentStatus": "Unpaid", at + "PaymentTime": "", at + "InstanceIDs": `["` + p.ID + `"]`})
		w.succeeds(t, d, "QueryOrders", given{"PaymentStatus": "Unpaid"}).expect(t, "unpaid", given{"Data.TotalCount": "2"})
		number, _ := strconv.ParseInt(made.field("OrderId"), 10, 64)
		if _, err := d.DB.DecideOrder(t.Context(), d.Team.Approver, number, 1, false, "too dear"); err != nil {
			t.Fatal(err)
		}
		w.succeeds(t, d, "QueryOrders", given{"PaymentStatus": "Cancelled"}).expect(t, "rejected", given{"Data.TotalCount": "1", at + "OrderId": made.field("OrderId")})
		w.refuses(t, d, d.Key, "CreateResourcePackage", in.with(given{"EffectiveDate": "", "ClientToken": "t"}), "NotAuthorized")
	})
}

func TestFiftyEqualOrdersOfAPlanAtOnceAreOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	const n = 50
	in := samplePackage(d)
	ids := make([]string, 2*n)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			token := "the same"
			if i >= n {
				token = strconv.Itoa(i)
			}
			a := bssWays[2+i%3].call(t, d, d.Key, "CreateResourcePackage", in.with(given{"ClientToken": token}))
			if a.Code != "Success" {
				t.Errorf("got %s %s", a.Code, a.Message)
			}
			ids[i] = a.field("OrderId")
		})
	}
	all.Wait()
	if same := slices.Compact(slices.Sorted(slices.Values(ids[:n]))); len(same) != 1 {
		t.Errorf("got orders %q of one token, want one", same)
	}
	different := slices.Compact(slices.Sorted(slices.Values(ids)))
	first, _ := strconv.ParseInt(different[0], 10, 64)
	end, _ := strconv.ParseInt(different[len(different)-1], 10, 64)
	if len(different) != n+1 || end-first != n {
		t.Errorf("got %d orders from %d to %d, want %d without a gap", len(different), first, end, n+1)
	}
	if counts, err := d.DB.Counts(t.Context(), d.Team.Viewer); err != nil || counts["plan"] != n+1 {
		t.Errorf("got counts %v, %v", counts, err)
	}
}

func TestClientKnowsThatItsSecretIsWrong(t *testing.T) {
	t.Parallel()
	d := open(t)
	forger := d.Key
	forger.Secret = "not the secret"
	request := bssopenapi.CreateQueryOrdersRequest()
	_, err := d.bss(t, forger).QueryOrders(request)
	if err == nil || !strings.Contains(err.Error(), "InvalidAccessKeySecret") {
		t.Errorf("got %v, want that the secret is wrong", err)
	}
	covers(t, "QueryOrders", "error SignatureDoesNotMatch", "go-sdk json")
}

func TestNeighboursOfTheOperationsAreNotFound(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, name := range []string{"CancelOrder", "RefundInstance", "PayOrder", "QueryAccountBalance", "createresourcepackage", "CreateResourcePackage ", ""} {
		a := d.send(t, bssRequest(d, name, nil, "JSON").SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), nonce()))
		if a.Status != http.StatusNotFound || !strings.Contains(a.Body, `"Code":"InvalidApi.NotFound"`) {
			t.Errorf("%q: got %d %s, want InvalidApi.NotFound", name, a.Status, a.Body)
		}
	}
}

// Whatever is refused by the form is refused by the API, and the other way
// round.
func TestFormAndAPIRefuseTheSamePlans(t *testing.T) {
	t.Parallel()
	d := open(t)
	c := d.SignIn(t, models.Requester)
	names := map[string]string{"ProductCode": "product_code", "PackageType": "package_type", "Specification": "specification", "Duration": "duration",
		"PricingCycle": "pricing_cycle", "EffectiveDate": "effective_date"}
	for _, changes := range []given{
		{}, {"EffectiveDate": ""}, {"PricingCycle": ""}, {"PricingCycle": "Year", "Duration": "1"}, {"ProductCode": ""}, {"ProductCode": "mystery"}, {"PackageType": "FPT_mystery"},
		{"PackageType": "FPT_ossbag_absolute_StorageColdArchive_china_common", "Specification": "1024", "Duration": "12"}, {"Specification": "40.5"}, {"Specification": "41"}, {"Specification": ""},
		{"Duration": "six"}, {"Duration": "7"}, {"PricingCycle": "Week"}, {"EffectiveDate": "2020-03-03T12:00:00Z"}, {"EffectiveDate": "2999-03-03T12:00:00Z"}, {"EffectiveDate": "soon"},
	} {
		in := samplePackage(d).with(changes)
		form := url.Values{}
		for name, field := range names {
			form.Set(field, in[name])
		}
		page := c.Post(t, "/plans", form)
		byAPI := bssWays[4].call(t, d, d.Key, "CreateResourcePackage", in)
		if (page.Status == http.StatusSeeOther) != (byAPI.Code == "Success") || page.Status != http.StatusSeeOther && page.Status != http.StatusUnprocessableEntity {
			t.Errorf("%v: the form answers %d, the API %s", changes, page.Status, byAPI.Code)
		}
	}
}

// Nothing that a signed caller can say is a fault of the server.
func FuzzParametersOfPlans(f *testing.F) {
	d := open(f)
	names := []string{"ProductCode", "PackageType", "Specification", "Duration", "PricingCycle", "EffectiveDate", "OwnerId", "InstanceId", "OrderType", "PageNum", "PageSize",
		"ExpiryTimeStart", "ExpiryTimeEnd", "CreateTimeStart", "CreateTimeEnd", "OrderId", "StartTime", "EndTime", "IncludeShare", "LastToken", "Limit", "InstanceSpec", "ClientToken", "Format", "QueryTotalCount"}
	operations := slices.Sorted(maps.Keys(bssRequests))
	made := bssWays[2].call(f, d, d.Key, "CreateResourcePackage", samplePackage(d))
	whole := samplePackage(d).with(given{"InstanceId": made.field("Data.InstanceId"), "OrderId": made.field("OrderId"), "PageNum": "1", "StartTime": "2026-11-21 00:00:00",
		"EndTime": "2026-11-22 00:00:00", "IncludeShare": "true"})
	for i := range operations {
		f.Add(uint8(i), uint8(i), "1", uint8(i+3), "x")
	}
	f.Add(uint8(0), uint8(0), "\x00", uint8(2), "９")
	f.Add(uint8(5), uint8(19), "WyIxIl0", uint8(20), "99999999999999999999")
	f.Fuzz(func(t *testing.T, operation, first uint8, a string, second uint8, b string) {
		in := whole.with(given{names[int(first)%len(names)]: a, names[int(second)%len(names)]: b})
		got := d.send(t, bssRequest(d, operations[int(operation)%len(operations)], in, "").SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), nonce()))
		if got.Status >= 500 || got.Status < 200 || got.Status >= 300 && got.Status < 400 {
			t.Errorf("%v: got %d %s", in, got.Status, got.Body)
		}
	})
}

// TestPricesStayInTheCurrencyOfThePriceBook orders for a team that has another currency
// and a tax: the documents have CNY alone, so prices and orders say that on this face,
// whatever the team pays on its pages.
func TestPricesStayInTheCurrencyOfThePriceBook(t *testing.T) {
	eachBSS(t, func(t *testing.T, d *desk, w bssWay) {
		in := samplePackage(d).with(given{"EffectiveDate": ""})
		ours := w.succeeds(t, d, "GetResourcePackagePrice", in.with(given{"OrderType": "BUY"}))
		modelstest.Allow(t, d.DB, d.Team, func(in *models.SettingsInput) { in.Currency, in.TaxRate, in.TaxName = "USD", "6", "VAT" })
		w.refuses(t, d, d.Key, "CreateResourcePackage", in, "NotApplicable")
		site := d.Team.Admin
		site.SiteAdmin = true
		if err := d.DB.AddExchangeRate(t.Context(), site, models.ExchangeRateInput{Quote: "USD", Rate: "0.14", From: "2026-01-01", Source: "PBOC"}); err != nil {
			t.Fatal(err)
		}
		price := given{}
		for _, field := range []string{"OriginalPrice", "DiscountPrice", "TradePrice", "Currency"} {
			price["Data."+field] = ours.field("Data." + field)
		}
		w.succeeds(t, d, "GetResourcePackagePrice", in.with(given{"OrderType": "BUY"})).expect(t, "price", price)
		number := w.succeeds(t, d, "CreateResourcePackage", in).field("OrderId")
		n, _ := strconv.ParseInt(number, 10, 64)
		o, err := d.DB.FindOrder(t.Context(), d.Team.Viewer, n)
		if err != nil || o.PayCurrency != "USD" || o.Currency != "CNY" || o.TaxMinor == 0 || o.PayMinor >= o.TotalMinor {
			t.Fatalf("got order %+v, %v; want one in USD", o, err)
		}
		at := "Data.OrderList.Order.0."
		pretax := pricing.Decimal(o.TotalMinor - o.TaxMinor)
		for operation, in := range map[string]given{"GetOrderDetail": {"OrderId": number}, "QueryOrders": nil} {
			w.succeeds(t, d, operation, in).expect(t, operation, given{at + "Currency": "CNY", at + "PaymentCurrency": "CNY", at + "PretaxGrossAmount": pricing.Decimal(o.ListMinor),
				at + "PretaxAmount": pretax, at + "PretaxAmountLocal": pretax, at + "Tax": pricing.Decimal(o.TaxMinor), at + "AfterTaxAmount": pricing.Decimal(o.TotalMinor)})
		}
	})
}
