package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"quartermaster/models"
)

// turns measures what each gives, in turn, and returns for each the round of
// the middle.
func (b *bench) turns(each ...func() measured) ([]measured, error) {
	all := make([][]measured, len(each))
	for range b.rounds {
		for i, measure := range each {
			m := measure()
			if m.failed > 0 {
				return nil, fmt.Errorf("%d answers were wrong, the first %s", m.failed, m.first)
			}
			all[i] = append(all[i], m)
		}
	}
	middle := make([]measured, len(each))
	for i := range all {
		slices.SortFunc(all[i], func(a, b measured) int { return int(a.p50 - b.p50) })
		middle[i] = all[i][len(all[i])/2]
	}
	return middle, nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }

func times(a, b float64) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f ×", a/b)
}

// short is a number of rows in few letters.
func short(n int) string {
	switch {
	case n%1_000_000 == 0:
		return fmt.Sprintf("%d M", n/1_000_000)
	case n%1_000 == 0:
		return fmt.Sprintf("%d k", n/1_000)
	}
	return strconv.Itoa(n)
}

// listed is what one client asks the small desk for, and the large one; limit is
// what the bare program does in its place. A far page is the one at 90 %.
var listed = []struct {
	what, path, limit string
	far               bool
}{
	{what: "list of plans", path: "/plans", limit: "/list"},
	{what: "page at 90 %", path: "/plans", limit: "/list", far: true},
	{what: "filter: plans that are ACTIVE", path: "/plans?state=ACTIVE", limit: "/list?state=ACTIVE"},
	{what: "filter: plans that are EXPIRED", path: "/plans?state=EXPIRED", limit: "/list?state=EXPIRED"},
	{what: "filter: plans that are EXHAUSTED, one in a hundred", path: "/plans?state=EXHAUSTED", limit: "/list?state=ACTIVE"},
	{what: "filter: orders that are completed", path: "/orders?state=completed", limit: "/list?state=ACTIVE"},
	{what: "filter: buckets of a region", path: "/buckets?region=cn-beijing", limit: "/list?state=ACTIVE"},
	{what: "search without a hit, plans", path: "/plans?q=zzqqzz", limit: "/list?q=zzqqzz"},
	{what: "search without a hit, everything", path: "/search?q=zzqqzz", limit: "/list?q=zzqqzz"},
	{what: "activity", path: "/activity", limit: "/list"},
	{what: "dashboard", path: "/", limit: "/"},
}

// lists measures what people look at.
func lists(b *bench) error {
	var desks []*server
	for _, rows := range []int{b.few, b.many} {
		d, err := b.fill(rows)
		if err != nil {
			return err
		}
		s, err := b.serve(d)
		if err != nil {
			return err
		}
		desks = append(desks, s)
	}
	small, large := desks[0], desks[1]
	bare, err := b.limit(b.many, b.keep)
	if err != nil {
		return err
	}
	if err := b.crowd(bare, small, large); err != nil {
		return err
	}
	return b.alone(bare, small, large)
}

// crowd measures a list with 16 clients, of few rows and of many.
func (b *bench) crowd(bare, small, large *server) error {
	one := func(s *server, path string) func() measured {
		return func() measured { return load(s, 16, b.length, 200, get(s, path)) }
	}
	m, err := b.turns(one(bare, "/list"), one(small, "/plans"), one(large, "/plans"))
	if err != nil {
		return err
	}
	b.compare("list of 50 with total, requests a second, 16 clients: "+b.sizes(), m[:1], m[1:], perSecond)
	b.compare("the same, processor time of one", m[:1], m[1:], processor)
	b.compare("the same, bytes before compression", m[:1], m[1:], func(m measured) (float64, string) {
		return float64(m.bytes), fmt.Sprintf("%.1f kB", float64(m.bytes)/1000)
	})
	return nil
}

// compare notes what several measures gave, beside one or as many of the bare
// program.
func (b *bench) compare(what string, bare, desk []measured, of func(measured) (float64, string)) {
	var texts [3][]string
	for _, m := range bare {
		_, said := of(m)
		texts[0] = append(texts[0], said)
	}
	for i, m := range desk {
		n, said := of(m)
		beside, _ := of(bare[min(i, len(bare)-1)])
		texts[1], texts[2] = append(texts[1], said), append(texts[2], fmt.Sprintf("%.2f", n/beside))
	}
	b.note(what, strings.Join(texts[0], " / "), strings.Join(texts[1], " / "), strings.Join(texts[2], " / ")+" ×")
}

func perSecond(m measured) (float64, string) { return m.perSecond, fmt.Sprintf("%.0f", m.perSecond) }
func processor(m measured) (float64, string) { return float64(m.cpu), ms(m.cpu) }
func slowest(m measured) (float64, string)   { return float64(m.p99), ms(m.p99) }
func median(m measured) (float64, string)    { return float64(m.p50), ms(m.p50) }

// alone measures each list with one client, few rows beside many.
func (b *bench) alone(bare, small, large *server) error {
	for _, l := range listed {
		paths := map[*server]string{small: l.path, large: l.path, bare: l.limit}
		for _, s := range []*server{small, large} {
			if l.far {
				far, err := farPage(s, l.path)
				if err != nil {
					return err
				}
				paths[s] = far
			}
		}
		if l.far {
			paths[bare] = fmt.Sprintf("/list?after=%d", b.many/10)
		}
		one := func(s *server) func() measured {
			return func() measured { return load(s, 1, b.length, 200, get(s, paths[s])) }
		}
		m, err := b.turns(one(bare), one(small), one(large))
		if err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
		b.grown(l.what, ms(m[0].p50), m[1], m[2])
	}
	m, err := b.turns(
		func() measured { return load(bare, 1, b.length, 303, insert(bare)) },
		func() measured { return load(small, 1, b.length, 303, order(small)) },
		func() measured { return load(large, 1, b.length, 303, order(large)) })
	if err == nil {
		b.grown("an order, on the disk that there is", ms(m[0].p50), m[1], m[2])
	}
	return err
}

// grown notes what takes how long with few rows and with many.
func (b *bench) grown(what, bare string, few, many measured) {
	b.note(what+", p50: "+b.sizes(), bare, ms(few.p50)+" / "+ms(many.p50), times(float64(many.p50), float64(few.p50))+" of few")
}

// sizes are the numbers of orders of the two desks.
func (b *bench) sizes() string { return short(b.few) + " / " + short(b.many) }

var (
	nextPage = regexp.MustCompile(`<a[^>]*\brel="?next"?[^>]*>`)
	address  = regexp.MustCompile(`\bhref="([^"]+)"`)
)

// farPage turns pages until nine tenths of them are behind, and returns the
// address of that page.
func farPage(s *server, path string) (string, error) {
	c := client{at: s.at}
	defer c.lost(nil)
	var all []string
	for {
		r, err := c.do(get(s, path)(0, 0), true)
		if err != nil || r.status != 200 {
			return "", fmt.Errorf("%s: got %d, %v", path, r.status, err)
		}
		all = append(all, path)
		link := address.FindSubmatch(nextPage.Find(r.body))
		if link == nil {
			return all[(len(all)-1)*9/10], nil
		}
		path = strings.ReplaceAll(string(link[1]), "&amp;", "&")
	}
}

// serial makes names that nobody else has.
var serial atomic.Int64

// order is the form that orders a plan.
func order(s *server) request {
	return func(int, int) []byte {
		return post(s, "/plans", url.Values{"product_code": {"cdnbag"}, "package_type": {"FPT_cdnbag_deadlineAcc_NetworkOut_china_common"}, "specification": {"100"},
			"duration": {"6"}, "pricing_cycle": {"Month"}, "cost_centre": {"CC-2100"}, "note": {"bench"}, "token": {fmt.Sprintf("bench-%d-%d", now().UnixNano(), serial.Add(1))}}.Encode())
	}
}

func insert(s *server) request {
	return func(int, int) []byte { return post(s, "/create", "name=thing") }
}

// creates measures durable orders in memory, where a sync costs nothing, and where
// it takes 0.1 ms, as on the best disks.
func creates(b *bench) error {
	if err := b.create("a sync costs nothing"); err != nil || b.postgres != "" {
		return err
	}
	return b.slowly("a sync takes 0.1 ms", 100)
}

// slowCreates measures them where a sync takes 2 ms.
func slowCreates(b *bench) error {
	if b.postgres != "" {
		return errors.New("only SQLite syncs in the server")
	}
	return b.slowly("a sync takes 2 ms", 2000)
}

// slowly measures creates where each sync takes so many microseconds more.
func (b *bench) slowly(where string, micros int) error {
	shim, err := b.shim()
	if err != nil {
		return err
	}
	return b.create(where, "LD_PRELOAD="+shim, fmt.Sprintf("BENCH_SYNC_MICROSECONDS=%d", micros))
}

//go:embed slow/sync.c
var syncC []byte

// shim builds what makes syncs slow.
func (b *bench) shim() (string, error) {
	source, shim := filepath.Join(b.work, "sync.c"), filepath.Join(b.work, "sync.so")
	if err := os.WriteFile(source, syncC, 0o600); err != nil {
		return "", err
	}
	out, err := exec.Command("gcc", "-O2", "-shared", "-fPIC", "-o", shim, source, "-ldl").CombinedOutput() // #nosec G204 -- gcc, with files of our own folder
	if err != nil {
		return "", fmt.Errorf("build sync.c: %w: %s", err, out)
	}
	return shim, nil
}

func (b *bench) create(where string, env ...string) error {
	d, err := b.fill(b.few)
	if err != nil {
		return err
	}
	if d.folder, err = b.copied(d.folder); err != nil {
		return err
	}
	s, err := b.serve(d, env...)
	if err != nil {
		return err
	}
	bare, err := b.limit(b.few, b.quick, env...)
	if err != nil {
		return err
	}
	var bares, desks []measured
	for _, clients := range []int{1, 16, 64} {
		m, err := b.turns(
			func() measured { return load(bare, clients, b.length, 303, insert(bare)) },
			func() measured { return load(s, clients, b.length, 303, order(s)) })
		if err != nil {
			return err
		}
		bares, desks = append(bares, m[0]), append(desks, m[1])
	}
	b.compare("durable orders a second, 1 / 16 / 64 clients, "+where, bares, desks, perSecond)
	b.compare("the same, processor time of one", bares, desks, processor)
	b.compare("the same, p99", bares, desks, slowest)
	if err := b.disturbed(s, where); err != nil {
		return err
	}
	b.stop()
	return nil
}

// disturbed measures a list while two people order without a pause.
func (b *bench) disturbed(s *server, where string) error {
	list := func() measured { return load(s, 4, b.length, 200, get(s, "/plans")) }
	m, err := b.turns(list, func() measured {
		var both sync.WaitGroup
		var writes measured
		both.Go(func() { writes = load(s, 2, b.length, 303, order(s)) })
		m := list()
		both.Wait()
		m.failed, m.first = m.failed+writes.failed, m.first+writes.first
		return m
	})
	if err == nil {
		b.note("p99 of a list, 4 clients: alone / beside 2 who order without a pause, "+where, "–", ms(m[0].p99)+" / "+ms(m[1].p99), times(float64(m[1].p99), float64(m[0].p99))+" of alone")
	}
	return err
}

// copied is a copy of a folder that may be changed, in memory where that can be
// had.
func (b *bench) copied(folder string) (string, error) {
	if b.postgres != "" {
		return folder, nil
	}
	to, err := os.MkdirTemp(b.quick, "desk-")
	if err != nil {
		return "", err
	}
	to = filepath.Join(to, "data")
	return to, os.CopyFS(to, os.DirFS(folder))
}

// starts measures how long a start takes, and the memory of a desk that idles.
func starts(b *bench) error {
	for _, rows := range []int{b.few, b.many} {
		d, err := b.fill(rows)
		if err != nil {
			return err
		}
		var first []time.Duration
		var bareFirst []time.Duration
		for range b.rounds {
			bare, err := b.limit(rows, b.keep)
			if err != nil {
				return err
			}
			bareFirst = append(bareFirst, bare.started)
			s, err := b.start("/sign-in", d.env(), b.program, "serve")
			if err != nil {
				return err
			}
			first = append(first, s.started)
			b.stop()
		}
		slices.Sort(first)
		slices.Sort(bareFirst)
		b.note("start to first answer, "+short(rows)+" orders", ms(bareFirst[len(first)/2]), ms(first[len(first)/2]), times(float64(first[len(first)/2]), float64(bareFirst[len(first)/2])))
		bare, err := b.limit(rows, b.keep)
		if err != nil {
			return err
		}
		s, err := b.start("/sign-in", d.env(), b.program, "serve")
		if err != nil {
			return err
		}
		time.Sleep(10 * time.Second) // what a start has to do is over then
		b.note("memory of an idle one, resident (anonymous), "+short(rows)+" orders", memory(bare), memory(s), times(float64(s.status("VmRSS")), float64(bare.status("VmRSS"))))
		b.stop()
	}
	return nil
}

func memory(s *server) string {
	return fmt.Sprintf("%d (%d) MiB", s.status("VmRSS")>>10, s.status("RssAnon")>>10)
}

// wire measures what a browser loads of a list, at first and then.
func wire(b *bench) error {
	d, err := b.fill(b.few)
	if err != nil {
		return err
	}
	s, err := b.serve(d)
	if err != nil {
		return err
	}
	script := exec.Command("node", "web/webtest/bench/wire.mjs", "http://"+s.at, s.cookie) // #nosec G204 -- the bench's own script and server
	script.Stderr = os.Stderr
	out, err := script.Output()
	if err != nil {
		return err
	}
	var views []struct {
		What     string
		Bytes    int
		Requests int
	}
	if err := json.Unmarshal(out, &views); err != nil {
		return err
	}
	for _, v := range views {
		b.note(v.What+", on the wire", "–", fmt.Sprintf("%.1f kB, %d requests", float64(v.Bytes)/1000, v.Requests), "")
	}
	return nil
}

// placeDirectly places orders without a server, and says what one takes.
func placeDirectly(ctx context.Context, n int, folder string, who person) error {
	db, err := models.Open(ctx, models.Options{Folder: folder, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	by, err := desk{folder: folder, admin: who}.actor(ctx, db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	by.Face = models.ByAPI
	before := ownTime()
	for range n {
		_, err := db.PlaceOrder(ctx, by, models.OrderInput{Lines: []models.LineInput{&models.PlanInput{
			ProductCode: "cdnbag", PackageType: "FPT_cdnbag_deadlineAcc_NetworkOut_china_common", Specification: "100", Duration: "6", PricingCycle: "Month"}}})
		if err != nil {
			return errors.Join(err, db.Close())
		}
	}
	fmt.Println(int64(ownTime()-before) / int64(n))
	return db.Close()
}

func ownTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// exports measures what is downloaded of everything.
func exports(b *bench) error {
	d, err := b.fill(b.many)
	if err != nil {
		return err
	}
	s, err := b.serve(d)
	if err != nil {
		return err
	}
	for _, path := range []string{"/activity.csv", "/orders.csv", "/plans.csv", "/buckets.csv", "/activity.xlsx", "/orders.xlsx"} {
		c := client{at: s.at}
		s.forgetPeak()
		had, began, cpu := s.status("VmRSS"), now(), s.cpu()
		r, err := c.do(get(s, path)(0, 0), false)
		if err == nil && r.status != 200 {
			b.say("  %s: there is none", path)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		took := now().Sub(began)
		b.note("export "+path+", "+short(b.many)+" orders", "–", fmt.Sprintf("%.1f s, %.1f s of the processor, %d MB, %+d MiB at most", took.Seconds(), (s.cpu()-cpu).Seconds(), r.bytes/1e6, (s.status("VmHWM")-had)>>10), "")
		_ = c.lost(nil)
	}
	return nil
}

// soaks lets people do everything for a while, and looks whether anything
// grows.
func soaks(b *bench) error {
	d, err := b.fill(b.many)
	if err != nil {
		return err
	}
	idle, err := b.serve(d)
	if err != nil {
		return err
	}
	time.Sleep(5 * time.Second)
	idling := idle.goroutines()
	s, err := b.serve(d)
	if err != nil {
		return err
	}
	paths := []string{"/", "/plans", "/plans?state=ACTIVE", "/orders", "/buckets?q=logs", "/search?q=backup", "/activity", "/plans/new", "/apps", "/stores"}
	type sample struct {
		resident, anonymous int64
		handles             int
	}
	var samples []sample
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-time.After(b.soak / 60):
				samples = append(samples, sample{s.status("VmRSS"), s.status("RssAnon"), s.handles()})
			case <-stop:
				close(stop)
				return
			}
		}
	}()
	place := order(s)
	looks := make([]request, len(paths))
	for i, p := range paths {
		looks[i] = get(s, p)
	}
	m := mix(s, 8, b.soak, func(client, n int) ([]byte, int) {
		if client < 2 {
			return place(client, n), 303
		}
		return looks[(client+n)%len(looks)](client, n), 200
	})
	stop <- struct{}{}
	<-stop
	if m.failed > 0 {
		return fmt.Errorf("%d answers were wrong, the first %s", m.failed, m.first)
	}
	if len(samples) < 6 {
		return errors.New("too short")
	}
	third := len(samples) / 3
	span := func(of func(sample) int64) string {
		var all [2][]int64
		for i, some := range [][]sample{samples[:third], samples[len(samples)-third:]} {
			for _, x := range some {
				all[i] = append(all[i], of(x))
			}
		}
		return fmt.Sprintf("%d–%d, %d–%d", slices.Min(all[0]), slices.Max(all[0]), slices.Min(all[1]), slices.Max(all[1]))
	}
	b.note(fmt.Sprintf("%s of everything, 8 clients, %s orders: requests", b.soak, short(b.many)), "–", fmt.Sprintf("%.0f a second, p99 %s", m.perSecond, ms(m.p99)), "")
	b.note("the same: resident MiB in the first third, in the last", "–", span(func(x sample) int64 { return x.resident >> 10 }), "")
	b.note("the same: anonymous MiB", "–", span(func(x sample) int64 { return x.anonymous >> 10 }), "")
	b.note("the same: open files and connections", "–", span(func(x sample) int64 { return int64(x.handles) }), "")
	time.Sleep(10 * time.Second) // connections that nobody uses are closed
	b.note("the same: goroutines before, and after it", "–", fmt.Sprintf("%d, %d", idling, s.goroutines()), "")
	return nil
}

// mostOnPostgres is how many orders a PostgreSQL gets, which is thrown away.
const mostOnPostgres = 100_000

// onPostgres runs parts anew with a PostgreSQL that is thrown away.
func onPostgres(b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	rows := min(b.many, mostOnPostgres)
	command := exec.Command(".ci/postgres", "bash", "-c", `exec "$0" -postgres "$QUARTERMASTER_TEST_POSTGRES" "$@"`, self, // #nosec G204 -- the bench itself
		"-few", strconv.Itoa(min(b.few, rows)), "-rows", strconv.Itoa(rows), "-rounds", strconv.Itoa(b.rounds), "-round", b.length.String(), "list", "create")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return err
	}
	for line := range bytes.Lines(out) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(string(line)), "|"), " | ")
		if len(cells) == 4 && strings.TrimSpace(cells[1]) != "limit" && !strings.HasPrefix(strings.TrimSpace(cells[0]), "---") {
			b.note("PostgreSQL: "+strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3]))
		}
	}
	return nil
}
