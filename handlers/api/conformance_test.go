package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/views"
)

var update = flag.Bool("update", false, "rewrite what a whole run of the tests makes: conformance.json")

// The matrix of a run: what its tests have tried, with which client, and what
// was really asked and answered meanwhile.
var (
	matrix sync.Mutex
	tried  = map[string][]string{} // clients by operation and what
	seen   = map[string]bool{}
)

func cell(operation, what string) string { return operation + "\n" + what }

// covers notes, when the test has passed, that it tried something of an
// operation with a client: what is "ok", "field <name>" or "error <code>". What
// all operations of a product have in common may name the product instead.
func covers(t testing.TB, operation, what, client string) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			return
		}
		matrix.Lock()
		defer matrix.Unlock()
		key := cell(operation, what)
		if !slices.Contains(tried[key], client) {
			tried[key] = append(tried[key], client)
		}
	})
}

// sees notes what was asked of an operation, or what it answered.
func sees(operation, what string) {
	matrix.Lock()
	defer matrix.Unlock()
	seen[cell(operation, what)] = true
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if code == 0 && whole() {
		if err := compareConformance(); err != nil {
			fmt.Println(err)
			code = 1
		}
	}
	os.Exit(code)
}

// whole tells whether all tests were asked for: what a part of them has tried
// says nothing.
func whole() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz", "test.bench"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
}

// compareConformance holds conformance.json against this run.
func compareConformance() error {
	got, err := conformance()
	if err != nil {
		return err
	}
	const file = "conformance.json"
	if *update {
		return os.WriteFile(file, got, 0o644)
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		return fmt.Errorf("%s differs from what the tests tried (%v): run go test ./handlers/api -update and look at the difference", file, err)
	}
	return nil
}

// conformance is the matrix of this run, a row in a line.
func conformance() ([]byte, error) {
	matrix.Lock()
	defer matrix.Unlock()
	doc, err := load()
	if err != nil {
		return nil, err
	}
	rows := conformanceRows(doc)
	at := map[string]int{}
	product := map[string]string{}
	for i, r := range rows {
		if r.Operation == "" {
			at[cell(r.Product, r.What)] = i
			continue
		}
		at[cell(r.Operation, r.What)] = i
		product[r.Operation] = r.Product
	}
	var wrong []string
	for key, clients := range tried {
		operation, what, _ := strings.Cut(key, "\n")
		i, found := at[key]
		if !found { // what all operations of the product have in common
			i, found = at[cell(product[operation], what)]
		}
		switch {
		case !found:
			wrong = append(wrong, fmt.Sprintf("%s: a test covers %q, which the description does not have", operation, what))
		case !seen[key]:
			wrong = append(wrong, fmt.Sprintf("%s: a test covers %q, which no request or answer had", operation, what))
		default:
			for _, c := range clients {
				if !slices.Contains(rows[i].Clients, c) {
					rows[i].Clients = append(rows[i].Clients, c)
				}
			}
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return nil, fmt.Errorf("conformance:\n%s", strings.Join(wrong, "\n"))
	}
	out := bytes.NewBufferString("[\n")
	for i, r := range rows {
		slices.Sort(r.Clients)
		line, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		out.Write(line)
		if i < len(rows)-1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("]\n")
	return out.Bytes(), nil
}

// conformanceRows is everything that the description says of the operations, in
// the order of the documents, nothing of it tried.
func conformanceRows(doc *openapi3.T) []views.ConformanceRow {
	var rows []views.ConformanceRow
	operations := described(doc)
	done := map[models.APIProduct]bool{}
	for _, o := range api.Documented() {
		op := operations[o.Name]
		row := func(operation, kind string, names []string) {
			for _, name := range names {
				rows = append(rows, views.ConformanceRow{Product: string(o.Product.ID), Operation: operation, What: strings.TrimSpace(kind + " " + name)})
			}
		}
		if !done[o.Product.ID] {
			done[o.Product.ID] = true
			row("", "field", op.commonFields())
			row("", "error", codes(op.common))
		}
		row(o.Name, "ok", []string{""})
		row(o.Name, "field", op.fields())
		row(o.Name, "error", codes(op.own))
	}
	return rows
}
