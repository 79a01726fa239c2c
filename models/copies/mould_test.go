package copies

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"quartermaster/models/pricing"
)

func TestACopyHasNumbersNamesIDsAndTimesOfItsOwn(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	before, never := began.AddDate(-1, 0, 0), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	const order, thing, plan = int64(202601310000001), "0190c0f0aaaaaaaabbbbbbbb", "OSSBAG-cn-abcdefghijk"
	orders := &Table{"orders", []string{"number", "note", "total_minor", "created_at", "valid_from"}}
	plans := &Table{"plans", []string{"id", "order_number", "effective_at", "ends_at", "settled_until"}}
	things := &Table{"things", []string{"id", "name", "order_number", "detail", "tag"}}
	m, err := New([]Row{
		{orders, []any{order, "no mark here", order, began, before}},
		{plans, []any{plan, order, began, pricing.End(began, 1), never}},
		{things, []any{thing, "logs-zq00001", order, `{"thing":"` + thing + `","order":202601310000001,"at":"2026-01-31T08:00:00Z"}`, nil}},
	}, "zq00001", began)
	if err != nil {
		t.Fatal(err)
	}
	var b Batch
	ids := m.Copy(rand.NewChaCha8([32]byte{}), 28*24*time.Hour, 202602280000007, "000000a", &b)
	if len(ids) != 2 || ids[0] == plan || !strings.HasPrefix(ids[0], "OSSBAG-cn-") || len(ids[0]) != len(plan) || ids[1] == thing || len(ids[1]) != len(thing) {
		t.Errorf("got ids %q, want others like %q", ids, m.IDs())
	}
	later := began.AddDate(0, 0, 28)
	for table, want := range map[*Table][]any{
		// An amount that happens to be like a number stays.
		orders: {int64(202602280000007), "no mark here", order, later, before},
		// A month from 28 February ends otherwise than one from 31 January, moved.
		plans: {ids[0], int64(202602280000007), later, pricing.End(later, 1), never},
		things: {ids[1], "logs-000000a", int64(202602280000007),
			`{"thing":"` + ids[1] + `","order":202602280000007,"at":"2026-02-28T08:00:00Z"}`, nil},
	} {
		for i, got := range b.rows[table][0] {
			if got != want[i] {
				t.Errorf("%s.%s: got %v, want %v", table.Name, table.Columns[i], got, want[i])
			}
		}
	}
	for name, rows := range map[string][]Row{
		"an id of a shape that nobody knows": {{things, []any{"7", "", order, "", nil}}},
		"orders with others between them":    {{orders, []any{order, "", order, began, before}}, {orders, []any{order + 2, "", order, began, before}}},
	} {
		if _, err := New(rows, "zq00001", began); err == nil {
			t.Errorf("%s: got a mould, want an error", name)
		}
	}
}
