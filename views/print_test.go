package views_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/static"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

var ordered = time.Date(2026, 11, 21, 1, 30, 0, 0, time.UTC)

// sheet is an order of n lines of all kinds.
func sheet(n int) *models.OrderSheet {
	o := &models.Order{
		Number: 20261121_0000042, TeamID: "1234567890123456", State: models.OrderCompleted, Currency: "CNY",
		CostCentre: "CC-2026-平台", Note: "第四季度知识库扩容，法务与客服共用。", Rule: "none", RequesterName: "林晓雯",
		CreatedAt: ordered, CompletedAt: &ordered,
	}
	since, end := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 11, 21, 16, 0, 0, 0, time.UTC)
	for i := range n {
		l := models.OrderLine{Position: i + 1, Currency: "CNY", Quantity: 1, State: models.OrderCompleted}
		switch i % 4 {
		case 0:
			l.Kind, l.SKU, l.Detail, l.Region = models.KindPlan, "FPT_storage:500", "500 GB", "cn"
			l.ResourceID, l.ResourceName = fmt.Sprintf("OSSBAG-cn-a1f4%04d", i), fmt.Sprintf("OSSBAG-cn-a1f4%04d", i)
			l.Unit, l.UnitMicro, l.Units, l.TermN, l.TermUnit = pricing.Month, 54_000_000, 12, 1, pricing.Year
			l.ListMinor, l.DiscountMinor, l.AmountMinor = 64800, 10800, 54000
			l.StartsAt, l.EndsAt, l.PriceSource, l.PriceValidFrom = &ordered, &end, "vendor.oss", &since
		case 1:
			l.Kind, l.Name, l.Region, l.Detail = models.KindStore, "kb-legal-contracts-and-customer-service-archive-east-china-2026", "cn-north-7", "4xlarge × 2"
			l.ResourceID = fmt.Sprintf("0b3f6c1e-7a52-4a55-9d0c-%012d", i)
			l.Unit, l.UnitMicro, l.Quantity = pricing.Hour, 2_385_000, 2
			l.HourlyMicro, l.MonthlyEstimateMinor, l.PriceSource, l.PriceValidFrom = 4_770_000, 348_210, "ours.store", &since
		case 2:
			l.Kind, l.Region, l.Detail = models.KindPkgVersion, "cn-hangzhou", "128.4 MB"
			l.Name = "华东区统一身份认证与权限管理平台网关服务应用部署包（含灰度发布脚本与数据库迁移工具）正式版本二零二六年第四季度 2.14.0-rc.1"
			l.ResourceID = fmt.Sprintf("wp-5f9d8b7c%016d", i)
		case 3:
			l.Kind, l.Name, l.ResourceName, l.Region, l.Detail = models.KindBucket, "legal-archive-prod", "legal-archive-prod", "cn-shanghai", "≤ 500 GB"
			l.ResourceID = "5d01fab421d93a7c00aa11bb"
		}
		o.ListMinor, o.DiscountMinor, o.TotalMinor = o.ListMinor+l.ListMinor, o.DiscountMinor+l.DiscountMinor, o.TotalMinor+l.AmountMinor
		o.Lines = append(o.Lines, l)
	}
	o.PONumber, o.PayMinor, o.PayCurrency = "PO-2026-11-0042", o.TotalMinor, "CNY"
	return &models.OrderSheet{
		Order: o,
		Way: []models.Approval{
			{Place: 1, Role: models.Approver, State: models.ApprovalApproved, DecidedBy: "1", DeciderName: "周启明", Reason: "预算内，同意。", At: ordered},
			{Place: 2, Role: models.Admin, State: models.ApprovalApproved, DecidedBy: "2", DeciderName: "何静", Reason: "季度末扩容，允许超出。", At: ordered},
		},
		Overruns:    []models.Overrun{{BudgetEntry: models.BudgetEntry{Period: "2026-11", OverBy: "何静"}, Budget: models.Budget{ID: "b", CostCentre: "CC-2026-平台"}}},
		Attachments: []models.Attachment{{Name: "报价单-2026-11.pdf", SHA256: strings.Repeat("3f", 32)}, {Name: "需求说明.docx", SHA256: strings.Repeat("a0", 32)}},
		Team: &models.Team{ID: o.TeamID, Name: "平台工程组", LegalName: "杭州云仓数据科技有限公司", Address: "浙江省杭州市西湖区文三路 90 号 东部软件园 3 号楼",
			TaxNumber: "91330106MA27X0001X", Contact: "采购部 0571-8800 0000", LogoType: "image/png"},
		Regions: map[string]models.Region{
			"cn": {ZH: "中国内地通用", EN: "Chinese mainland"}, "cn-north-7": {ZH: "华北七区", EN: "CN North 7"},
			"cn-hangzhou": {ZH: "华东 1（杭州）", EN: "China (Hangzhou)"}, "cn-shanghai": {ZH: "华东 2（上海）", EN: "China (Shanghai)"},
		},
		Types: map[string]models.PackageType{"FPT_storage": {ZH: "标准存储（LRS）包 · 中国内地通用", EN: "Standard (LRS) storage plan - Chinese mainland"}},
	}
}

func reader(lang string) context.Context {
	ctx := ui.WithKinds(i18n.WithLang(context.Background(), lang), views.Kinds())
	return i18n.WithZone(ctx, time.FixedZone("", 8*3600))
}

func draw(t *testing.T, lang string, s *models.OrderSheet) []byte {
	t.Helper()
	var b bytes.Buffer
	path := fmt.Sprintf("/orders/%d", s.Order.Number)
	if err := views.OrderPrint(views.PrintProps{Sheet: s, URL: "https://desk.example.com" + path, Path: path}).Render(reader(lang), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// printed is the text of each page that a browser prints of a document. print is
// the PDF that it makes of an address.
func printed(t *testing.T, print func(*testing.T, string) []byte, html []byte) []string {
	t.Helper()
	tool(t, "pdftotext")
	site := http.NewServeMux()
	site.Handle("/static/", static.Handler())
	site.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { w.Write(html) })
	site.HandleFunc("/team/logo", func(w http.ResponseWriter, _ *http.Request) {
		_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 240, 80)))
	})
	server := httptest.NewServer(site)
	defer server.Close()
	pdf := filepath.Join(t.TempDir(), "order.pdf")
	if keep := os.Getenv("QUARTERMASTER_KEEP_PAPER"); keep != "" { // to look at it
		pdf = filepath.Join(keep, strings.ReplaceAll(t.Name(), "/", "_")+".pdf")
	}
	if err := os.WriteFile(pdf, print(t, server.URL+"/"), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("pdftotext", "-layout", pdf, "-").Output()
	if err != nil {
		t.Fatalf("read PDF: %v", err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
}

func chromium(t *testing.T, address string) []byte {
	pdf := filepath.Join(t.TempDir(), "chromium.pdf")
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, tool(t, "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
		"--no-first-run", "--user-data-dir="+t.TempDir(), "--no-pdf-header-footer", "--print-to-pdf="+pdf, address).CombinedOutput()
	if err != nil {
		t.Fatalf("print: %v\n%s", err, out)
	}
	b, err := os.ReadFile(pdf)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// firefox prints by the protocol that Firefox is driven with: each message is
// its length, a colon and JSON.
func firefox(t *testing.T, address string) []byte {
	profile := t.TempDir()
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(`user_pref("marionette.port", 0); user_pref("network.captive-portal-service.enabled", false); user_pref("app.update.enabled", false);`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	browser := exec.CommandContext(ctx, tool(t, "firefox-esr"), "--headless", "--no-remote", "--marionette", "--profile", profile)
	browser.Env = append(os.Environ(), "HOME="+profile)
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	defer browser.Wait()
	defer browser.Process.Kill()
	port, err := os.ReadFile(filepath.Join(profile, "MarionetteActivePort"))
	for ; err != nil && ctx.Err() == nil; port, err = os.ReadFile(filepath.Join(profile, "MarionetteActivePort")) {
		time.Sleep(100 * time.Millisecond)
	}
	c, err := net.Dial("tcp", "127.0.0.1:"+string(port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	read := func() []byte {
		head, err := in.ReadString(':')
		n, _ := strconv.Atoi(strings.TrimSuffix(head, ":"))
		body := make([]byte, n)
		if _, e := io.ReadFull(in, body); err != nil || e != nil {
			t.Fatalf("firefox: %v, %v", err, e)
		}
		return body
	}
	read() // its greeting
	var value string
	for i, command := range []string{`"WebDriver:NewSession", {}`, `"WebDriver:Navigate", {"url": "` + address + `"}`, `"WebDriver:Print", {"background": true, "shrinkToFit": false}`} {
		message := fmt.Sprintf("[0, %d, %s]", i, command)
		fmt.Fprintf(c, "%d:%s", len(message), message)
		var answer [4]json.RawMessage
		if err := json.Unmarshal(read(), &answer); err != nil || string(answer[2]) != "null" {
			t.Fatalf("firefox: %s: %s, %v", command, answer[2], err)
		}
		var said struct{ Value string }
		_ = json.Unmarshal(answer[3], &said) // only the last says a text
		value = said.Value
	}
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: paper is only checked where it is", name)
	}
	return path
}

// crowded is an order whose every line is of one kind, with the longest names
// and reasons that the forms let through.
func crowded(n, kind int) *models.OrderSheet {
	s := sheet(4 * n)
	var lines []models.OrderLine
	for i, l := range s.Order.Lines {
		if i%4 == kind {
			l.Position = len(lines) + 1
			lines = append(lines, l)
		}
	}
	s.Order.Lines = lines
	s.Order.Note = strings.Repeat("为法务与客服团队扩容知识库，", 35)
	s.Order.DeciderName, s.Order.DecidedAt, s.Order.DecisionReason = "陈思远", &ordered, strings.Repeat("同意，", 30)
	return oneStep(s)
}

// oneStep is an order that one person decided, who also is the one it names.
func oneStep(s *models.OrderSheet) *models.OrderSheet {
	s.Way = []models.Approval{{Place: 1, State: models.ApprovalApproved, DecidedBy: "1", DeciderName: s.Order.DeciderName, Reason: s.Order.DecisionReason, At: ordered}}
	s.Overruns, s.Attachments = nil, nil
	return s
}

// reasoned is an order of n lines with the longest reason, in so many
// paragraphs, the longest names and the longest note of who approved it.
func reasoned(n, paragraphs int) *models.OrderSheet {
	s := sheet(n)
	s.Order.Note = strings.TrimSpace(strings.Repeat(strings.Repeat("因", 500/paragraphs-4)+"完了。\n", paragraphs))
	s.Order.RequesterName = strings.Repeat("林", 62) + "尾尾"
	s.Order.DeciderName, s.Order.DecidedAt, s.Order.DecisionReason = strings.Repeat("陈", 62)+"末末", &ordered, strings.Repeat("同", 496)+"就这样。"
	return oneStep(s)
}

// unspaced is a text without spaces and line ends, as a PDF breaks it anywhere.
func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

func TestOrderOnPaper(t *testing.T) {
	words := map[string]struct{ page, sign, check, sum string }{
		"zh": {"第 %d 页，共 %d 页", "财务", "核对本订单", "应付金额"},
		"en": {"Page %d of %d", "Finance", "Scan or open to verify this order", "Total due"},
	}
	for _, tt := range []struct {
		name  string
		sheet *models.OrderSheet
		langs []string
		pages int
	}{
		{"1 line", sheet(1), []string{"zh", "en"}, 1},
		{"12 lines", sheet(12), []string{"zh", "en"}, 1},
		{"13 lines", sheet(13), []string{"zh", "en"}, 2},
		{"60 lines", sheet(60), []string{"en"}, 5},
		{"12 stores", crowded(12, 1), []string{"en"}, 1},
		{"12 versions", crowded(12, 2), []string{"zh"}, 2},
		{"long reason", reasoned(1, 1), []string{"zh", "en"}, 1},
		{"reason of 90 paragraphs", reasoned(3, 90), []string{"zh"}, 3},
	} {
		for _, lang := range tt.langs {
			w := words[lang]
			html := draw(t, lang, tt.sheet)
			t.Run(tt.name+" "+lang, func(t *testing.T) {
				pages := printed(t, chromium, html)
				if len(pages) != tt.pages {
					t.Fatalf("got %d pages, want %d", len(pages), tt.pages)
				}
				o := tt.sheet.Order
				for i, text := range pages {
					last := i == len(pages)-1
					if want := fmt.Sprintf(w.page, i+1, len(pages)); !strings.Contains(text, want) {
						t.Errorf("page %d does not say %q", i+1, want)
					}
					if !strings.Contains(text, fmt.Sprint(o.Number)) {
						t.Errorf("page %d does not say whose it is", i+1)
					}
					for _, s := range []string{w.sign, w.check, w.sum} {
						if strings.Contains(text, s) != last {
							t.Errorf("page %d of %d: %q is there: %t", i+1, len(pages), s, !last)
						}
					}
					if rows := rowsOn(text, o); last && rows < min(3, len(o.Lines)) {
						t.Errorf("the sums stand with %d lines", rows)
					}
				}
				all := unspaced(strings.Join(pages, ""))
				for _, want := range []string{"完了。", "就这样。", "尾尾", "末末"} {
					if strings.Count(all, want) < strings.Count(o.Note+o.DecisionReason+o.RequesterName+o.DeciderName, want) {
						t.Errorf("%q is dropped", want)
					}
				}
			})
			t.Run(tt.name+" "+lang+" in Firefox", func(t *testing.T) {
				if len(tt.sheet.Order.Lines) == 12 || tt.name == "60 lines" || lang != "zh" {
					t.Skip("a few are enough of the slower browser")
				}
				if pages := printed(t, firefox, html); len(pages) != tt.pages {
					t.Errorf("got %d pages, want %d", len(pages), tt.pages)
				}
			})
		}
	}
}

// rowsOn counts the lines of an order that begin on a page, by their numbers.
func rowsOn(page string, o *models.Order) int {
	n := 0
	for _, l := range o.Lines {
		if regexp.MustCompile(fmt.Sprintf(`(?m)^\s*%d\s`, l.Position)).MatchString(page) {
			n++
		}
	}
	return n
}
