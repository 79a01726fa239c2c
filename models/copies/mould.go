// Package copies makes many copies of rows that belong together, with names,
// numbers, ids and times of their own. It knows no table: what a column holds
// tells it what to do.
package copies

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/pricing"
)

// Table is a table and its columns, in the order of the values of its rows.
type Table struct {
	Name    string
	Columns []string
}

// column is the place of a column, or -1.
func (t *Table) column(name string) int { return slices.Index(t.Columns, name) }

// Row is a row of a table as the driver reads and writes it.
type Row struct {
	Of     *Table
	Values []any
}

// Text is a value of the row as text: "" for null and where there is no such
// column.
func (r Row) Text(column string) string {
	i := r.Of.column(column)
	if i < 0 || r.Values[i] == nil {
		return ""
	}
	return fmt.Sprint(r.Values[i])
}

// Mould is a set of rows that belong together, ready to be cast again and
// again.
type Mould struct {
	rows []row
	from []string // ids of the rows
	ids  []like   // what makes others like them
	// Began is when the first was written.
	Began time.Time
	// Orders are how many orders it has, whose numbers follow each other.
	Orders int
}

type row struct {
	of     *Table
	values []part
}

// cast is one copy while it is made.
type cast struct {
	by     time.Duration // how much later than the mould
	ids    []string
	number int64 // of the first order
	mark   string
}

// part is a value as each copy has it.
type part interface{ value(c *cast) any }

// same is a value that every copy has.
type same struct{ any }

func (s same) value(*cast) any { return s.any }

// moment is a time that moves with the copy.
type moment struct{ time.Time }

func (m moment) value(c *cast) any { return m.Add(c.by) }

// end is the end of a term of calendar months.
type end struct {
	start  time.Time
	months int
}

func (e end) value(c *cast) any { return pricing.End(e.start.Add(c.by), e.months) }

// number is the number of the mould's order of that place.
type number int64

func (n number) value(c *cast) any { return c.number + int64(n) }

type id int

func (i id) value(c *cast) any { return c.ids[i] }

type mark struct{}

func (mark) value(c *cast) any { return c.mark }

// written is a part as text.
type written struct {
	part
	layout string // of a time
}

// text is several parts one after the other.
type text []written

func (t text) value(c *cast) any {
	var b strings.Builder
	for _, w := range t {
		switch v := w.value(c).(type) {
		case string:
			b.WriteString(v)
		case int64:
			b.WriteString(strconv.FormatInt(v, 10))
		case time.Time:
			b.WriteString(v.Format(w.layout))
		}
	}
	return b.String()
}

// like makes ids of the same shape as another.
type like struct {
	prefix  string
	seconds uint32 // since 1970, in front of 8 random bytes
	millis  int64  // since 1970, in front of a count and 8 random bytes
	count   []byte
	letters int
	uuid    bool
}

var (
	uuidShape   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	agedShape   = regexp.MustCompile(`^((?:[a-z]+-)?)([0-9a-f]{24})$`)
	rowShape    = regexp.MustCompile(`^[0-9a-f]{32}$`)
	suffixShape = regexp.MustCompile(`^(.+-)[a-z2-9]{11}$`)
)

func likeOf(s string) (like, error) {
	if uuidShape.MatchString(s) {
		return like{uuid: true}, nil
	}
	if m := agedShape.FindStringSubmatch(s); m != nil {
		b, _ := hex.DecodeString(m[2])
		return like{prefix: m[1], seconds: binary.BigEndian.Uint32(b)}, nil
	}
	if rowShape.MatchString(s) {
		b, _ := hex.DecodeString(s)
		return like{millis: int64(binary.BigEndian.Uint64(append([]byte{0, 0}, b[:6]...))), count: b[6:8]}, nil // #nosec G115 -- six bytes
	}
	if m := suffixShape.FindStringSubmatch(s); m != nil {
		return like{prefix: m[1], letters: 11}, nil
	}
	return like{}, fmt.Errorf("an id of an unknown shape: %q", s)
}

func (l like) next(r *rand.ChaCha8, by time.Duration) string {
	var b []byte
	switch {
	case l.uuid:
		b = random(r, nil, 16)
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	case l.letters > 0:
		const alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
		b = random(r, nil, l.letters)
		for i := range b {
			b[i] = alphabet[b[i]%32]
		}
		return l.prefix + string(b)
	case l.seconds > 0:
		b = binary.BigEndian.AppendUint32(nil, l.seconds+uint32(by/time.Second)) // #nosec G115 -- as in the id that it is like
		return l.prefix + hex.EncodeToString(random(r, b, 8))
	}
	b = binary.BigEndian.AppendUint64(nil, uint64(l.millis+by.Milliseconds()))[2:] // #nosec G115 -- no clock is before 1970
	return hex.EncodeToString(random(r, append(b, l.count...), 8))
}

func random(r *rand.ChaCha8, b []byte, n int) []byte {
	b = append(b, make([]byte, n)...)
	_, _ = r.Read(b[len(b)-n:]) // it never fails
	return b
}

// numberColumns hold order numbers.
var numberColumns = []string{"number", "order_number", "related_number"}

// New is the mould of rows that were written from began on. marked is the text
// by which their names differ from those of others; own are values that each
// copy has others of although no row has them as its id.
func New(rows []Row, marked string, began time.Time, own ...string) (*Mould, error) {
	m := &Mould{Began: began}
	p := &press{mould: m, mark: marked, ids: map[string]int{}, numbers: map[string]int{}, ends: map[time.Time]end{}}
	for _, r := range rows {
		if s := r.Text("id"); s != "" {
			own = append(own, s)
		}
		if s := r.Text("number"); s != "" {
			p.numbers[s] = 0
		}
		p.term(r)
	}
	for _, s := range own {
		if _, known := p.ids[s]; known || s == "" {
			continue
		}
		l, err := likeOf(s)
		if err != nil {
			return nil, err
		}
		p.ids[s] = len(m.ids)
		m.from, m.ids = append(m.from, s), append(m.ids, l)
	}
	if err := p.number(); err != nil {
		return nil, err
	}
	p.find()
	for _, r := range rows {
		made := row{of: r.Of}
		for i, v := range r.Values {
			made.values = append(made.values, p.part(r.Of.Columns[i], v))
		}
		m.rows = append(m.rows, made)
	}
	return m, nil
}

// press makes parts of values.
type press struct {
	mould   *Mould
	mark    string
	ids     map[string]int
	numbers map[string]int // the place of an order by its number
	ends    map[time.Time]end
	varies  *regexp.Regexp
}

// term notes the end of a term of calendar months that the row has.
func (p *press) term(r Row) {
	for _, name := range []string{"starts_at", "effective_at"} {
		from, to := r.Of.column(name), r.Of.column("ends_at")
		if from < 0 || to < 0 {
			continue
		}
		start, began := r.Values[from].(time.Time)
		ends, ending := r.Values[to].(time.Time)
		if !began || !ending {
			continue
		}
		for months := 1; months <= 60; months++ {
			if pricing.End(start, months).Equal(ends) {
				p.ends[ends.UTC()] = end{start.UTC(), months}
			}
		}
	}
}

// number gives the orders their places, in the order of their numbers, which
// have to follow each other.
func (p *press) number() error {
	all := make([]string, 0, len(p.numbers))
	for s := range p.numbers {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	for i, s := range all {
		first, _ := strconv.ParseInt(all[0], 10, 64)
		if n, err := strconv.ParseInt(s, 10, 64); err != nil || n != first+int64(i) {
			return errors.New("orders that do not follow each other: " + strings.Join(all, ", "))
		}
		p.numbers[s] = i
	}
	p.mould.Orders = len(all)
	return nil
}

const timeShape = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`

// find prepares what is looked for in texts.
func (p *press) find() {
	var all []string
	for s := range p.ids {
		all = append(all, regexp.QuoteMeta(s))
	}
	for s := range p.numbers {
		all = append(all, s)
	}
	if p.mark != "" {
		all = append(all, regexp.QuoteMeta(p.mark))
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	p.varies = regexp.MustCompile(strings.Join(append(all, timeShape), "|"))
}

func (p *press) part(column string, v any) part {
	switch v := v.(type) {
	case time.Time:
		return p.moment(v.UTC())
	case int64:
		if place, known := p.numbers[strconv.FormatInt(v, 10)]; known && slices.Contains(numberColumns, column) {
			return number(place)
		}
	case string:
		return p.text(v)
	}
	return same{v}
}

// moment leaves a time from before as it is, since when a price has been valid,
// and one that never comes.
func (p *press) moment(t time.Time) part {
	switch e, known := p.ends[t]; {
	case known:
		return e
	case t.Before(p.mould.Began), t.After(p.mould.Began.AddDate(1000, 0, 0)):
		return same{t}
	}
	return moment{t}
}

func (p *press) text(s string) part {
	var all text
	at := 0
	for _, found := range p.varies.FindAllStringIndex(s, -1) {
		if found[0] > at {
			all = append(all, written{part: same{s[at:found[0]]}})
		}
		all = append(all, p.variable(s[found[0]:found[1]]))
		at = found[1]
	}
	if at == 0 {
		return same{s}
	}
	if at < len(s) {
		all = append(all, written{part: same{s[at:]}})
	}
	if _, one := all[0].part.(id); one && len(all) == 1 {
		return all[0].part
	}
	return all
}

func (p *press) variable(s string) written {
	if i, known := p.ids[s]; known {
		return written{part: id(i)}
	}
	if place, known := p.numbers[s]; known {
		return written{part: number(place)}
	}
	if s == p.mark {
		return written{part: mark{}}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return written{part: same{s}}
	}
	if when := p.moment(t.UTC()); when != part(same{t.UTC()}) {
		return written{part: when, layout: time.RFC3339Nano}
	}
	return written{part: same{s}}
}

// IDs are the ids of the mould's rows.
func (m *Mould) IDs() []string { return m.from }

// Copy adds a copy of the mould to a batch: so much later, with the number of
// its first order and the mark of its names. It returns the ids of the copy, in
// the order of IDs.
func (m *Mould) Copy(r *rand.ChaCha8, by time.Duration, first int64, marked string, b *Batch) []string {
	c := cast{by: by, number: first, mark: marked, ids: make([]string, len(m.ids))}
	for i, l := range m.ids {
		c.ids[i] = l.next(r, by)
	}
	for _, row := range m.rows {
		values := make([]any, len(row.values))
		for i, part := range row.values {
			values[i] = part.value(&c)
		}
		b.add(row.of, values)
	}
	return c.ids
}
