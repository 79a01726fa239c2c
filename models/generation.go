package models

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"sync"

	"quartermaster/models/list"
)

// generations tell apart what an SQLite database has held: each is another after
// every change, by whatever process. SQLite says so to a connection that never
// writes, for a fraction of what reading the least row costs.
type generations struct {
	mu      sync.Mutex
	conn    *sql.Conn
	ask     *sql.Stmt // on conn
	version int64     // of what the connection saw last
	n       int64
}

// asked is what a request knows of the generation, "" before it has asked and
// after it has written; generations.mu guards it.
type asked struct{ generation string }

type askedKey struct{}

// AskOnce is a context for what is read to answer one request: all of it is of
// what the database held when the first was read, or of later. It is for no
// longer than a reader waits for a page.
func AskOnce(ctx context.Context) context.Context {
	return context.WithValue(ctx, askedKey{}, new(asked))
}

// forget lets a request that has written ask again.
func (g *generations) forget(ctx context.Context) {
	if once, ok := ctx.Value(askedKey{}).(*asked); ok {
		g.mu.Lock()
		defer g.mu.Unlock()
		once.generation = ""
	}
}

// generation is what the database holds now, by a name: what a request that has
// asked for it reads afterwards is of this generation or of a later one. It is ""
// on PostgreSQL, which is as far away as the rows, and inside a transaction.
func (db *DB) generation(ctx context.Context) (string, error) {
	if db.file == nil || db.inTx {
		return "", nil
	}
	g := db.generations
	g.mu.Lock()
	defer g.mu.Unlock()
	once, ok := ctx.Value(askedKey{}).(*asked)
	if !ok {
		once = new(asked)
	}
	if once.generation != "" {
		return once.generation, nil
	}
	ctx = context.WithoutCancel(ctx) // it is over before anybody could want to end it
	if g.conn == nil {
		pool, err := db.gorm.DB()
		if err != nil {
			return "", err
		}
		if g.conn, err = pool.Conn(ctx); err != nil {
			return "", translate(err)
		}
		if g.ask, err = g.conn.PrepareContext(ctx, "PRAGMA data_version"); err != nil {
			return "", translate(errors.Join(err, g.drop()))
		}
	}
	var version int64
	if err := g.ask.QueryRowContext(ctx).Scan(&version); err != nil {
		return "", translate(errors.Join(err, g.drop()))
	}
	if g.n == 0 || version != g.version {
		g.version = version
		g.n++
	}
	once.generation = strconv.FormatInt(g.n, 10)
	return once.generation, nil
}

func (g *generations) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.drop()
}

// drop gives the connection back, if there is one.
func (g *generations) drop() (err error) {
	if g.ask != nil {
		err = g.ask.Close()
	}
	if g.conn != nil {
		err = errors.Join(err, g.conn.Close())
	}
	g.conn, g.ask = nil, nil
	return err
}

// mostTexts bounds the bytes of answers, longTexts those of one.
const (
	mostTexts = 1 << 20
	longTexts = 64 << 10
)

// answers are what the database answered for lists, for as long as it holds the
// same.
type answers struct {
	mu         sync.Mutex
	generation string
	texts      map[string]string
	bytes      int
}

// answersOf are the answers of a generation; a list.Memory.
type answersOf struct {
	*answers
	generation string
}

// memory has what the present generation has answered, nil where nothing is kept.
func (db *DB) memory(ctx context.Context) (list.Memory, error) {
	generation, err := db.generation(ctx)
	if err != nil || generation == "" {
		return nil, err
	}
	return answersOf{db.answers, generation}, nil
}

// At implements list.Memory.
func (a answersOf) At(asked string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	text, ok := a.texts[asked]
	return text, ok && a.answers.generation == a.generation
}

// Keep implements list.Memory.
func (a answersOf) Keep(asked, text string) {
	if len(text) > longTexts {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answers.generation != a.generation || a.bytes > mostTexts {
		a.answers.generation, a.texts, a.bytes = a.generation, map[string]string{}, 0
	}
	a.texts[asked] = text
	a.bytes += len(asked) + len(text)
}
