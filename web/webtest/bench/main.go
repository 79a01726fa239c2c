// Command bench measures a desk beside the least program that does the same on
// the same database, on the same machine in the same run, with few rows and
// with many, and prints a table. It asserts nothing: a time depends on the
// machine, a ratio much less.
//
//	npm run bench                      everything, with a thousand and a million orders
//	npm run bench -- list create       these parts alone
//	npm run bench -- -rows 100000      with fewer orders
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one run.
type bench struct {
	few, many int
	rounds    int
	length    time.Duration // of one round
	soak      time.Duration
	postgres  string // its address, in the part that measures it

	keep    string // where filled desks are
	work    string // what is thrown away
	quick   string // a folder in memory, or work
	program string
	bare    string
	running []*server
	rows    []row
}

// row is a line of the table.
type row struct{ what, limit, desk, ratio string }

// part is something that is measured.
type part struct {
	name string
	does string
	run  func(b *bench) error
}

var parts = []part{
	{"list", "a list, a filter, a page near the end, a search and the dashboard, with few and with many rows", lists},
	{"create", "orders by form, and what one costs the processor, where a sync costs nothing or 0.1 ms", creates},
	{"slow", "the same where a sync takes 2 ms", slowCreates},
	{"start", "the first answer, and memory of a desk that nobody uses", starts},
	{"wire", "what a browser loads", wire},
	{"api", "signed calls beside the same order without them", signed},
	{"apilist", "what lists by API take, with few and with many rows", signedLists},
	{"objects", "files put and got by the OSS API, beside a program that writes and syncs them", objects},
	{"export", "exports of everything, and the memory that they take", exports},
	{"soak", "a mix of everything for a while: memory, files and goroutines", soaks},
	{"postgres", "lists and creates on PostgreSQL", onPostgres},
}

func main() {
	b := &bench{}
	flag.IntVar(&b.few, "few", 1_000, "orders of the small desk")
	flag.IntVar(&b.many, "rows", 1_000_000, "orders of the large desk")
	flag.IntVar(&b.rounds, "rounds", 3, "how often each program is measured, in turn")
	flag.DurationVar(&b.length, "round", 3*time.Second, "how long a round is")
	flag.DurationVar(&b.soak, "soak", 10*time.Minute, "how long the mix is")
	flag.StringVar(&b.keep, "dir", "", "where filled desks are kept for the next run; empty: nowhere")
	flag.StringVar(&b.postgres, "postgres", "", "measure on the PostgreSQL at this address, in databases that are made there")
	place := flag.Int("place", 0, "place so many orders, for the part api")
	flag.Usage = usage
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := error(nil)
	if *place > 0 {
		err = placeDirectly(ctx, *place, flag.Arg(0), person{flag.Arg(1), flag.Arg(2)})
	} else {
		err = b.run(ctx, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprint(os.Stderr, "npm run bench -- [flags] [parts]\n\n")
	for _, p := range parts {
		fmt.Fprintf(os.Stderr, "  %-9s %s\n", p.name, p.does)
	}
	fmt.Fprintln(os.Stderr)
	flag.PrintDefaults()
}

func (b *bench) run(ctx context.Context, names []string) error {
	for _, n := range names {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == n }) {
			return fmt.Errorf("there is no part %q; -help lists them", n)
		}
	}
	if err := b.prepare(); err != nil {
		return err
	}
	defer b.clean()
	defer context.AfterFunc(ctx, func() { b.clean(); os.Exit(130) })()
	pinSelf()
	err := error(nil)
	for _, p := range parts {
		if len(names) == 0 && b.postgres == "" || slices.Contains(names, p.name) {
			b.say("%s: %s", p.name, p.does)
			if failed := p.run(b); failed != nil {
				b.say("%s: %v", p.name, failed)
				err = errors.Join(err, fmt.Errorf("%s: %w", p.name, failed))
			}
			b.stop()
		}
	}
	b.print()
	return err
}

// prepare builds the programs and makes the folders.
func (b *bench) prepare() (err error) {
	if b.work, err = os.MkdirTemp("", "quartermaster-bench-"); err != nil {
		return err
	}
	b.quick = b.work
	if folder, err := os.MkdirTemp("/dev/shm", "quartermaster-bench-"); err == nil {
		b.quick = folder
	}
	if b.keep == "" {
		b.keep = b.work
	} else if b.keep, err = filepath.Abs(b.keep); err != nil {
		return err
	}
	if err := os.MkdirAll(b.keep, 0o700); err != nil {
		return err
	}
	b.program, b.bare = filepath.Join(b.work, "quartermaster"), filepath.Join(b.work, "limit")
	for into, what := range map[string]string{b.program: "./cmd/quartermaster", b.bare: "./web/webtest/bench/limit"} {
		b.say("building %s", what)
		build := exec.Command("go", "build", "-tags", "nomsgpack", "-o", into, what) // #nosec G204 -- the two programs that prepare names
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build %s: %w", what, err)
		}
	}
	return nil
}

// stop ends what runs.
func (b *bench) stop() {
	for _, s := range b.running {
		s.stop()
	}
	b.running = nil
}

func (b *bench) clean() {
	b.stop()
	_ = os.RemoveAll(b.work)
	_ = os.RemoveAll(b.quick)
}

// say tells how far the run is.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "· "+format+"\n", args...)
}

// note adds a line to the table.
func (b *bench) note(what, limit, desk, ratio string) {
	b.rows = append(b.rows, row{what, limit, desk, ratio})
	b.say("  %s | %s | %s | %s", what, limit, desk, ratio)
}

func (b *bench) print() {
	fmt.Printf("%s, %d processors; %s; server on one, load on the others\n\n", processorName(), runtime.NumCPU(), now().Format(time.DateOnly))
	fmt.Println("| | limit | desk | ratio |\n| --- | --- | --- | --- |")
	for _, r := range b.rows {
		fmt.Printf("| %s | %s | %s | %s |\n", r.what, r.limit, r.desk, r.ratio)
	}
}

func processorName() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
